"""Scores every day of a history, carrying the memory from day to day as the live process does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from scoring.backtest.history import History
from scoring.memory import Memory
from scoring.method import MINIMUM_COVERAGE, Method
from scoring.score import score
from scoring.scorecard import Scorecard

# Told the days done and the days in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DayScore:
    """By pillar id: `pillars` None where withheld, `counted` None where it has no weight in the overall score."""

    date: date
    overall: float | None
    coverage: float
    pillars: Mapping[str, float | None]
    counted: Mapping[str, float | None]


def scorecards(history: History, method: Method, minimum_coverage: float = MINIMUM_COVERAGE) -> Iterator[Scorecard]:
    """One a day, as of the end of the day."""
    memory = Memory()
    for day in range(history.table.days):
        now = history.table.end_of_day(day)
        card = score(history.readings(day), now, memory, method, minimum_coverage)
        memory = card.memory
        yield card


def day_scores(history: History, method: Method, progress: Progress) -> list[DayScore]:
    found = []
    for day, card in enumerate(scorecards(history, method)):
        found.append(
            DayScore(
                date=history.table.date(day),
                overall=card.overall,
                coverage=card.coverage,
                pillars={pillar.id: pillar.score for pillar in card.pillars},
                counted={
                    pillar.id: pillar.counted_score if pillar.effective_weight else None for pillar in card.pillars
                },
            )
        )
        progress(day + 1, history.table.days)
    return found
