"""The overall score as it would be if it were made of the pillars in another way."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from scoring.backtest.aggregation import Aggregate, combined, mean
from scoring.backtest.days import DayScore
from scoring.backtest.episodes import Episode
from scoring.backtest.study import MONTH, SEEN_P_VALUE, Span, Track, judge, moves, ordinary
from scoring.backtest.tally import Tally, tally
from scoring.method import Method

# Below this a pillar is in crisis, and the overall score should not hide it.
CRISIS: Final = 30.0
ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class AggregateResult:
    """`fall`: median fall in the down episodes with a trace. `ordinary_fall`: exceeded by one ordinary month in ten.

    `in_crisis`: mean score on days with a pillar below 30. `lowered`: share of days below the weighted mean.
    """

    name: str
    tally: Tally
    fall: float | None
    ordinary_fall: float | None
    daily_change: float | None
    in_crisis: float | None
    lowered: float | None


def compare(
    name: str,
    aggregate: Aggregate,
    method: Method,
    days: Sequence[DayScore],
    episodes: Iterable[tuple[Episode, Span]],
    since: int = 0,
) -> AggregateResult:
    """`episodes` with their spans, none of which is ordinary; judged are those inside the days from `since` on."""
    values = [combined(method, day.counted, aggregate) for day in days]
    usual = [combined(method, day.counted, mean) for day in days]
    track, spans = Track(values), list(episodes)
    busy = [span for _, span in spans]
    judged = [
        (one, judge(track, span, upward=one.upward, busy=busy))
        for one, span in spans
        if one.upward is not None and span[0] >= since and span[1] < len(days)
    ]
    quiet = sorted(move.points for move in ordinary(moves(track, MONTH, upward=False), MONTH, busy))
    pairs = [(got, plain) for got, plain in zip(values, usual, strict=True) if got is not None and plain is not None]
    crises = [value for value, day in zip(values, days, strict=True) if value is not None and _worst(day) < CRISIS]
    return AggregateResult(
        name=name,
        tally=tally(judged),
        fall=_median(
            verdict.move.points
            for one, verdict in judged
            if verdict is not None and not one.upward and one.traceless is None
        ),
        ordinary_fall=quiet[int((1 - SEEN_P_VALUE) * len(quiet))] if quiet else None,
        daily_change=_median(abs(b - a) for a, b in pairwise(values) if a is not None and b is not None),
        in_crisis=statistics.fmean(crises) if crises else None,
        lowered=sum(got < plain - ROUNDING for got, plain in pairs) / len(pairs) if pairs else None,
    )


# Movements of an ordinary month that a table of one decimal does not tell apart.
SAME_FALL: Final = 0.05


def choose(caps: Mapping[float, AggregateResult], plain: AggregateResult) -> float | None:
    """The rule for K; None where nothing can be judged.

    Of the caps that move no more in ordinary months than the `plain` mean those that see most, and of these the lowest,
    which hides a crisis least.
    """
    if plain.ordinary_fall is None or not plain.tally.evaluable:
        return None
    calm = {
        cap: one.tally.seen
        for cap, one in caps.items()
        if one.ordinary_fall is not None and one.ordinary_fall <= plain.ordinary_fall + SAME_FALL
    }
    return min(cap for cap, seen in calm.items() if seen == max(calm.values()))


def _worst(day: DayScore) -> float:
    return min(score for score in day.counted.values() if score is not None)


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return statistics.median(known) if known else None
