"""From readings to a scorecard: arithmetic only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scoring.curves import BEST, WORST
from scoring.indicator import Indicator, Pillar
from scoring.memory import Memory, Remembered
from scoring.method import MINIMUM_COVERAGE, Method
from scoring.methodology import METHOD
from scoring.reading import Readings, State
from scoring.scorecard import IndicatorResult, Input, PillarResult, Scorecard

# Weights are sums of decimal fractions: 0.31 + 0.29 must count as 0.6.
ROUNDING: Final = 1e-9


def score(
    readings: Readings,
    now: float,
    memory: Memory | None = None,
    method: Method = METHOD,
    minimum_coverage: float = MINIMUM_COVERAGE,
) -> Scorecard:
    """Score what is known at `now` (Unix seconds). Pass its memory to the next call: it carries what is held."""
    past = memory if memory is not None and memory.method == method.base_version else Memory(method.base_version)
    judged = [
        _Judged(pillar, tuple(_judge(one, readings, now, past) for one in pillar.indicators))
        for pillar in method.pillars
    ]
    total = math.fsum(one.pillar.weight for one in judged if one.counts(minimum_coverage))
    coverage = math.fsum(one.pillar.weight * one.coverage for one in judged)
    if coverage < minimum_coverage - ROUNDING:
        total = 0.0
    pillars = tuple(_pillar_result(one, total, minimum_coverage) for one in judged)
    mean, worst = _aggregate(pillars)
    overall, capped_by = _capped(mean, worst, method.cap)
    if mean is not None and overall is not None:
        pillars = _with_points_lost(pillars, excess=mean - overall, worst=worst)
    lower, upper = _bounds(pillars, method.cap)
    basis = _basis(method, judged, minimum_coverage)
    changed_at = past.basis_changed_at if basis == past.basis and past.basis_changed_at is not None else now
    return Scorecard(
        overall=overall,
        lower=_unrounded(lower, overall, min),
        upper=_unrounded(upper, overall, max),
        coverage=coverage,
        minimum_coverage=minimum_coverage,
        mean=mean,
        capped_by=capped_by,
        pillars=pillars,
        methodology=method.version,
        as_of=now,
        basis_changed_at=changed_at,
        memory=Memory(method.base_version, _remembered(judged, past), basis, changed_at),
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One indicator: what it is now, and the entry to remember."""

    indicator: Indicator
    state: State
    entry: Remembered | None
    score: float | None
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    pillar: Pillar
    verdicts: tuple[_Verdict, ...]

    @property
    def weight(self) -> float:
        """Of what counts: fresh or held."""
        return math.fsum(verdict.indicator.weight for verdict in self.verdicts if verdict.entry is not None)

    @property
    def coverage(self) -> float:
        return math.fsum(verdict.indicator.weight for verdict in self.verdicts if verdict.state is State.FRESH)

    def counts(self, minimum_coverage: float) -> bool:
        """Whether enough is known, fresh or held, for the pillar to enter the overall score and to cap it."""
        return self.weight > 0 and self.weight >= minimum_coverage - ROUNDING

    @property
    def mean(self) -> float | None:
        weight = self.weight
        if weight <= 0:
            return None
        scores = [(verdict.indicator.weight, verdict.score) for verdict in self.verdicts]
        # Weights are rounded: a mean of hundreds may come out a hair above 100.
        return min(BEST, math.fsum(share * value for share, value in scores if value is not None) / weight)


def _judge(indicator: Indicator, readings: Readings, now: float, memory: Memory) -> _Verdict:
    """The quantity itself when fresh; else what counted before, fresh or held; only then another fallback.

    A fallback that stepped in at once would move the score although nothing but an input's absence happened.
    """
    alternatives = indicator.alternatives
    values = [quantity.value(readings) for quantity in alternatives]
    known = memory.indicators.get(indicator.id)
    if known is not None and not (
        known.alternative < len(alternatives) and now - known.fresh_at <= indicator.hold_seconds
    ):
        known = None
    order = [0] if known is None else [0, known.alternative]
    chosen = next((number for number in order if values[number] is not None), None)
    if chosen is None and known is None:
        chosen = next((number for number, value in enumerate(values) if value is not None), None)
    state, entry = (State.MISSING, None) if known is None else (State.HELD, known)
    if chosen is not None and (value := values[chosen]) is not None:
        state, entry = State.FRESH, Remembered(value, chosen, now)
    quantity = alternatives[0 if entry is None else entry.alternative]
    inputs = tuple(Input(selector, readings.get(selector)) for selector in quantity.selectors)
    return _Verdict(indicator, state, entry, None if entry is None else indicator.curve(entry.value), inputs)


