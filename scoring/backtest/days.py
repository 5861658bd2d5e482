"""Scores every day of a history, carrying the memory from day to day as the live process does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from scoring.backtest.history import History
from scoring.memory import Memory
from scoring.method import Method
from scoring.score import MINIMUM_COVERAGE, score
from scoring.scorecard import Scorecard

Progress = Callable[[int, int], None]


def scorecards(history: History, method: Method, minimum_coverage: float = MINIMUM_COVERAGE) -> Iterator[Scorecard]:
    memory = Memory()
    for day in range(history.table.days):
        now = history.table.end_of_day(day)
        card = score(history.readings(day), now, memory, method, minimum_coverage)
        memory = card.memory
        yield card


@dataclass(frozen=True, slots=True)
class DayScore:
    """`pillars` and `coverages` by pillar id; a withheld score is None."""

    date: date
    overall: float | None
    pillars: Mapping[str, float | None]
    coverage: float
    coverages: Mapping[str, float]


def day_scores(history: History, method: Method, progress: Progress) -> list[DayScore]:
    """`progress` is told the days done and the days in all."""
    found = []
    for day, card in enumerate(scorecards(history, method)):
        found.append(
            DayScore(
                history.table.date(day),
                card.overall,
                {pillar.id: pillar.score for pillar in card.pillars},
                card.coverage,
                {pillar.id: pillar.coverage for pillar in card.pillars},
            )
        )
        progress(day + 1, history.table.days)
    return found
