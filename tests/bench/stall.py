"""How long the event loop stands still, and how much memory is taken, while a full list of nodes arrives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench import crawler
from tests.bench.attack import Vegeta
from tests.bench.memory import resident
from tests.bench.report import Section, below
from tests.bench.table import table
from tests.blackbox.machine_room import SOURCES, Program, Room, free_port, until

ROWS: Final = (0, 100_000)
ROUNDS: Final = 3
SECONDS: Final = 15.0
SCRAPES: Final = 50  # a second
LISTED: Final = "btchealth_nodes_listed"
ROOT: Final = {"PYTHONPATH": str(Path(__file__).parents[2])}


@dataclass(frozen=True, slots=True)
class Run:
    """`late`: in seconds, each time the clock in the process was, and what of that the machine took. `peak` in MB."""

    rows: int
    late: list[tuple[float, float]]
    peak: float
    p99: float


def measure(room: Room, simulator: Program, vegeta: Vegeta | None) -> Section:
    names = (
        f"longest stall of the event loop while 100,000 rows arrive, median of {ROUNDS} rounds, ms",
        "resident memory then, MB",
    )
    if vegeta is None:
        return Section("Go is not installed: nothing was measured.", [below(what, 0, None) for what in names])
    runs = [(turn + 1, watched(room, simulator, vegeta, rows)) for turn in range(ROUNDS) for rows in ROWS]
    shown = [(turn, f"{run.rows:,}", *_stalls(run.late), f"{run.p99:.1f}", f"{run.peak:.0f}") for turn, run in runs]
    longest = [max(late - taken for late, taken in run.late) * 1e3 for _, run in runs if run.rows == ROWS[-1]]
    worst = max(longest)
    head = (
        "round", "rows of the list", "longest stall ms", "next longest", "stalls over 5 ms",
        "clock was late at most ms", "p99 of scrapes ms", "most MB",
    )  # fmt: skip
    note = (
        f"One process with all sources at the simulator, from its first answer on; {SCRAPES} scrapes a second with gzip"
        f" for {SECONDS:.0f} s, in which every endpoint is polled for the first time and the list is read. A clock in"
        " the event loop that is due every millisecond notes how late it is. A stall is that less the time for which"
        " the machine had no processor for the thread, because another process or another machine of its host had it"
        f" (tests/bench/watched.py). {ROUNDS} rounds; the target is for the median of their longest stalls while the"
        f" list arrives, the worst of which is {worst:.1f} ms in round {longest.index(worst) + 1}."
    )
    targets = (below(names[0], 10, median(longest)), below(names[1], 150, max(run.peak for _, run in runs), ".0f"))
    return Section(f"{note}\n\n{table(head, shown)}", targets)


def _stalls(noted: list[tuple[float, float]]) -> tuple[str, str, str, str]:
    stalls = sorted((late - taken for late, taken in noted), reverse=True)
    over = sum(one > 0.005 for one in stalls)
    return f"{stalls[0] * 1e3:.1f}", f"{stalls[1] * 1e3:.1f}", str(over), f"{max(noted)[0] * 1e3:.1f}"


def watched(room: Room, simulator: Program, vegeta: Vegeta, rows: int) -> Run:
    room.forget_data()
    port, notes = free_port(), room.folder / "stalls"
    server = room.start(
        "crawler", ["tests.bench.crawler", str(port), str(rows)], f"http://127.0.0.1:{port}", crawler.PATH, ROOT
    )
    exporter = room.exporter(
        _upstream(simulator, port), config=_config(listed=rows > 0), module=("tests.bench.watched", str(notes))
    )
    begun = len(notes.read_text().splitlines())
    told = vegeta.attack([f"{exporter.url}/metrics"], SCRAPES, SECONDS, connections=4)
    until(lambda: exporter.scrape().value(LISTED) == (rows or None), f"{rows} rows are on the page")
    peak = resident(exporter, "VmHWM")
    exporter.stop()
    server.stop()
    noted = [tuple(map(float, line.split())) for line in notes.read_text().splitlines()[begun:]]
    return Run(rows, [(0.0, 0.0), (0.0, 0.0), *((late, taken) for late, taken in noted)], peak, told.p99)


def _upstream(simulator: Program, crawler_port: int) -> dict[str, list[str]]:
    urls = {source: [f"{simulator.url}/{source}"] for source in SOURCES}
    return urls | {"bitnodes": [f"http://127.0.0.1:{crawler_port}"]}


def _config(*, listed: bool) -> dict[str, Any]:
    return {"sources": {"bitnodes": {"endpoints": {"snapshot": {"enabled": listed}}}}}
