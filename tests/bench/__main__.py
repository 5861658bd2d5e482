"""`make bench`: measures everything in one run and writes it to `--write FILE`; exits 1 where a target was missed."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench import dashboards, memory, rates, readers, replicas, stall, startup
from tests.bench.attack import Vegeta
from tests.bench.crowd import raise_limit
from tests.bench.pace import Punctual
from tests.bench.report import Section, Target, document
from tests.blackbox.machine_room import Program, Room
from tests.blackbox.test_facts import settled

# Both limits work, with ceilings that nobody reaches; half of the requests at one time are for one client.
OPEN: Final = {"api": {"rate_limits": {"default": "1000000/second"}}}
AT_ONCE: Final = "--web.max-requests=1000"


@dataclass
class Bench:
    """`served`: one exporter for what readers do, started when it is first needed."""

    room: Room
    simulator: Program
    vegeta: Vegeta | None
    punctual: Punctual | None
    _served: Program | None = field(default=None)

    @property
    def served(self) -> Program:
        if self._served is None:
            self._served = self.started()
        return self._served

    def started(self) -> Program:
        self.room.forget_data()
        exporter = self.room.exporter(self.simulator.url, AT_ONCE, config=OPEN)
        settled(exporter)
        return exporter

    def memory(self) -> Section:
        exporter = self.started()
        try:
            return memory.measure(exporter)
        finally:
            exporter.stop()


# Title and measurement; docs/performance.md has a section of each.
SECTIONS: Final[tuple[tuple[str, Callable[[Bench], Section]], ...]] = (
    ("Rate of requests", lambda bench: rates.measure(bench.room, bench.served)),
    ("Readers at a fixed rate", lambda bench: readers.fixed_rate(bench.served, bench.punctual)),
    ("Mixed load", lambda bench: readers.mixed(bench.served, bench.vegeta)),
    ("Memory", Bench.memory),
    ("Event loop", lambda bench: stall.measure(bench.room, bench.simulator, bench.vegeta)),
    ("Replicas", lambda _: replicas.measure()),
    ("Start-up", lambda bench: startup.measure(bench.room, bench.simulator)),
    ("Dashboards with a year of data", lambda bench: dashboards.measure(bench.room, bench.served)),
)


def measured(wanted: str) -> Iterator[tuple[str, Section]]:
    """Sections whose title begins with `wanted`."""
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        try:
            bench = Bench(room, room.simulator(), Vegeta.build(Path(folder)), Punctual.build(Path(folder)))
            for title, measure in SECTIONS:
                if title.lower().startswith(wanted.lower()):
                    started = time.monotonic()
                    yield title, _tried(measure, bench)
                    sys.stderr.write(f"{title}: {time.monotonic() - started:.0f} s\n")
        finally:
            room.close()


def _tried(measure: Callable[[Bench], Section], bench: Bench) -> Section:
    """What goes wrong in one section costs only that."""
    try:
        return measure(bench)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return Section(
            f"Not measured: {str(error)[:500]}", (Target("this section is measured", "yes", "no", met=False),)
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the tables there")
    parser.add_argument("--only", default="", metavar="TITLE", help="only sections whose title begins so")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.exit(2, "wrk: expected on PATH (Debian: apt-get install wrk)\n")
    raise_limit()
    load = os.getloadavg()[0]
    sections = list(measured(arguments.only))
    text = document(sections, load)
    sys.stdout.write(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    return 0 if all(target.met for _, section in sections for target in section.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
