"""Every metric and label in every query of every dashboard exists, or the panel could only be empty."""

from __future__ import annotations

import re

import pytest

from exporter import catalogue
from exporter.exposition import inventory
from exporter.exposition.process import collected, process_collectors
from exporter.spec import Group
from scoring.methodology import METHOD
from tests.contract import families
from tests.contract.rules import Selector, alerts, selectors
from tests.dashboards import dashboards, filled, marks, targets

PROCESS = {family.name for family in collected(process_collectors())}
ALERT_LABELS = {"alertname", "alertstate", "job"} | {label for rule in alerts() for label in rule.document["labels"]}


def each(expr: str) -> list[Selector]:
    """Selectors of the expression; one that takes families by a list of names stands for each of them."""
    return [one for selector in selectors(expr) for one in _by_name(selector)]


def _by_name(selector: Selector) -> list[Selector]:
    listed = [value for name, _, value in selector.labels if name == "__name__"]
    if selector.name or not listed:
        return [selector]
    labels = tuple(one for one in selector.labels if one[0] != "__name__")
    return [Selector(name, labels) for name in listed[0].split("|")]


def mistakes(selector: Selector) -> list[str]:
    if selector.name in PROCESS:
        return []
    if selector.name == "ALERTS":
        return [f"ALERTS: no label {name}" for name, _, _ in selector.labels if name not in ALERT_LABELS]
    # A histogram is declared once and has three families.
    histogram = re.sub(r"_(bucket|sum|count)$", "", selector.name or "")
    if histogram in families.known():
        return families.mistakes(Selector(histogram, tuple(one for one in selector.labels if one[0] != "le")))
    return families.mistakes(selector)


@pytest.mark.parametrize("uid", [one["uid"] for one in dashboards()])
def test_what_queries_of_the_dashboard_select_exists(uid: str) -> None:
    queries = [one for one in (*targets(), *marks()) if one.where.startswith(f"{uid}:")]
    found = [(one.where, line) for one in queries for selector in each(one.expr) for line in mistakes(selector)]
    assert queries
    assert not found


def test_what_variables_list_exists() -> None:
    for dashboard in dashboards():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                listed = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                assert listed, variable["query"]
                (selector,) = selectors(filled(listed[1]))
                assert not mistakes(selector)
                assert listed[2] in {"job", "instance"} | families.known()[selector.name or ""].keys()


@pytest.mark.parametrize(
    "selector",
    [
        Selector("btchealth_no_such_family", ()),
        Selector("btchealth_mempool_vbytes", (("window", "=", "24h"),)),
        Selector("btchealth_hashrate_hashes_per_second", (("window", "=", "2y"),)),
        Selector("ALERTS", (("colour", "=", "red"),)),
    ],
    ids=str,
)
def test_what_does_not_exist_is_found(selector: Selector) -> None:
    assert mistakes(selector)


def test_every_series_that_a_score_reads_is_on_the_dashboard_of_its_pillar() -> None:
    by_uid = {one["uid"]: str(one) for one in dashboards()}
    for pillar in METHOD.pillars:
        for indicator in pillar.indicators:
            for selector in indicator.quantity.selectors:
                assert selector.partition("{")[0] in by_uid[f"btchealth-{pillar.id}"], indicator.id


@pytest.mark.parametrize("group", list(Group))
def test_every_family_has_a_panel_or_a_reason_to_have_none(group: Group) -> None:
    shown = {selector.name for target in targets() for selector in each(target.expr)}
    hidden = [m.name for m in catalogue.metrics() if m.group is group and m.name not in shown and not m.raw_only]
    assert not hidden


def test_every_family_about_the_product_has_a_panel() -> None:
    asked = {selector.name or "" for target in (*targets(), *marks()) for selector in selectors(target.expr)}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert not [declared.name for declared in inventory.PRODUCT if declared.name not in shown]
