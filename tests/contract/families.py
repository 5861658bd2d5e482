"""What can be selected in Prometheus: the exporter's families, our records, and what Prometheus itself adds."""

from __future__ import annotations

import re
from functools import cache

from exporter import catalogue
from exporter.derived import DERIVED, FROM_DAYS
from exporter.exposition import inventory
from exporter.sources import registry
from exporter.spec import Metric
from tests.contract.rules import Selector, records, selectors

TARGET = frozenset({"job", "instance", "pod"})
SOURCES = tuple(source.name for source in registry.SOURCES)

# Families of the programs beside the exporter that rules and runbooks may use, with the labels they may select by.
FOREIGN: dict[str, frozenset[str]] = {
    name: frozenset(labels.split())
    for name, labels in {
        "up": "",
        "scrape_duration_seconds": "",
        "scrape_samples_post_metric_relabeling": "",
        "process_cpu_seconds_total": "",
        "process_start_time_seconds": "",
        "prometheus_config_last_reload_success_timestamp_seconds": "",
        "prometheus_notifications_alertmanagers_discovered": "",
        "prometheus_notifications_errors_total": "alertmanager",
        "prometheus_notifications_sent_total": "alertmanager",
        "prometheus_rule_evaluation_failures_total": "rule_group",
        "prometheus_rule_group_interval_seconds": "rule_group",
        "prometheus_rule_group_last_duration_seconds": "rule_group",
        "prometheus_rule_group_last_evaluation_timestamp_seconds": "rule_group",
        "alertmanager_notifications_failed_total": "integration reason receiver_name",
        "alertmanager_notifications_total": "integration receiver_name",
    }.items()
}

Labels = dict[str, tuple[str, ...] | None]


@cache
def known() -> dict[str, Labels]:
    """Family name to label names, each with its closed list of values or None."""
    found: dict[str, Labels] = {name: dict.fromkeys(labels) for name, labels in FOREIGN.items()}
    for declared in inventory.PRODUCT:
        labels: Labels = dict.fromkeys(declared.labels)
        if "source" in labels:
            labels["source"] = SOURCES
        found[declared.name] = labels
    for metric in catalogue.metrics():
        found[metric.name] = {
            label: values if isinstance(values, tuple) else None for label, values in metric.labels.items()
        }
    for rule in records():
        found[rule.name] = {label: None for one in selectors(rule.expr) for label in found.get(one.name or "", {})}
    return found


def mistakes(selector: Selector) -> list[str]:
    """Why nothing can match the selector; empty where something can."""
    if selector.name is None:
        return [
            f"__name__ {value!r} matches nothing"
            for name, _, value in selector.labels
            if name == "__name__" and not any(re.fullmatch(value, family) for family in known())
        ]
    name = selector.name
    if name not in known():
        return [f"{name}: no such family or record"]
    return [line for label in selector.labels for line in label_mistakes(name, *label)]


def label_mistakes(name: str, label: str, operator: str, value: str) -> list[str]:
    if label in TARGET:
        return []
    if label not in known()[name]:
        return [f"{name}: no label {label}, only {', '.join(sorted(known()[name])) or 'none'}"]
    closed = known()[name][label]
    if closed is None:
        return []
    matches = [one for one in closed if (re.fullmatch(value, one) if "Re" in operator else value == one)]
    return [] if matches else [f"{name}: {label} is never {value!r}, only one of {', '.join(closed)}"]


def sources_of(name: str) -> frozenset[str]:
    """The sources without which the family has no value; none where several can give it."""
    for rule in records():
        if rule.name == name:
            return frozenset().union(*(sources_of(one.name or "") for one in selectors(rule.expr)))
    for metric in catalogue.metrics():
        if metric.name == name:
            return _sources_of_metric(metric)
    return frozenset()


def _sources_of_metric(metric: Metric) -> frozenset[str]:
    direct = {source.name for source, _, _ in registry.origins().get(metric, ())}
    if direct:
        return frozenset(direct) if len(direct) == 1 else frozenset()
    if derived := [one for one in DERIVED if one.metric is metric]:
        needed = [_sources_of_choices(one.inputs) for one in derived]
        return frozenset.intersection(*needed)
    days = [frozenset(source for source, _ in one.endpoints) for one in FROM_DAYS if one.metric is metric]
    return frozenset.intersection(*days) if days else frozenset()


def _sources_of_choices(inputs: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """An input with one choice needs that choice's sources; one with several can do without any of them."""
    return frozenset().union(*(sources_of(choice[0].partition("{")[0]) for choice in inputs if len(choice) == 1))
