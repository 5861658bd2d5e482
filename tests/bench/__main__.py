"""`make bench`: prints Markdown; `--write FILE` also writes it; `--minutes N` polls and scrapes so long for memory."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import dashboards, rates, replicas, stall, startup
from tests.bench.table import machine
from tests.blackbox.machine_room import Room
from tests.blackbox.test_facts import settled


def sections(minutes: float) -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        try:
            simulator = room.simulator()
            yield "Start-up", startup.measure(room, simulator)
            yield "Event loop", stall.measure()
            room.forget_data()
            exporter = room.exporter(simulator.url, "--web.max-requests=0")
            settled(exporter)
            yield "Dashboards with a year of data", dashboards.measure(room, exporter)
            yield "Rate of scrapes", rates.measure(room, exporter)
            yield "Replicas", replicas.measure()
            yield "Memory", startup.memory(exporter, minutes * 60)
        finally:
            room.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the tables there")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to poll and scrape (default %(default)s)")
    arguments = parser.parse_args()
    text = f"# Performance\n\nWritten by `make bench`. Machine: {machine()}.\n"
    for title, body in sections(arguments.minutes):
        sys.stderr.write(f"{title} measured\n")
        text += f"\n## {title}\n\n{body}\n"
    sys.stdout.write(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
