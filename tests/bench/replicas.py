"""How many looks of three replicas are answered without a call upstream; `python -m tests.bench.replicas` prints it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.report import Section, at_least
from tests.bench.table import table
from tests.blackbox.machine_room import NOTHING
from tests.integration.redis.fleet import INTERVAL, Fleet, total

LOOKS: Final = r'^btchealth_cache_requests_total\{tier="memory"\}'
FETCHES: Final = r"^btchealth_fetches_total\{"


def counts(fleet: Fleet) -> tuple[float, float, int]:
    """Looks at the caches, calls as counted by the replicas, calls as counted by the simulator."""
    pages = fleet.pages()
    return total(pages, LOOKS), total(pages, FETCHES), sum(fleet.calls().values())


def measure(seconds: float = 24.0) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder))
        try:
            fleet.start()
            NOTHING.wait(INTERVAL)
            before = counts(fleet)
            NOTHING.wait(seconds)
            looks, fetches, calls = (now - then for now, then in zip(counts(fleet), before, strict=True))
        finally:
            fleet.close()
    rows = [
        ("poll ticks", f"{looks:.0f}"),
        ("calls counted by the replicas", f"{fetches:.0f}"),
        ("calls counted by the simulator", f"{calls:.0f}"),
        ("share of poll ticks answered without an upstream call", f"{1 - calls / looks:.1%}"),
    ]
    what = "share of poll ticks of three replicas answered without an upstream call"
    head = (f"three replicas, {seconds:.0f} s", "")
    return Section(table(head, rows), (at_least(what, 0.9, 1 - calls / looks, ".3f"),))


if __name__ == "__main__":
    sys.stdout.write(measure().body + "\n")
