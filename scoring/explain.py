"""Why a score is what it is: what moved between two scorecards, how much one input matters, what is unusual."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scoring.quantities import WINDOW_MINIMUM_RATIO, percentile_rank
from scoring.scorecard import IndicatorResult, PillarResult, Scorecard

YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Movement:
    """How many points of a change of the overall score one indicator accounts for; the sum of the other two.

    `by_score`: its own score changed. `by_weight`: what counts changed, or the cap took or gave.
    """

    pillar: str
    indicator: str
    points: float
    by_score: float
    by_weight: float


def moved(before: Scorecard, after: Scorecard) -> list[Movement] | None:
    """The change of the overall score in parts that sum to it, largest first; None while either score is withheld."""
    if before.overall is None or after.overall is None:
        return None
    old, new = _by_id(before), _by_id(after)
    movements = [_movement(old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new))]
    return sorted(movements, key=lambda movement: abs(movement.points), reverse=True)


_Entry = tuple[PillarResult, IndicatorResult]


def _by_id(card: Scorecard) -> dict[str, _Entry]:
    return {indicator.id: (pillar, indicator) for pillar, indicator in card.indicators()}


def _movement(old: _Entry | None, new: _Entry | None) -> Movement:
    pillar, indicator = next(entry for entry in (new, old) if entry is not None)
    points = _lost(old) - _lost(new)
    by_score = 0.0
    if old is not None and new is not None and old[1].score is not None and new[1].score is not None:
        by_score = (_weight(old) + _weight(new)) / 2 * (new[1].score - old[1].score)
    return Movement(pillar.id, indicator.id, points, by_score, points - by_score)


def _lost(entry: _Entry | None) -> float:
    return 0.0 if entry is None else entry[1].points_lost or 0.0


def _weight(entry: _Entry) -> float:
    pillar, indicator = entry
    return pillar.effective_weight * indicator.effective_weight


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """A pillar's score, and the range it would take if any one indicator that counts were left out; ids of the two."""

    pillar: str
    score: float
    lowest: float
    without_for_lowest: str
    highest: float
    without_for_highest: str


def leave_one_out(card: Scorecard) -> Iterator[LeaveOneOut]:
    """For each pillar with at least two indicators that count."""
    for pillar in card.pillars:
        counting = [(one.id, one.effective_weight, one.score) for one in pillar.indicators if one.score is not None]
        if pillar.counted_score is None or len([1 for _, weight, _ in counting if weight > 0]) <= 1:
            continue
        without = [(_rest(counting, left_out), left_out) for left_out, weight, _ in counting if weight > 0]
        low, high = min(without), max(without)
        yield LeaveOneOut(pillar.id, pillar.counted_score, low[0], low[1], high[0], high[1])


def _rest(counting: Sequence[tuple[str, float, float]], left_out: str) -> float:
    rest = [(weight, value) for name, weight, value in counting if name != left_out]
    return math.fsum(weight * value for weight, value in rest) / math.fsum(weight for weight, _ in rest)


def unusual(card: Scorecard, history: Mapping[str, Sequence[float]], days: int = YEAR_DAYS) -> dict[str, float]:
    """Percentile rank, 0-1, of each indicator's value among its daily values of the last year; shown, never scored.

    `history`: by indicator id, at most `days` values. Left out where less than 80 % of the days are known.
    """
    found = {}
    for _, indicator in card.indicators():
        values = history.get(indicator.id, ())
        known = values[-days:] if len(values) >= WINDOW_MINIMUM_RATIO * days else ()
        if indicator.value is not None and (rank := percentile_rank(indicator.value, known)) is not None:
            found[indicator.id] = rank
    return found
