"""Simulator and exporter in a world whose clock runs faster, shown to Prometheus in real time.

Prometheus and Alertmanager have no clock that could be turned, so for them the shipped files are compressed: every
duration and every threshold in seconds is divided by a factor (compression.py). What they watch must then live as much
faster. Bodies hold dates of days and years beside ages of seconds, so ages cannot be shrunk inside them without
breaking what the exporter checks; instead simulator and exporter share one clock that runs `factor` times as fast as
the real one, from a fixed moment on, and agree with each other as they do in production. Only where the page leaves
that world is time divided: a timestamp becomes the real moment at which it was, or will be, now in the world, and a
duration becomes a `factor`-th. `time() - btchealth_tip_timestamp_seconds > 7200 / factor` then says the same as the
shipped rule does, and so does every range, `for` and interval. From the fixed moment follows that all chance of the
world (blocks, fees, nodes) is the same in every run.

What the machine needs for its own work is not compressed, or less: timeouts of calls, the time a scrape takes, and how
often the page is made anew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import aiohttp

import exporter.assembly
import exporter.commands.serve
import exporter.service
from exporter.cli import main as exporter_main
from exporter.clock import Clock
from exporter.collection.collection import Surroundings
from exporter.exposition.page import Family, Page
from exporter.exposition.publication import Publication
from exporter.slices import Slices
from simulator import serving

# 2026-01-14 09:00 UTC: a moment of the seeded world after which nothing out of the ordinary happens for a day.
MOMENT: Final = 1_768_381_200.0
# A call that is answered too late takes this long at most, so that a slow source is slow and the test is not.
TIMEOUT: Final = aiohttp.ClientTimeout(total=4)
# What looks around ever so often does so fifty times a second at most.
SHORTEST: Final = 0.02
# In the world's seconds, a real second at the usual factor of 60: how long changes are gathered until the page is made
# anew, and how often that is looked at.
OWN_PACE: Final = {"GATHER_SECONDS": 60.0, "TICK_SECONDS": 60.0, "REFRESH_SECONDS": 300.0}


@dataclass(frozen=True, slots=True)
class Pace:
    """`begin`: the real Unix time at which it is MOMENT in the world."""

    factor: float
    begin: float

    def now(self) -> float:
        return MOMENT + (time.time() - self.begin) * self.factor

    def real(self, timestamp: float) -> float:
        return self.begin + (timestamp - MOMENT) / self.factor

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds / self.factor, SHORTEST))

    def shown(self, family: Family) -> Family:
        """As Prometheus must see it."""
        if not family.name.endswith("_seconds"):
            return family
        change = self.real if family.name.endswith("_timestamp_seconds") else self._shorter
        return replace(family, series=tuple(replace(one, value=change(one.value)) for one in family.series))

    def _shorter(self, seconds: float) -> float:
        return seconds / self.factor


def simulate(pace: Pace, listen: str) -> int:
    asyncio.run(serving.serve(listen, clock=pace.now))
    return 0


def export(pace: Pace, listen: str, data: str) -> int:
    # Its clock is the real one and its sleep is not: a real second between two looks at the process.
    class Shown(Publication):
        def rendering(self, families: Iterable[Family]) -> Slices[Page]:
            return super().rendering(map(pace.shown, families))

    vars(exporter.service).update(OWN_PACE)
    vars(exporter.assembly).update(
        Publication=partial(Shown, pause=pace.factor), Surroundings=partial(Surroundings, timeout=TIMEOUT)
    )
    vars(exporter.commands.serve).update(Clock=partial(Clock, wall=pace.now, sleep=pace.sleep))
    return exporter_main(["serve", f"--web.listen-address={listen}", f"--storage.path={data}"])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("simulator", "exporter"))
    parser.add_argument("--factor", type=float, required=True)
    parser.add_argument("--begin", type=float, required=True)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--data", required=True)
    options = parser.parse_args()
    pace = Pace(options.factor, options.begin)
    if options.part == "simulator":
        return simulate(pace, options.listen)
    return export(pace, options.listen, options.data)


if __name__ == "__main__":
    sys.exit(main())