def _pillar_result(judged: _Judged, total: float, minimum_coverage: float) -> PillarResult:
    pillar, weight = judged.pillar, judged.weight
    counted = judged.mean if judged.counts(minimum_coverage) else None
    lower = math.fsum(
        verdict.indicator.weight * verdict.score
        for verdict in judged.verdicts
        if verdict.state is State.FRESH and verdict.score is not None
    )
    upper = lower + (1.0 - judged.coverage) * BEST
    return PillarResult(
        id=pillar.id,
        title=pillar.title,
        weight=pillar.weight,
        effective_weight=0.0 if counted is None or total <= 0 else pillar.weight / total,
        score=None if judged.coverage < minimum_coverage - ROUNDING else counted,
        counted_score=counted,
        lower=_unrounded(max(WORST, lower), counted, min),
        upper=_unrounded(min(BEST, upper), counted, max),
        coverage=judged.coverage,
        indicators=tuple(_indicator_result(verdict, weight) for verdict in judged.verdicts),
    )


def _indicator_result(verdict: _Verdict, weight: float) -> IndicatorResult:
    indicator, entry = verdict.indicator, verdict.entry
    return IndicatorResult(
        id=indicator.id,
        title=indicator.title,
        state=verdict.state,
        value=None if entry is None else entry.value,
        score=verdict.score,
        weight=indicator.weight,
        effective_weight=0.0 if entry is None or weight <= 0 else indicator.weight / weight,
        points_lost=None,
        quantity=str(indicator.alternatives[0 if entry is None else entry.alternative]),
        inputs=verdict.inputs,
        fresh_at=None if entry is None else entry.fresh_at,
    )


def _aggregate(pillars: Sequence[PillarResult]) -> tuple[float | None, PillarResult | None]:
    """Weighted mean, and the worst pillar, over the pillars that count."""
    counted = [
        (pillar.counted_score, pillar)
        for pillar in pillars
        if pillar.counted_score is not None and pillar.effective_weight > 0
    ]
    if not counted:
        return None, None
    mean = min(BEST, math.fsum(pillar.effective_weight * value for value, pillar in counted))
    return mean, min(counted, key=lambda pair: pair[0])[1]


def _capped(mean: float | None, worst: PillarResult | None, cap: float) -> tuple[float | None, str | None]:
    if mean is None or worst is None or worst.counted_score is None:
        return None, None
    ceiling = worst.counted_score + cap
    return (ceiling, worst.id) if ceiling < mean else (mean, None)


def _with_points_lost(
    pillars: Iterable[PillarResult], excess: float, worst: PillarResult | None
) -> tuple[PillarResult, ...]:
    """Weight x weight x (100 - score); what the cap takes beyond goes pro rata to the worst pillar's indicators."""
    results = []
    for pillar in pillars:
        lost = [
            None if one.score is None else pillar.effective_weight * one.effective_weight * (BEST - one.score)
            for one in pillar.indicators
        ]
        own = math.fsum(points for points in lost if points is not None)
        stretch = 1.0 + excess / own if worst is not None and pillar.id == worst.id and excess > 0 and own > 0 else 1.0
        indicators = tuple(
            replace(one, points_lost=None if points is None else points * stretch)
            for one, points in zip(pillar.indicators, lost, strict=True)
        )
        results.append(replace(pillar, indicators=indicators))
    return tuple(results)


def _bounds(pillars: Sequence[PillarResult], cap: float) -> tuple[float, float]:
    """With declared weights: what is not fresh at 0, and at 100; a pillar that does not count as a whole."""
    weighty = [pillar for pillar in pillars if pillar.weight > 0]
    lowest = [WORST if pillar.counted_score is None else pillar.lower for pillar in weighty]
    highest = [BEST if pillar.counted_score is None else pillar.upper for pillar in weighty]
    weights = [pillar.weight for pillar in weighty]
    return (
        max(WORST, min(_dot(weights, lowest), min(lowest) + cap)),
        min(BEST, _dot(weights, highest), min(highest) + cap),
    )


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))


def _unrounded(bound: float, value: float | None, choose: Callable[[float, float], float]) -> float:
    """Arithmetic alone keeps a value within its bounds; its last digits may not."""
    return bound if value is None or abs(bound - value) > ROUNDING else choose(bound, value)


def _basis(method: Method, judged: Iterable[_Judged], minimum_coverage: float) -> tuple[str, ...]:
    """What the number rests on: the method, and of each indicator that counts which alternative it is computed from."""
    counting = (
        f"{verdict.indicator.id}:{verdict.entry.alternative}"
        for one in judged
        if one.counts(minimum_coverage)
        for verdict in one.verdicts
        if verdict.entry is not None
    )
    return (method.version, *sorted(counting))


def _remembered(judged: Iterable[_Judged], past: Memory) -> dict[str, Remembered]:
    now_known = {
        verdict.indicator.id: verdict.entry for one in judged for verdict in one.verdicts if verdict.entry is not None
    }
    return {**past.indicators, **now_known}
