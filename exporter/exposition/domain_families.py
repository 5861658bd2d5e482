"""What is known of the network as metric families. A value that is gone leaves no series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from exporter.exposition.page import Family, Kind, Series
from exporter.slices import Slices, in_one_go
from exporter.snapshot import Observation, Snapshot, View
from exporter.spec import Metric, Unit

# What OpenMetrics calls a unit, where that is not the suffix of the name.
_UNIT_NAMES: Final = {Unit.TIMESTAMP: "seconds", Unit.INFO: ""}

# Series made in a row, some 0.2 ms.
_IN_A_ROW: Final = 50


class DomainFamilies:
    """Remembers the series it made of observations that are still the same."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Observation, Series]] = {}

    def __call__(self, view: View, snapshot: Snapshot, help_texts: Mapping[Metric, str]) -> list[Family]:
        return in_one_go(self.making(view, snapshot, help_texts))

    def making(self, view: View, snapshot: Snapshot, help_texts: Mapping[Metric, str]) -> Slices[list[Family]]:
        sources = _sources(snapshot)
        yield
        made: dict[str, tuple[Observation, Series]] = {}
        members: dict[Metric, list[Series]] = defaultdict(list)
        for number, selector in enumerate(sorted(view), 1):
            if number % _IN_A_ROW == 0:
                yield
            observation = view[selector]
            known = self._made.get(selector)
            fresh = known is None or known[0] is not observation
            made[selector] = (observation, _series(observation, sources)) if fresh or known is None else known
            members[observation.sample.metric].append(made[selector][1])
        self._made = made
        return [
            Family(metric.name, Kind.GAUGE, help_texts.get(metric, metric.help), unit_name(metric), tuple(series))
            for metric, series in members.items()
        ]


def unit_name(metric: Metric) -> str:
    return _UNIT_NAMES.get(metric.unit, metric.unit.suffix)


def _sources(snapshot: Snapshot) -> dict[str, str]:
    """The source behind each provenance; what is made of several observations has another and is not found here."""
    return {
        observation.provenance: accepted.source.name
        for accepted in snapshot.accepted.values()
        for observation in accepted.observations
    }


def _series(observation: Observation, sources: dict[str, str]) -> Series:
    sample = observation.sample
    labels = tuple(zip(sample.metric.labels, sample.labels, strict=True))
    return Series(labels, sample.value, sources.get(observation.provenance))
