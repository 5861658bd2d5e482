"""Labels whose values come from upstream, bounded: the largest are shown, the rest as one; with hysteresis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from exporter.spec import Facts, Metric, Sample, Top

# The members shown, by metric name and its other label values; a JSON value.
Members = Mapping[str, Sequence[str]]


def fold(samples: Iterable[Sample], previous: Members) -> tuple[tuple[Sample, ...], Members]:
    """Samples as they may leave, and the members to be handed in next time.

    A metric has at most one `Top` label; its values must be such that a sum over that label means something.
    """
    folded: list[Sample] = []
    members: dict[str, Sequence[str]] = {}
    for key, found in groupby(sorted(samples, key=_closed_part), _closed_part):
        group = list(found)
        metric = group[0].metric
        bounded = _top_label(metric)
        if bounded:
            position, top = bounded
            name = " ".join((metric.name, *key[1]))
            members[name] = _members(group, position, top, previous.get(name, ()))
            folded.extend(_fold(group, position, top, frozenset(members[name])))
        elif any(isinstance(values, Facts) for values in metric.labels.values()):
            folded.extend(_first(group))
        else:
            folded.extend(group)
    return tuple(folded), members


def _closed_part(sample: Sample) -> tuple[str, tuple[str, ...]]:
    closed = (isinstance(values, tuple) for values in sample.metric.labels.values())
    return sample.metric.name, tuple(label for label, fixed in zip(sample.labels, closed, strict=True) if fixed)


def _top_label(metric: Metric) -> tuple[int, Top] | None:
    """Position and bound."""
    return next(((i, values) for i, values in enumerate(metric.labels.values()) if isinstance(values, Top)), None)


def _first(group: list[Sample]) -> list[Sample]:
    size = math.prod(len(values) for values in group[0].metric.labels.values() if isinstance(values, Facts))
    return sorted(group, key=lambda sample: sample.labels)[:size]


def _members(group: list[Sample], position: int, top: Top, previous: Sequence[str]) -> list[str]:
    """The labels to show beside the kept ones.

    Whoever was shown stays, unless an outsider stands `margin` places above.
    """
    ranked = sorted((-sample.value, sample.labels[position]) for sample in group)
    order = [label for _, label in ranked if label not in (*top.kept, top.other)]
    rank = {label: place for place, label in enumerate(order)}
    shown = sorted((label for label in previous if label in rank), key=rank.__getitem__)[: top.size]
    outsiders = [label for label in order if label not in shown]
    for label in outsiders:
        if len(shown) < top.size:
            shown.append(label)
            continue
        weakest = max(shown, key=rank.__getitem__)
        if rank[weakest] - rank[label] >= top.margin:
            shown[shown.index(weakest)] = label
    return sorted(shown, key=rank.__getitem__)


def _fold(group: list[Sample], position: int, top: Top, members: frozenset[str]) -> Iterator[Sample]:
    rest: list[Sample] = []
    for sample in group:
        if sample.labels[position] in members or sample.labels[position] in top.kept:
            yield sample
        else:
            rest.append(sample)
    if rest:
        times = [sample.data_time for sample in rest if sample.data_time is not None]
        labels = (*rest[0].labels[:position], top.other, *rest[0].labels[position + 1 :])
        value = sum(sample.value for sample in rest)
        yield replace(rest[0], labels=labels, value=value, data_time=min(times, default=None))
