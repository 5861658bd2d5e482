"""Whether weights and K owe their success to hindsight: K chosen on the years up to 2017, and weights nobody chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from scoring.backtest.aggregation import CAPS, capped
from scoring.backtest.comparison import AggregateResult, choose, compare
from scoring.backtest.days import DayScore
from scoring.backtest.frozen import LAST_DAY
from scoring.backtest.history import History
from scoring.method import Method, customised

if TYPE_CHECKING:
    from scoring.backtest.result import Result

NO_CAP: Final = max(CAPS)


def caps_until(result: Result, last: date) -> dict[float, AggregateResult]:
    """Every K on the days and episodes that were over by `last`, with the anchors of 2017."""
    days = [day for day in result.frozen_days if day.date <= last]
    episodes = [(one, span) for one, span in result.spans if one.start <= last]
    return {cap: compare(f"K = {cap:.0f}", capped(cap), result.method, days, episodes) for cap in CAPS}


def caps_since(result: Result, first: date, caps: Sequence[float]) -> dict[float, AggregateResult]:
    """Some K on the episodes from `first` on, with the anchors of 2017."""
    since = (first - result.history.table.first).days
    return {
        cap: compare(f"K = {cap:.0f}", capped(cap), result.method, result.frozen_days, result.spans, since)
        for cap in caps
    }


def chosen(caps: Mapping[float, AggregateResult]) -> float | None:
    return choose(caps, caps[NO_CAP])


def chosen_in(result: Result) -> float | None:
    """What the rule gives on all years with the anchors of the method; the method's own K."""
    by_name = {one.name: one for one in result.comparison}
    return chosen({cap: by_name[f"K = {cap:.0f}"] for cap in CAPS})


def chosen_by(result: Result) -> tuple[dict[float, AggregateResult], float | None]:
    found = caps_until(result, LAST_DAY)
    return found, chosen(found)


def equally_weighted(method: Method, history: History) -> Method:
    """Inside each pillar the same weight for every indicator that the history can tell, none for the others."""
    weights: dict[str, float] = {}
    for pillar in method.pillars:
        told = {
            one.id: float(any(set(choice.selectors) <= history.series.keys() for choice in one.alternatives))
            for one in pillar.indicators
        }
        if any(told.values()):
            weights |= told
    return replace(customised(method, weights), version=f"{method.version}+equal-weights")


def where_known(days: Sequence[DayScore], known: Sequence[DayScore]) -> list[DayScore]:
    """`days` without the scores that `known` withholds, so that both are judged on the same days."""
    return [
        replace(
            one,
            overall=None if other.overall is None else one.overall,
            pillars={name: None if other.pillars[name] is None else score for name, score in one.pillars.items()},
        )
        for one, other in zip(days, known, strict=True)
    ]
