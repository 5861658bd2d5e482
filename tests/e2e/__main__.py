"""`python -m tests.e2e`: play the incidents of `make test` and print how long each took to reach somebody.

In units of the shipped scrape interval and group interval, because those are what an operator can turn.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

import yaml

from prometheus.generator.model import seconds
from tests.blackbox.machine_room import Room, until
from tests.e2e import stack
from tests.e2e.incidents import INCIDENTS, Play, begins, play
from tests.e2e.receivers import Receivers
from tests.machine import ROOT

FACTOR: Final = 60


def shipped(file: str, *keys: str) -> int:
    found = yaml.safe_load((ROOT / file).read_text())
    for key in keys:
        found = found[key]
    return seconds(found)


def table(plays: list[Play]) -> str:
    scrape = shipped("prometheus/prometheus.yml", "global", "scrape_interval")
    group = shipped("alertmanager/alertmanager.yml", "route", "group_interval")
    took = {one.incident.name: one.noticed * FACTOR for one in plays} | {
        "median": median(one.noticed * FACTOR for one in plays)
    }
    lines = [f"| {name} | {value / scrape:.0f} | {value / group:.1f} |" for name, value in took.items()]
    return "\n".join(["| incident | scrape intervals | group intervals |", "| --- | --- | --- |", *lines])


def main() -> int:
    receivers = Receivers()
    receivers.start()
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        try:
            running = stack.start(room, receivers, FACTOR)
            until(lambda: begins(running), "nothing is told before anything happens", stack.PATIENCE)
            print(table(play(running, [one for one in INCIDENTS if one.quick], FACTOR)))  # noqa: T201 - what it is for
        finally:
            room.close()
            receivers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
