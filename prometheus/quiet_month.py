"""A quiet month of the simulated world through the shipped rules, in a real Prometheus: nothing should fire.

`python -m prometheus.quiet_month` writes docs/quiet-month.md.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus.generator.model import HOME, load
from prometheus.replaying.server import Grid, Recorded, ReplayError, write_blocks
from prometheus.replaying.shipped import Outcome, names, outcomes, record, rules
from prometheus.replaying.simulated import Month, recorded

PAGE: Final = HOME.parent / "docs" / "quiet-month.md"
DAY: Final = 86_400
# 2026-01-01: past everything that the simulated world dates.
START: Final = 1_767_225_600
SEED: Final = 1
NODES: Final = 3_000
# Seconds between two scrapes, two evaluations, and two polls of what is polled most often.
STEP: Final = 300
# A count that a published rate gives less often than once in so many months is too many.
SELDOM: Final = 100


@dataclass(frozen=True, slots=True)
class Quiet:
    """A month, or less: `days` of the world from `START`."""

    days: float = 30.0
    seed: int = SEED

    @property
    def grid(self) -> Grid:
        return Grid(START, START + int(self.days * DAY), STEP)


def lived(quiet: Quiet) -> Recorded:
    """What a Prometheus would have scraped, of the families that any rule reads."""
    wanted = frozenset(name for kind in ("alert", "record") for rule in rules(kind) for name in names(rule.expr))
    month = Month(quiet.seed, STEP, NODES)
    return recorded(month.pages(quiet.grid.start, quiet.grid.end, STEP), wanted)


def judged(series: Recorded, grid: Grid, folder: Path) -> list[Outcome]:
    write_blocks(series, folder / "data")
    record(folder / "data", grid)
    return outcomes(folder / "data", grid, lambda rule: rule.wait)


def allowed(name: str, days: float) -> int:
    """Alarms that the published rate of the alert would give at least once in `SELDOM` such months."""
    stated = next(one.false_alarms for group in load().groups for one in group.alerts if one.title == name)
    expected = float(stated.split()[0]) * days / 365.25 if stated else 0.0
    count, rest = 0, 1 - math.exp(-expected)
    while rest >= 1 / SELDOM:
        count += 1
        rest -= math.exp(-expected) * expected**count / math.factorial(count)
    return count


def too_many(found: Sequence[Outcome], days: float) -> list[str]:
    """Critical and warning alerts that fired more often than published."""
    return [
        f"{one.rule.name}: {fired(one)}"
        for one in found
        if one.rule.severity in {"critical", "warning"} and fired(one) > allowed(one.rule.name, days)
    ]


def fired(outcome: Outcome) -> int:
    return sum(map(len, outcome.alarms.values()))


def page(found: Sequence[Outcome], quiet: Quiet) -> str:
    return "\n".join(_page(found, quiet)) + "\n"


def _page(found: Sequence[Outcome], quiet: Quiet) -> Iterator[str]:
    evaluated = [one for one in found if not one.lacking]
    yield from ("<!-- Written by `python -m prometheus.quiet_month`. -->", "", "# A quiet month", "")
    yield f"{quiet.days:g} days of the simulator's world (seed {quiet.seed}) without incident, through the exporter's"
    yield "own parsers, checks and scorecards, loaded into a Prometheus, and all shipped rules evaluated there, records"
    yield f"first. Scrapes and evaluations are {STEP // 60} minutes apart, and so are the polls of what is polled most"
    yield from ("often.", "")
    yield f"{len(evaluated)} alerts were evaluated. Of the critical and warning ones, those that fired more often than"
    yield f"their published rate ([alerts.md](alerts.md)) allows: {', '.join(too_many(found, quiet.days)) or 'none'}."
    yield from ("", "| alert that fired | severity | alarms | allowed by the published rate |")
    yield "| --- | --- | --- | --- |"
    for one in evaluated:
        if fired(one):
            yield f"| {one.rule.name} | {one.rule.severity} | {fired(one)} | {allowed(one.rule.name, quiet.days)} |"
    yield from ("", "## Not part of the simulated world", "", "| alert | why |", "| --- | --- |")
    for one in found:
        if one.lacking:
            yield f"| {one.rule.name} | nothing shows {', '.join(f'`{name}`' for name in one.lacking)} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prometheus.quiet_month", description=(__doc__ or "").strip())
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--output", type=Path, default=PAGE, help=f"default {PAGE.relative_to(HOME.parent)}")
    options = parser.parse_args(arguments)
    quiet = Quiet(options.days)
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = judged(lived(quiet), quiet.grid, Path(folder))
    except ReplayError as error:
        print(error, file=sys.stderr)
        return 1
    options.output.write_text(page(found, quiet))
    return 1 if too_many(found, quiet.days) else 0


if __name__ == "__main__":
    sys.exit(main())
