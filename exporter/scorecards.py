"""A scorecard as JSON values: short for the archive, in full for the API and `btc-health score --json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from exporter.exposition.families import INDICATOR, OVERALL, PILLAR, scores
from exporter.slices import Slices, in_one_go
from exporter.snapshot import Observation, View
from exporter.spec import Group
from scoring.reading import series
from scoring.scorecard import IndicatorResult, PillarResult, Scorecard

FRESH_COVERAGE: Final = 0.9

# Families of which time series are kept.
ARCHIVED: Final = frozenset({OVERALL.name, PILLAR.name, INDICATOR.name})


def compact(card: Scorecard) -> dict[str, Any]:
    """What a time series of scores needs."""
    return {
        "overall": card.overall,
        "lower": card.lower,
        "upper": card.upper,
        "coverage": card.coverage,
        "methodology": card.methodology,
        "pillars": {
            pillar.id: {
                "score": pillar.score,
                "lower": pillar.lower,
                "upper": pillar.upper,
                "coverage": pillar.coverage,
                "effective_weight": pillar.effective_weight,
            }
            for pillar in card.pillars
        },
        "indicators": {
            one.id: {
                "score": one.score,
                "value": one.value,
                "state": one.state,
                "points_lost": one.points_lost,
                "effective_weight": one.effective_weight,
            }
            for _, one in card.indicators()
        },
    }


def scalars(card: Scorecard) -> dict[str, float]:
    """The scores as series, under the selectors that `/metrics` gives them."""
    return {
        series(family.name, **dict(one.labels)): one.value
        for family in scores(card)
        if family.name in ARCHIVED
        for one in family.series
    }


# Made in a row, some 0.1 ms.
_IN_A_ROW: Final = 20

Series = dict[str, Any]
# By the name of their metric.
_Metrics = dict[str, list[Any]]


def document(card: Scorecard, view: View) -> dict[str, Any]:
    """The body of `/api/v2/score/latest`."""
    return in_one_go(documenting(card, view))


def documenting(card: Scorecard, view: View, checked: Callable[[Series], Any] = dict) -> Slices[dict[str, Any]]:
    """As `document`, with a pause after some series; each is passed through `checked`."""
    metrics = yield from _metrics(view, checked)
    return {
        "overall": card.overall,
        "bounds": _bounds(card),
        "coverage": card.coverage,
        "pillars": {pillar.id: _pillar(pillar, metrics[pillar.id]) for pillar in card.pillars},
        "alerts": None,
        "alerts_reason": "no Alertmanager is configured (alerts.alertmanager_url)",
        "data_freshness": freshness(card),
        "as_of": card.as_of,
        "methodology": card.methodology,
    }


def freshness(card: Scorecard) -> str:
    if card.overall is None:
        return "unknown"
    return "fresh" if card.coverage >= FRESH_COVERAGE else "stale"


def _bounds(card: Scorecard | PillarResult) -> dict[str, float]:
    return {"lower": card.lower, "upper": card.upper}


def _pillar(pillar: PillarResult, metrics: _Metrics) -> dict[str, Any]:
    return {
        "title": pillar.title,
        "score": pillar.score,
        "bounds": _bounds(pillar),
        "coverage": pillar.coverage,
        "weight": pillar.weight,
        "metrics": metrics,
        "indicators": [_indicator(one) for one in pillar.indicators],
    }


def _metrics(view: View, checked: Callable[[Series], Any]) -> Slices[Mapping[str, _Metrics]]:
    """By pillar."""
    found: dict[str, _Metrics] = {group.value: {} for group in Group}
    for number, selector in enumerate(sorted(view)):
        if number % _IN_A_ROW == 0:
            yield
        metric = view[selector].sample.metric
        found[metric.group.value].setdefault(metric.name, []).append(checked(_series(view[selector])))
    return found


def _series(observation: Observation) -> Series:
    sample = observation.sample
    return {
        "labels": dict(zip(sample.metric.labels, sample.labels, strict=True)),
        "value": sample.value,
        "unit": sample.metric.unit.text,
        "source": observation.provenance,
        "data_time": observation.data_time,
    }


def _indicator(one: IndicatorResult) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "state": one.state,
        "score": one.score,
        "value": one.value,
        "quantity": one.quantity,
        "weight": one.weight,
        "effective_weight": one.effective_weight,
        "points_lost": one.points_lost,
        "fresh_at": one.fresh_at,
        "inputs": [
            {
                "selector": given.selector,
                "value": given.reading.value if given.reading else None,
                "data_time": given.reading.data_time if given.reading else None,
                "source": given.reading.provenance if given.reading else None,
            }
            for given in one.inputs
        ],
    }


def movers(card: Scorecard) -> list[tuple[PillarResult, IndicatorResult, float]]:
    """The indicators that cost points, the costliest first."""
    costs: Iterable[tuple[PillarResult, IndicatorResult, float]] = (
        (pillar, one, one.points_lost) for pillar, one in card.indicators() if one.points_lost
    )
    return sorted(costs, key=lambda cost: -cost[2])
