"""Seconds from the start of the process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from tests.bench.report import Section
from tests.bench.table import table
from tests.blackbox.machine_room import SOURCES, Page, Program, Room, until

STARTS: Final = 3
NOBODY: Final = {source: ["http://127.0.0.1:9"] for source in SOURCES}


def has_sample(page: Page) -> bool:
    return bool(page.lines(r"^btchealth_mempool_vbytes "))


def is_scored(page: Page) -> bool:
    return page.value("btchealth_overall_score") is not None


def serves(_: Page) -> bool:
    return True


def seconds_to(room: Room, upstream: Any, look: Callable[[Page], bool]) -> float:
    room.forget_data()
    started = time.monotonic()
    exporter = room.exporter(upstream)
    until(lambda: look(exporter.scrape()), look.__name__, 120)
    taken = time.monotonic() - started
    exporter.stop()
    return taken


def measure(room: Room, simulator: Program) -> Section:
    cases = (
        ("page served, no network at all", NOBODY, serves),
        ("page served", simulator.url, serves),
        ("first domain sample", simulator.url, has_sample),
        ("overall score", simulator.url, is_scored),
    )
    rows = []
    for name, upstream, look in cases:
        taken = [seconds_to(room, upstream, look) for _ in range(STARTS)]
        rows.append((name, f"{statistics.median(taken):.1f}", f"{max(taken):.1f}"))
    return Section(table(("from process start to", "median s", "worst s"), rows))
