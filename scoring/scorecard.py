"""The result of one evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.memory import Memory
from scoring.reading import Reading, State


@dataclass(frozen=True, slots=True)
class Input:
    """A series that an indicator reads, and its reading if there is one."""

    selector: str
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class IndicatorResult:
    """`weight` as declared, `effective_weight` over what counts; both inside the pillar.

    `score` and `value` are None when missing; `points_lost` is None also while the overall score is withheld.
    """

    id: str
    title: str
    state: State
    value: float | None
    score: float | None
    weight: float
    effective_weight: float
    points_lost: float | None
    quantity: str
    inputs: tuple[Input, ...]
    fresh_at: float | None


@dataclass(frozen=True, slots=True)
class PillarResult:
    """`score` is withheld (None) while less than the minimum coverage is fresh.

    `counted_score` is None while less than that is fresh or held: the pillar does not count then. `effective_weight`
    is its share in the overall score: 0 where it does not count, and for all while the overall score is withheld.
    """

    id: str
    title: str
    weight: float
    effective_weight: float
    score: float | None
    counted_score: float | None
    lower: float
    upper: float
    coverage: float
    indicators: tuple[IndicatorResult, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`mean`: weighted mean of the pillars. `capped_by`: the worst pillar, when the cap holds `overall` below the mean.

    Below `minimum_coverage` scores are withheld. `as_of` and `basis_changed_at` in Unix seconds.
    """

    overall: float | None
    lower: float
    upper: float
    coverage: float
    minimum_coverage: float
    mean: float | None
    capped_by: str | None
    pillars: tuple[PillarResult, ...]
    methodology: str
    as_of: float
    basis_changed_at: float
    memory: Memory

    def indicators(self) -> Iterator[tuple[PillarResult, IndicatorResult]]:
        for pillar in self.pillars:
            for indicator in pillar.indicators:
                yield pillar, indicator
