"""Requests a second with wrk: ours beside client_python's server, Go's promhttp and a bare protocol, interleaved."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.report import Section, Target, at_least, below
from tests.bench.table import table
from tests.blackbox.machine_room import Program, Room, free_port, get

SECONDS: Final = 2
ROUNDS: Final = 3
CONNECTIONS: Final = (16, 64)
HERE: Final = Path(__file__).parent


@dataclass(slots=True)
class Runner:
    """One server and what wrk said of it: requests a second, and the 99th percentile in milliseconds."""

    name: str
    url: str
    encoding: str = ""
    rates: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)

    def run(self, connections: int) -> None:
        takes = ["-H", f"Accept-Encoding: {self.encoding}"] if self.encoding else []
        command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{SECONDS}s", *takes, self.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))  # type: ignore[index]  # wrk always reports it
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]  # wrk always reports it
        self.tails.append(float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit])

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def tail(self) -> float:
        return statistics.median(self.tails)


OURS: Final = (
    ("/metrics", "/metrics", ""),
    ("/metrics, gzip", "/metrics", "gzip"),
    ("/api/v2/score/latest", "/api/v2/score/latest", ""),
    ("/api/v2/score/latest, gzip", "/api/v2/score/latest", "gzip"),
    ("/api/v2/score/timeseries, gzip", "/api/v2/score/timeseries?kind=overall&days=1", "gzip"),
)
PYTHON: Final = "client_python's server"
GO: Final = "Go promhttp"
BARE: Final = "bare uvloop protocol, constant"


def measure(room: Room, exporter: Program) -> Section:
    page = get(f"{exporter.url}/metrics")[1]
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    against = opponents(room, series, len(page))
    runs = {connections: interleaved(exporter, against, connections) for connections in CONNECTIONS}
    rows = [
        (connections, one.name, f"{one.rate:,.0f}", f"{one.tail:.1f}", f"{runners[0].rate / one.rate:.2f}")
        for connections, runners in runs.items()
        for one in runners
    ]
    head = ("connections", "server", "requests/s", "p99 ms", "/metrics against it")
    note = (
        f"`wrk --latency -t1 -cCONNECTIONS -d{SECONDS}s URL`, with `-H 'Accept-Encoding: gzip'` where"
        f" said. A page of {len(page):,} bytes and {series:,} series, also for the others;"
        f" {ROUNDS} rounds of {SECONDS} s, interleaved, medians."
    )
    return Section(f"{note}\n\n{table(head, rows)}", list(_targets(runs)))


def interleaved(exporter: Program, against: list[Runner], connections: int) -> list[Runner]:
    runners = [Runner(name, f"{exporter.url}{path}", encoding) for name, path, encoding in OURS]
    runners += [Runner(one.name, one.url) for one in against]
    for _ in range(ROUNDS):
        for runner in runners:
            runner.run(connections)
    return runners


def _targets(runs: dict[int, list[Runner]]) -> Iterator[Target]:
    for connections, runners in runs.items():
        known = {one.name: one for one in runners}
        ours = runners[0]
        for name, least in ((PYTHON, 100), (GO, 10), (BARE, 0.4)):
            ratio = ours.rate / known[name].rate if name in known else None
            yield at_least(f"/metrics against {name}, {connections} connections, times as fast", least, ratio)
    tails = {one.name: one.tail for one in runs[CONNECTIONS[-1]]}
    what = f"p99 of /metrics in those of the {BARE}, {CONNECTIONS[-1]} connections"
    yield below(what, 3, tails[OURS[0][0]] / tails[BARE], ".2f")


def opponents(room: Room, series: int, size: int) -> list[Runner]:
    python, bare, go = free_port(), free_port(), free_port()
    module = "tests.bench.opponents"
    root = {"PYTHONPATH": str(HERE.parent.parent)}
    for kind, port, much in (("client_python", python, series), ("constant", bare, size)):
        url = f"http://127.0.0.1:{port}"
        room.start(kind, [module, kind, str(port), str(much)], url, "/metrics", root)
    found = [
        Runner(PYTHON, f"http://127.0.0.1:{python}/metrics"),
        Runner(BARE, f"http://127.0.0.1:{bare}/metrics"),
    ]
    if shutil.which("go") is None:
        sys.stderr.write("go is not installed: promhttp is left out\n")
        return found
    binary = room.folder / "promhttp"
    subprocess.run(["go", "build", "-mod=readonly", "-o", str(binary), "."], cwd=HERE / "promhttp", check=True)
    room.launch("promhttp", [str(binary), f"127.0.0.1:{go}", str(series)], f"http://127.0.0.1:{go}", "/metrics", {})
    return [*found, Runner(GO, f"http://127.0.0.1:{go}/metrics")]
