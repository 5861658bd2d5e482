"""Requests a second with wrk: ours beside client_python's server, Go's promhttp and a bare protocol, interleaved."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.report import Section, Target, at_least, below
from tests.bench.table import table
from tests.bench.wrk import wrk
from tests.blackbox.machine_room import SOURCES, Program, Room, free_port, get

SECONDS: Final = 2
ROUNDS: Final = 3
CONNECTIONS: Final = (16, 64)
# In bytes: about 400 series. Of the pages of one source the nearest is measured too.
SMALL: Final = 40_000
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
        said = wrk(self.url, connections, SECONDS, self.encoding)
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))  # type: ignore[index]  # wrk always reports it
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]  # wrk always reports it
        self.tails.append(float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit])

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def tail(self) -> float:
        return statistics.median(self.tails)

    @property
    def size(self) -> int:
        """Of one answer's body, in bytes."""
        return len(get(self.url, Accept_Encoding=self.encoding or "identity")[1])


Asked = Sequence[tuple[str, str, str]]  # name, path and query, encoding
OURS: Final[Asked] = (
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
    whole = compared(room, exporter, OURS, CONNECTIONS)
    path = min(map(_of_one, SOURCES), key=lambda one: abs(len(_page(exporter, one)) - SMALL))
    small = compared(room, exporter, [(path, path, ""), (f"{path}, gzip", path, "gzip")], CONNECTIONS[:1])
    note = (
        f"`wrk --latency -t1 -cCONNECTIONS -d{SECONDS}s URL`, with `-H 'Accept-Encoding: gzip'` where"
        f" said. {ROUNDS} rounds of {SECONDS} s, interleaved, medians. The page has {_series(_page(exporter)):,}"
        " series, also for the others; the bare protocol sends as many bytes. The last column is our first line against"
        " each."
    )
    of_one = (
        f"The page of one source, the one that comes nearest to {SMALL:,} bytes, {_series(_page(exporter, path)):,}"
        " series, and as many for the others:"
    )
    text = "\n\n".join((note, _table(whole), of_one, _table(small)))
    return Section(text, [*_ratios("/metrics", whole), _tail(whole), *_ratios("/metrics of one source", small)])


def _of_one(source: str) -> str:
    return f"/metrics?collect[]={source}"


def _page(exporter: Program, path: str = "/metrics") -> bytes:
    return get(f"{exporter.url}{path}")[1]


def _series(page: bytes) -> int:
    return sum(not line.startswith(b"#") for line in page.splitlines())


Runs = dict[int, list[Runner]]  # by connections, ours first


def compared(room: Room, exporter: Program, asked: Asked, connections: Sequence[int]) -> Runs:
    """The first of `asked` is a page of metrics, like which the others' pages are made."""
    page = _page(exporter, asked[0][1])
    against = opponents(room, _series(page), len(page))
    return {many: interleaved(exporter, asked, against, many) for many in connections}


def interleaved(exporter: Program, asked: Asked, against: list[Runner], connections: int) -> list[Runner]:
    runners = [Runner(name, f"{exporter.url}{path}", encoding) for name, path, encoding in asked]
    runners += [Runner(one.name, one.url) for one in against]
    for _ in range(ROUNDS):
        for runner in runners:
            runner.run(connections)
    return runners


def _table(runs: Runs) -> str:
    rows = [
        (many, one.name, f"{one.size:,}", f"{one.rate:,.0f}", f"{one.tail:.1f}", f"{runners[0].rate / one.rate:.2f}")
        for many, runners in runs.items()
        for one in runners
    ]
    return table(("connections", "server", "bytes", "requests/s", "p99 ms", "ours against it"), rows)


def _ratios(what: str, runs: Runs) -> Iterator[Target]:
    for connections, runners in runs.items():
        known = {one.name: one for one in runners}
        for name, least in ((PYTHON, 100), (GO, 10), (BARE, 0.4)):
            ratio = runners[0].rate / known[name].rate if name in known else None
            yield at_least(f"{what} against {name}, {connections} connections, times as fast", least, ratio)


def _tail(runs: Runs) -> Target:
    tails = {one.name: one.tail for one in runs[CONNECTIONS[-1]]}
    what = f"p99 of /metrics in those of the {BARE}, {CONNECTIONS[-1]} connections"
    return below(what, 3, tails[OURS[0][0]] / tails[BARE], ".2f")


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
    binary = room.folder / f"promhttp-{series}"
    subprocess.run(["go", "build", "-mod=readonly", "-o", str(binary), "."], cwd=HERE / "promhttp", check=True)
    room.launch("promhttp", [str(binary), f"127.0.0.1:{go}", str(series)], f"http://127.0.0.1:{go}", "/metrics", {})
    return [*found, Runner(GO, f"http://127.0.0.1:{go}/metrics")]
