"""Families about the product itself are declared here and in the modules beside; the scores among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from exporter.exposition.page import Family, Kind, Series
from scoring.reading import State
from scoring.scorecard import PillarResult, Scorecard


@dataclass(frozen=True, slots=True)
class Declared:
    """A family about the product itself. `labels` of which `source`, if there, decides about `collect[]`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE
    unit: str = ""

    def series(self, labels: tuple[str, ...], value: float) -> Series:
        source = labels[self.labels.index("source")] if "source" in self.labels else None
        return Series(tuple(zip(self.labels, labels, strict=True)), value, source)

    def family(self, values: Iterable[tuple[tuple[str, ...], float | None]]) -> Family:
        """Label values and value; a None makes no series."""
        return self.of(self.series(labels, value) for labels, value in values if value is not None)

    def of(self, series: Iterable[Series]) -> Family:
        return Family(self.name, self.kind, self.help, self.unit, tuple(series))

    def one(self, value: float | None) -> Family:
        return self.family([((), value)])


_SCALE: Final = "score 0-100, 100 is best"
_PILLAR: Final = ("pillar",)
_INDICATOR: Final = ("pillar", "indicator")

OVERALL = Declared("btchealth_overall_score", f"Health of the network, {_SCALE}; absent while withheld.", unit="score")
OVERALL_LOWER = Declared(
    "btchealth_overall_score_lower_bound", "Overall score if every input that is not fresh were at its worst."
)
OVERALL_UPPER = Declared(
    "btchealth_overall_score_upper_bound", "Overall score if every input that is not fresh were at its best."
)
OVERALL_COVERAGE = Declared(
    "btchealth_overall_coverage_ratio", "Share of all weight that rests on fresh data, 0-1.", unit="ratio"
)
PILLAR = Declared("btchealth_pillar_score", f"Pillar, {_SCALE}; absent while withheld.", _PILLAR, unit="score")
PILLAR_LOWER = Declared(
    "btchealth_pillar_score_lower_bound", "Pillar score if every input that is not fresh were at its worst.", _PILLAR
)
PILLAR_UPPER = Declared(
    "btchealth_pillar_score_upper_bound", "Pillar score if every input that is not fresh were at its best.", _PILLAR
)
PILLAR_WEIGHT = Declared(
    "btchealth_pillar_weight_ratio", "Weight of the pillar in the overall score, as configured.", _PILLAR, unit="ratio"
)
PILLAR_EFFECTIVE_WEIGHT = Declared(
    "btchealth_pillar_effective_weight_ratio",
    "Weight of the pillar in the overall score now: sums to 1, 0 where too little of the pillar is known to count; "
    "absent while the overall score is withheld.",
    _PILLAR, unit="ratio",
)  # fmt: skip
PILLAR_COVERAGE = Declared(
    "btchealth_pillar_coverage_ratio", "Share of the pillar's weight that rests on fresh data, 0-1.", _PILLAR,
    unit="ratio",
)  # fmt: skip
INDICATOR = Declared(
    "btchealth_indicator_score", f"Indicator, {_SCALE}; fresh or held, absent when missing.", _INDICATOR, unit="score"
)
INDICATOR_COVERED = Declared(
    "btchealth_indicator_covered", "1 if every input of the indicator is fresh, 0 if its score is held.", _INDICATOR
)
INDICATOR_WEIGHT = Declared(
    "btchealth_indicator_weight_ratio",
    "Weight of the indicator inside its pillar over those that are exported: sums to 1 in each pillar.",
    _INDICATOR, unit="ratio",
)  # fmt: skip
INDICATOR_LOST = Declared(
    "btchealth_indicator_points_lost",
    "Points this indicator takes from the overall score: all of them sum to 100 minus that score.", _INDICATOR,
)  # fmt: skip
MINIMUM_COVERAGE = Declared(
    "btchealth_scorecard_minimum_coverage_ratio",
    "Coverage below which a score is withheld, as configured, 0-1.", unit="ratio",
)  # fmt: skip
METHODOLOGY = Declared(
    "btchealth_methodology_info", "Version of the scoring method; `+custom` marks weights of your own; always 1.",
    ("version",),
)  # fmt: skip
BASIS_CHANGE = Declared(
    "btchealth_scorecard_basis_change_timestamp_seconds",
    "When the set of indicators behind the scores last changed: steps across it are not the network's.", unit="seconds",
)  # fmt: skip

SCORES: Final = (
    OVERALL, OVERALL_LOWER, OVERALL_UPPER, OVERALL_COVERAGE, PILLAR, PILLAR_LOWER, PILLAR_UPPER, PILLAR_WEIGHT,
    PILLAR_COVERAGE, PILLAR_EFFECTIVE_WEIGHT, INDICATOR, INDICATOR_COVERED, INDICATOR_WEIGHT, INDICATOR_LOST,
    MINIMUM_COVERAGE, METHODOLOGY, BASIS_CHANGE,
)  # fmt: skip


def scores(card: Scorecard) -> Iterator[Family]:
    yield OVERALL.one(card.overall)
    yield OVERALL_LOWER.one(card.lower)
    yield OVERALL_UPPER.one(card.upper)
    yield OVERALL_COVERAGE.one(card.coverage)
    for declared, read in _OF_PILLAR:
        yield declared.family(((pillar.id,), read(pillar)) for pillar in card.pillars)
    known = () if card.overall is None else card.pillars
    yield PILLAR_EFFECTIVE_WEIGHT.family(((pillar.id,), pillar.effective_weight) for pillar in known)
    yield from _indicators(card)
    yield MINIMUM_COVERAGE.one(card.minimum_coverage)
    yield METHODOLOGY.family([((card.methodology,), 1.0)])
    yield BASIS_CHANGE.one(card.basis_changed_at)


_OF_PILLAR: Final[tuple[tuple[Declared, Callable[[PillarResult], float | None]], ...]] = (
    (PILLAR, lambda pillar: pillar.score),
    (PILLAR_LOWER, lambda pillar: pillar.lower),
    (PILLAR_UPPER, lambda pillar: pillar.upper),
    (PILLAR_WEIGHT, lambda pillar: pillar.weight),
    (PILLAR_COVERAGE, lambda pillar: pillar.coverage),
)


def _indicators(card: Scorecard) -> Iterator[Family]:
    known = [
        ((pillar.id, indicator.id), indicator)
        for pillar, indicator in card.indicators()
        if indicator.state is not State.MISSING
    ]
    yield INDICATOR.family((labels, one.score) for labels, one in known)
    yield INDICATOR_COVERED.family((labels, float(one.state is State.FRESH)) for labels, one in known)
    yield INDICATOR_WEIGHT.family((labels, one.effective_weight) for labels, one in known)
    yield INDICATOR_LOST.family((labels, one.points_lost) for labels, one in known)
