"""From what a client asks for to the one series it means; nothing else of the request goes further."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from exporter.exposition.families import INDICATOR, OVERALL, PILLAR
from exporter.history.selector import Selector
from exporter.web.answer import Refusal, echo
from exporter.web.api.queries import TimeseriesQuery

MOST_SUGGESTIONS: Final = 5


@dataclass(frozen=True, slots=True)
class Known:
    """`pillars`: indicators by pillar; `metrics`: every name there can be."""

    pillars: Mapping[str, tuple[str, ...]]
    metrics: Collection[str]


def selector_of(query: TimeseriesQuery, known: Known, stored: Collection[str]) -> Selector:
    """`stored`: selectors of that metric. Raises Refusal naming the parameter that leaves open which is meant."""
    if query.kind != "metric" and query.label:
        raise Refusal(400, f"label: expected only with kind=metric, got kind={query.kind}")
    if query.kind == "overall":
        if query.id is not None:
            raise Refusal(400, f"id: expected none with kind=overall, got {echo(query.id)}")
        return Selector(OVERALL.name)
    if query.id is None:
        raise Refusal(400, f"id: expected the {_MEANS[query.kind]} with kind={query.kind}")
    return _FOUND[query.kind](query, query.id, known, stored)


_MEANS: Final = {"pillar": "id of a pillar", "indicator": "id of an indicator", "metric": "name of a metric"}


def _pillar(_: TimeseriesQuery, wanted: str, known: Known, __: Collection[str]) -> Selector:
    if wanted not in known.pillars:
        raise Refusal(400, f"id: expected one of {', '.join(known.pillars)}, got {echo(wanted)}")
    return Selector(PILLAR.name, {"pillar": wanted})


def _indicator(_: TimeseriesQuery, wanted: str, known: Known, __: Collection[str]) -> Selector:
    for pillar, indicators in known.pillars.items():
        if wanted in indicators:
            return Selector(INDICATOR.name, {"pillar": pillar, "indicator": wanted})
    raise Refusal(400, f"id: expected an indicator of /api/v2/methodology, got {echo(wanted)}")


def _metric(query: TimeseriesQuery, wanted: str, known: Known, stored: Collection[str]) -> Selector:
    if wanted not in known.metrics:
        raise Refusal(400, f"id: expected the name of a metric, got {echo(wanted)}")
    labels = _labels(query.label)
    series = [one for text in sorted(stored) if (one := Selector.parse(text)) is not None]
    fitting = [one for one in series if labels.items() <= one.labels.items()]
    if len(fitting) == 1:
        return fitting[0]
    if not series:
        raise Refusal(400, f"id: {wanted} is not stored; expected a metric of which there are values")
    raise Refusal(400, _choice(wanted, fitting, series))


_FOUND: Final = {"pillar": _pillar, "indicator": _indicator, "metric": _metric}


def _labels(texts: Collection[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for text in texts:
        key, _, value = text.partition(":")
        if labels.setdefault(key, value) != value:
            raise Refusal(400, f"label: expected one value of {key}, got {echo(labels[key])} and {echo(value)}")
    return labels


def _choice(wanted: str, fitting: list[Selector], series: list[Selector]) -> str:
    shown = fitting or series
    what = f"{len(fitting)} series of {wanted} fit" if fitting else f"no series of {wanted} fits"
    some = "; ".join(map(_as_labels, shown[:MOST_SUGGESTIONS]))
    return f"label: {what}; expected the labels of one, such as {some}"


def _as_labels(selector: Selector) -> str:
    return " ".join(f"label={key}:{value}" for key, value in selector.labels.items())
