"""Every domain family: read from a source, agreed by several, or derived.

Its name is the bridge to scores, rules and dashboards.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from exporter.consensus import AGREEMENTS
from exporter.derived import PROVIDERS, declarations
from exporter.sources import registry
from exporter.spec import Group, Metric

# Series that all domain families together may have; `sample_limit` of a scrape has to lie above it.
SERIES_BUDGET: Final = 1_000

_SELECTOR: Final = re.compile(r"(\w+)(?:\{(.*)\})?")
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


@cache
def metrics() -> tuple[Metric, ...]:
    """All domain metrics, grouped as in the reference and sorted by name. Raises ValueError where two share a name."""
    found = dict.fromkeys(registry.origins())
    for agreement in AGREEMENTS:
        found.update(dict.fromkeys((agreement.value, agreement.disagreement)))
    found.update(dict.fromkeys(declared.metric for declared in declarations()))
    found.update(dict.fromkeys(PROVIDERS.values()))
    by_name: dict[str, Metric] = {}
    for metric in found:
        if metric.name in by_name:
            raise ValueError(f"{metric.name}: declared twice")
        by_name[metric.name] = metric
    order = list(Group)
    return tuple(sorted(found, key=lambda metric: (order.index(metric.group), metric.name)))


@cache
def _by_name() -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics()}


def metric(name: str) -> Metric:
    try:
        return _by_name()[name]
    except KeyError:
        raise LookupError(f"{name}: no such metric") from None


def resolve(selector: str) -> Metric:
    """The metric of a selector as `scoring.reading.series` writes it; LookupError where no such series can exist."""
    match = _SELECTOR.fullmatch(selector)
    if not match:
        raise LookupError(f'{selector}: expected name{{label="value"}}')
    found = metric(match[1])
    labels = dict(_LABEL.findall(match[2] or ""))
    if labels.keys() != found.labels.keys():
        raise LookupError(f"{selector}: expected the labels {sorted(found.labels)}, got {sorted(labels)}")
    for label, value in labels.items():
        allowed = found.labels[label]
        if isinstance(allowed, tuple) and value not in allowed:
            raise LookupError(f"{selector}: expected {label} to be one of {', '.join(allowed)}, got {value!r}")
    return found
