"""Every family that a panel may show, with unit, help and labels as its owner declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from exporter import catalogue
from exporter.exposition import inventory
from exporter.exposition.families import Declared
from exporter.exposition.page import sample_names
from exporter.exposition.process import collected, process_collectors
from exporter.spec import Unit

# Label values, or None where they are not a closed list.
Labels = Mapping[str, tuple[str, ...] | None]

# What Prometheus and Alertmanager say of themselves, by their own documentation.
_NEIGHBOURS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "up": ("1 if the last scrape succeeded.", ()),
    "scrape_duration_seconds": ("Duration of the scrape.", ()),
    "scrape_samples_post_metric_relabeling": ("Samples kept of the last scrape.", ()),
    "prometheus_rule_evaluation_failures_total": ("Rule evaluations that failed.", ("rule_group",)),
    "prometheus_notifications_sent_total": ("Alerts handed to Alertmanager.", ("alertmanager",)),
    "prometheus_notifications_errors_total": ("Alerts that could not be handed over.", ("alertmanager",)),
    "alertmanager_notifications_total": ("Notifications attempted.", ("integration",)),
    "alertmanager_notifications_failed_total": ("Notifications that failed.", ("integration", "reason")),
    "ALERTS": (
        "One series for each alert that is pending or firing.",
        ("alertname", "alertstate", "severity", "pillar", "source", "endpoint"),
    ),
}


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    help: str
    unit: Unit
    labels: Labels


@cache
def known() -> Mapping[str, Family]:
    return {family.name: family for family in _all()}


def family(name: str) -> Family:
    try:
        return known()[name]
    except KeyError:
        raise LookupError(
            f"{name}: no such family; expected one that exporter, Prometheus or Alertmanager has"
        ) from None


def unit_of(name: str) -> Unit:
    """By its suffix, as the naming rules want it."""
    plain = name.removesuffix("_total").removesuffix("_lower_bound").removesuffix("_upper_bound")
    if plain.endswith("_points_lost"):
        return Unit.SCORE
    fitting = [unit for unit in Unit if unit.suffix and plain.endswith(f"_{unit.suffix}")]
    return max(fitting, key=lambda unit: len(unit.suffix), default=Unit.NONE)


def _all() -> Iterator[Family]:
    for metric in catalogue.metrics():
        labels = {name: values if isinstance(values, tuple) else None for name, values in metric.labels.items()}
        yield Family(metric.name, metric.help, metric.unit, labels)
    for declared in inventory.PRODUCT:
        yield from _declared(declared)
    for exposed in collected(process_collectors()):
        yield Family(exposed.name, exposed.help, unit_of(exposed.name), {})
    for name, (text, names) in _NEIGHBOURS.items():
        yield Family(name, text, unit_of(name), dict.fromkeys(names))


def _declared(declared: Declared) -> Iterator[Family]:
    """A histogram is three families for a query."""
    unit, labels = unit_of(declared.name), dict.fromkeys(declared.labels)
    for name in sample_names(declared.name, declared.kind):
        extra = {"le": None} if name.endswith("_bucket") else {}
        yield Family(name, declared.help, unit, {**labels, **extra})
