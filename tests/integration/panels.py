"""A real Prometheus with the committed rules, and what the queries of dashboards return there.

Scraped every other second instead of each half minute, so that nobody has to wait.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import yaml

from tests.blackbox.machine_room import Program, Room, free_port, get, until
from tests.dashboards import VALUES, dashboards, filled, panels
from tests.machine import ROOT, tool

JOB: Final = "btc-health"
# Points of a line on a wide screen; Grafana asks for no more, and not finer than the scrapes.
POINTS, SCRAPES = 600, 30
_UNITS: Final = {"h": 3600, "d": 86_400, "y": 31_557_600}


@dataclass(frozen=True, slots=True)
class Series:
    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


class Server:
    """Targets are files in `targets`, read anew when they change. `told`: an Alertmanager."""

    def __init__(self, room: Room, data: Path | None = None, told: Program | None = None) -> None:
        home = room.folder / "prometheus"
        for name in ("rules", "alerts", "targets"):
            (home / name).mkdir(parents=True)
        for name in ("rules", "alerts"):
            for file in (ROOT / "prometheus" / name).glob("*.yml"):
                (home / name / file.name).symlink_to(file)
        self.targets = home / "targets"
        port = free_port()
        (home / "prometheus.yml").write_text(yaml.safe_dump(_configuration(port, told)))
        self.url = f"http://127.0.0.1:{port}"
        command = [
            str(tool("prometheus")), f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={data or home / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
            "--storage.tsdb.retention.time=50y",
        ]  # fmt: skip
        self.program = room.launch("prometheus", command, self.url, "/-/ready", {})

    def watch(self, job: str, exporter: Program) -> None:
        file = self.targets / f"{job}.yml"
        address = exporter.url.removeprefix("http://")
        file.with_suffix(".new").write_text(yaml.safe_dump([{"targets": [address], "labels": {"job": job}}]))
        file.with_suffix(".new").rename(file)

    def forget(self, job: str) -> None:
        (self.targets / f"{job}.yml").unlink()

    def scraped(self, job: str) -> float:
        """A moment at which the last scrape of the job had worked, which on a busy machine not every one does."""
        moment = 0.0

        def works() -> bool:
            nonlocal moment
            moment = time.time()
            return bool(self.instant(f'up{{job="{job}"}} == 1', moment))

        until(works, f"{job} is scraped")
        return moment

    def instant(self, expr: str, at: float | None = None) -> list[Series]:
        """At `at`, or now. AssertionError with what Prometheus says of a bad query."""
        asked = {"query": expr} if at is None else {"query": expr, "time": at}
        return [_series(one, [one["value"]]) for one in self._ask("query", asked)]

    def line(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        found = self._ask("query_range", {"query": expr, "start": start, "end": end, "step": step})
        return [_series(one, one["values"]) for one in found]

    def _ask(self, how: str, asked: Mapping[str, object]) -> list[dict[str, Any]]:
        status, body, _ = get(f"{self.url}/api/v1/{how}?{urlencode(asked)}")
        answer = json.loads(body)
        assert status == 200, f"{asked['query']}: {answer}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found


def alertmanager(room: Room) -> Program:
    """One that tells nobody, but counts."""
    home, port = room.folder / "alertmanager", free_port()
    home.mkdir()
    quiet = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    (home / "alertmanager.yml").write_text(yaml.safe_dump(quiet))
    url = f"http://127.0.0.1:{port}"
    command = [
        str(tool("alertmanager")), f"--config.file={home / 'alertmanager.yml'}", f"--storage.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    return room.launch("alertmanager", command, url, "/-/ready", {})


def _configuration(port: int, told: Program | None) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    document["global"] = {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"}
    others = [told.url.removeprefix("http://")] if told else []
    document["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": others}]}]}
    ours = next(one for one in document["scrape_configs"] if one["job_name"] == JOB)
    own = [
        {"job_name": name, "static_configs": [{"targets": targets}]}
        for name, targets in (("prometheus", [f"127.0.0.1:{port}"]), ("alertmanager", others))
    ]
    document["scrape_configs"] = [{**ours, "file_sd_configs": [{"files": ["targets/*.yml"]}]}, *own]
    return document


def _series(found: Mapping[str, Any], points: list[tuple[float, str]]) -> Series:
    numbers = ((float(at), float(value)) for at, value in points)
    return Series(found["metric"], tuple(one for one in numbers if not math.isnan(one[1])))


class Event(NamedTuple):
    """A mark that Grafana draws: a moment, or a band where the end is later."""

    title: str
    start: float
    end: float


def events(
    server: Server, annotation: Mapping[str, Any], values: Mapping[str, str], start: float, end: float, step: float
) -> list[Event]:
    """As the Prometheus data source makes them: moments no further apart than a step are one band."""
    asked = filled(annotation["target"]["expr"], {**VALUES, "$__interval": f"{step:.0f}s", **values})
    found: list[Event] = []
    for series in server.line(asked, start, end, step):
        title = titled(annotation["titleFormat"], series)
        times = annotation["useValueForTime"]
        for at in (value / 1000 if times else moment for moment, value in series.points if times or value > 0):
            if found and found[-1].title == title and found[-1].end + step >= at:
                found[-1] = found[-1]._replace(end=at)
            else:
                found.append(Event(title, at, at))
    return found


def titled(form: str, series: Series) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda one: series.labels.get(one[1], ""), form)


@dataclass(frozen=True, slots=True)
class View:
    """A dashboard as Grafana asks for it at one moment: its own time range, with all variables at "All"."""

    server: Server
    dashboard: Mapping[str, Any]
    at: float
    job: str = JOB
    span: float | None = None

    @property
    def seconds(self) -> float:
        if self.span is not None:
            return self.span
        since = self.dashboard["time"]["from"].removeprefix("now-")
        return float(since[:-1]) * _UNITS[since[-1]]

    def answer(self, target: Mapping[str, Any]) -> list[Series]:
        """The series of one query that have a value at all."""
        least = 86_400 if target.get("interval") == "1d" else SCRAPES
        step = max(math.ceil(self.seconds / POINTS), least)
        values = {
            "$job": self.job, "$__range": f"{self.seconds:.0f}s", "$__interval": f"{step}s",
            "$__rate_interval": f"{max(step + SCRAPES, 4 * SCRAPES)}s",
        }  # fmt: skip
        expr = filled(target["expr"], {**VALUES, **values})
        if target.get("instant"):
            found = self.server.instant(expr, self.at)
        else:
            found = self.server.line(expr, self.at - self.seconds, self.at, step)
        return [one for one in found if one.points]

    def answers(self, workers: int = 4) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[Series]]]:
        """Panel, query, and what it returned, for every panel, asked some at a time as a browser does."""
        asked = [(panel, target) for panel in panels(self.dashboard) for target in panel.get("targets", [])]
        with ThreadPoolExecutor(workers) as pool:
            found = pool.map(lambda one: self.answer(one[1]), asked)
            yield from ((panel, target, series) for (panel, target), series in zip(asked, found, strict=True))


def dashboard(board: str) -> dict[str, Any]:
    return next(one for one in dashboards() if one["uid"] == f"btchealth-{board}")


def tried(exporter: Program) -> bool:
    """Every endpoint has been asked at least once."""
    samples = exporter.scrape("?name[]=btchealth_fetches_total").samples
    return bool(samples) and min(samples.values()) > 0


def complete(exporter: Program) -> bool:
    """Every endpoint has been asked, and all that is scored is there."""
    coverage = exporter.scrape("?name[]=btchealth_overall_coverage_ratio").samples
    return tried(exporter) and coverage.get("btchealth_overall_coverage_ratio") == 1


def passed(seconds: float) -> None:
    """Time for scrapes and evaluations, which nothing else tells of."""
    threading.Event().wait(seconds)


def now() -> float:
    return time.time()
