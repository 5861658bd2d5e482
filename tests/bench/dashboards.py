"""How fast the queries of the overview answer with a year of data."""

from __future__ import annotations

import json
import math
import re
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tests.bench.report import Section, below
from tests.bench.table import table
from tests.blackbox.machine_room import Program, Room, free_port, get
from tests.dashboards import VALUES, dashboards, filled, panels
from tests.machine import tool

DAY: Final = 86_400
YEAR: Final = 365 * DAY
HOURLY, SCRAPED, EVALUATED = 3600, 30, 60  # seconds between samples: long ago, since yesterday, of rules
ROUNDS: Final = 5
LIMIT: Final = 0.1
TARGET: Final = 'instance="127.0.0.1:9833",job="btc-health"'


def measure(room: Room, exporter: Program) -> Section:
    """One row a query: the median of five runs, and the slowest."""
    end = int(time.time()) // HOURLY * HOURLY
    home = room.folder / "year"
    home.mkdir()
    names = {name for _, expr, _ in queries() for name in re.findall(r"[a-z_:0-9]*btchealth_[a-z_:0-9]+", expr)}
    with (home / "year.om").open("w", encoding="utf-8") as file:
        file.writelines(exposition(exporter.scrape().samples, names, end))
    blocks = [str(tool("promtool")), "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    subprocess.run([*blocks, str(home / "year.om"), str(home / "data")], check=True, capture_output=True)
    prometheus = _prometheus(room, home)
    rows = [(title, *_timed(prometheus, expr, instant, end)) for title, expr, instant in queries()]
    slow = [title for title, _, slowest, _ in rows if slowest > LIMIT]
    said = f"Slower than {LIMIT * 1000:.0f} ms: {', '.join(slow) or 'none'}."
    worst = below("slowest query of the overview, ms", LIMIT * 1000, max(slowest for _, _, slowest, _ in rows) * 1000)
    shown = ((title, f"{median * 1000:.1f}", f"{slowest * 1000:.1f}", found) for title, median, slowest, found in rows)
    head = ("query of the overview", "median ms", "slowest ms", "series")
    return Section(f"{table(head, shown)}\n\n{said}", (worst,))


def queries() -> Iterator[tuple[str, str, bool]]:
    """Title, expression and whether it asks for one moment only."""
    overview = next(one for one in dashboards() if one["uid"] == "btchealth-overview")
    for panel in panels(overview):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", filled(target["expr"], VALUES), bool(target["instant"])


def exposition(samples: Mapping[str, float], names: set[str], end: int) -> Iterator[str]:
    """OpenMetrics, hourly for a year and every 30 s since yesterday, of all series that the overview reads."""
    wanted = {key: value for key, value in samples.items() if key.partition("{")[0] in names}
    wanted |= dict(_recorded(samples))
    for name in sorted({key.partition("{")[0] for key in wanted}):
        yield f"# TYPE {name} gauge\n"
        for key, value in wanted.items():
            if key.partition("{")[0] == name:
                yield from _course(key, value, end)
    yield "# EOF\n"


def _recorded(samples: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for key, value in samples.items():
        name, _, labels = key.partition("{")
        if name == "btchealth_pillar_score":
            yield f"job_pillar:btchealth_pillar_score:delta1d{{{labels}", value / 100
        if name == "btchealth_source_up":
            yield f"job_source:btchealth_endpoints_fresh_per_endpoint:ratio{{{labels}", value
    yield "job:btchealth_tip_timestamp_seconds:max", time.time()
    yield 'ALERTS{alertname="BtcHealthFeeSpike",alertstate="firing",severity="warning"}', 1.0


def _course(key: str, value: float, end: int) -> Iterator[str]:
    name, _, labels = key.partition("{")
    series = f"{name}{{{labels.removesuffix('}')}{',' if labels else ''}{TARGET}}}"
    recent = EVALUATED if ":" in name else SCRAPED
    for at in (*range(end - YEAR, end - DAY, HOURLY), *range(end - DAY, end + 1, recent)):
        yield f"{series} {value * (1 + 0.01 * math.sin(at / 5000)):.9g} {at}\n"


def _prometheus(room: Room, home: Path) -> Program:
    (home / "prometheus.yml").write_text("{}")
    port = free_port()
    command = [
        str(tool("prometheus")), f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
        "--storage.tsdb.retention.time=400d", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    return room.launch("prometheus", command, f"http://127.0.0.1:{port}", "/-/ready", {})


def _timed(prometheus: Program, expr: str, instant: bool, end: int) -> tuple[float, float, int]:
    span = {"time": end} if instant else {"start": end - DAY, "end": end, "step": 60}
    url = f"{prometheus.url}/api/v1/{'query' if instant else 'query_range'}?{urlencode({'query': expr, **span})}"
    taken, found = [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        _, body, _ = get(url)
        taken.append(time.perf_counter() - start)
        answer: dict[str, Any] = json.loads(body)
        found = len(answer["data"]["result"])
    return statistics.median(taken), max(taken), found
