"""`python -m tests.e2e [NAME ...]`: play incidents and print how long each took to reach somebody.

Without a name those of `make test`, at once. In units of the shipped scrape interval and group interval, because those
are what an operator can turn.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import yaml

from prometheus.generator.model import seconds
from tests.e2e import stack
from tests.e2e.incidents import ALONE, QUICK, Incident, Play, await_calm, play
from tests.machine import ROOT

SLOW: Final = 2400.0


def shipped(file: str, *keys: str) -> int:
    found = yaml.safe_load((ROOT / file).read_text())
    for key in keys:
        found = found[key]
    return seconds(found)


def table(plays: Sequence[Play]) -> str:
    scrape = shipped("prometheus/prometheus.yml", "global", "scrape_interval")
    group = shipped("alertmanager/alertmanager.yml", "route", "group_interval")
    took = {one.incident.name: one.noticed * one.incident.factor for one in plays}
    took |= {"median": median(took.values())}
    lines = [f"| {name} | {value / scrape:.0f} | {value / group:.1f} |" for name, value in took.items()]
    return "\n".join(["| incident | scrape intervals | group intervals |", "| --- | --- | --- |", *lines])


def played(incidents: Sequence[Incident]) -> list[Play]:
    factor = incidents[-1].factor
    with tempfile.TemporaryDirectory() as folder, stack.playing(Path(folder), factor) as running:
        await_calm(running)
        return play(running, incidents, factor, SLOW)


def main(names: Sequence[str]) -> int:
    alone = {incidents[-1].name: incidents for incidents in ALONE}
    if unknown := [name for name in names if name not in alone]:
        print(f"no incident {', '.join(unknown)}; there are: {', '.join(alone)}", file=sys.stderr)  # noqa: T201 - what a command says
        return 2
    plays = [played(alone[name])[-1] for name in names] or played(QUICK)
    print(table(plays))  # noqa: T201 - what it is for
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
