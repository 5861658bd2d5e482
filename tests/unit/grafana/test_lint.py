"""The rules of dashboard-linter, which cannot be installed here, under its names, and those of our own."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from grafana.generator import colours
from tests.contract.rules import alerts, nodes
from tests.dashboards import dashboards, filled, marks, named_panels, panels, targets
from tests.machine import ROOT

Dashboard = Mapping[str, Any]

# Queries that do not choose job or instance, with the reason (rule G10).
WITHOUT_JOB = {
    r"^label_replace\(vector\(": "days that are written down, no series",
    r"prometheus_notifications|alertmanager_notifications|prometheus_rule_evaluation": "Prometheus and Alertmanager",
    r"^max\(ALERTS": "the watchdog has no job",
}
WITHOUT_INSTANCE = {
    **WITHOUT_JOB,
    r"\bjob(_\w+)?:": "a recording rule has merged the replicas",
    r"\bALERTS\b": "rules have merged the replicas",
}
KINDS = {"timeseries", "stat", "gauge", "bargauge", "table", "state-timeline", "alertlist"}
WITHOUT_FIELDS = {"alertlist"}  # shows rules, not values
BY_SERIES = re.compile(r"(by|without) \((?P<labels>[^)]*)\)")


def variables(dashboard: Dashboard) -> dict[str, Any]:
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def excused(expr: str, reasons: Mapping[str, str]) -> bool:
    return any(re.search(pattern, expr) for pattern in reasons)


def template_datasource(dashboard: Dashboard) -> Iterator[str]:
    one = variables(dashboard).get("datasource", {})
    if (one.get("type"), one.get("query"), one.get("label")) != ("datasource", "prometheus", "Data source"):
        yield f"datasource: {one}"


def template_job_and_instance(dashboard: Dashboard) -> Iterator[str]:
    """Other than dashboard-linter wants, "all" is `.*`: series filled in from history have no instance."""
    for name, label in (("job", "Job"), ("instance", "Instance")):
        one = variables(dashboard).get(name, {})
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": ".*"}
        if {key: one.get(key) for key in wanted} != wanted:
            yield f"{name}: {one}"


def template_on_time_change_reload(dashboard: Dashboard) -> Iterator[str]:
    yield from (name for name, one in variables(dashboard).items() if one["type"] == "query" and one["refresh"] != 2)


def frame(dashboard: Dashboard) -> Iterator[str]:
    if dashboard["id"] is not None or dashboard["editable"] or "__inputs" in dashboard:
        yield "wants id null, editable false and no __inputs"
    if not re.fullmatch(r"btchealth-[a-z]+", dashboard["uid"]):
        yield f"uid {dashboard['uid']}"
    if "btc-health" not in dashboard["tags"] or not dashboard["description"].rstrip(". ").strip():
        yield "wants the tag btc-health and a question as description"
    if dashboard["refresh"] not in {"1m", "1h"}:
        yield f"refresh {dashboard['refresh']}: faster than the data"


def panel_datasource(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        for one in (panel, *panel.get("targets", [])):
            if one["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                yield panel["title"]


def panel_title_description(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if not panel["title"].endswith(("?", ")")) or len(panel["title"]) > 90:
            yield f"{panel['title']}: a title asks a question of at most 90 letters"
        if not panel["description"].strip().endswith((".", "?", ")")) or len(panel["description"]) < 20:
            yield f"{panel['title']}: description {panel['description']!r}"
    titles = Counter(panel["title"] for panel in panels(dashboard))
    yield from (f"{title}: twice" for title, number in titles.items() if number > 1)


def panel_units(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] not in WITHOUT_FIELDS and not panel["fieldConfig"]["defaults"].get("unit"):
            yield panel["title"]


def panel_no_value(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] not in WITHOUT_FIELDS and len(panel["fieldConfig"]["defaults"].get("noValue", "")) < 10:
            yield panel["title"]


def panel_kind_is_not_deprecated(dashboard: Dashboard) -> Iterator[str]:
    yield from (f"{one['title']}: {one['type']}" for one in panels(dashboard) if one["type"] not in KINDS)


def panel_is_not_stacked(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if (
            panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {}).get("stacking", {}).get("mode", "none")
            != "none"
        ):
            yield panel["title"]


def panels_fit_the_grid(dashboard: Dashboard) -> Iterator[str]:
    taken: Counter[tuple[int, int]] = Counter()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        if at["x"] + at["w"] > 24 or at["w"] < 3 or (at["h"] < 4 and panel["type"] != "row"):
            yield f"{panel['title']}: {at}"
        taken.update((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"]))
    yield from (f"two panels at {cell}" for cell, number in taken.items() if number > 1)


def legends_do_not_overflow(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] == "timeseries" and panel["options"]["legend"]["placement"] != "bottom":
            yield panel["title"]
        if panel["type"] == "state-timeline" and panel["options"]["legend"]["showLegend"]:
            yield panel["title"]


def links_lead_somewhere(dashboard: Dashboard) -> Iterator[str]:
    known = {one["uid"] for one in dashboards()}
    text = json.dumps(dashboard)
    for uid in re.findall(r"/d/(btchealth-\w+)", text):
        if uid not in known:
            yield f"/d/{uid}"
    names = {rule.name for rule in alerts()}
    for name in re.findall(r"runbooks/(BtcHealth\w+)\.md", text):
        if name not in names or not (ROOT / "docs" / "runbooks" / f"{name}.md").is_file():
            yield f"runbook {name}"
    up = {link["url"] for link in dashboard["links"]}
    if dashboard["uid"] != "btchealth-overview" and "/d/btchealth-overview" not in up:
        yield "no way back to the overview"


RULES: tuple[Callable[[Dashboard], Iterator[str]], ...] = (
    template_datasource, template_job_and_instance, template_on_time_change_reload, frame, panel_datasource,
    panel_title_description, panel_units, panel_no_value, panel_kind_is_not_deprecated, panel_is_not_stacked,
    panels_fit_the_grid, legends_do_not_overflow, links_lead_somewhere,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one["uid"])
def test_the_dashboard_keeps_the_rule(rule: Callable[[Dashboard], Iterator[str]], dashboard: Dashboard) -> None:
    assert not list(rule(dashboard))


def test_every_query_can_be_parsed() -> None:
    for target in (*targets(), *marks()):
        assert nodes(target.expr), target.where


def test_every_query_chooses_job_and_instance_or_is_excused_with_a_reason() -> None:
    without_job = [
        target.where
        for target in (*targets(), *marks())
        if not re.search(r'job=~"\|?\$job"', target.raw) and not excused(target.raw, WITHOUT_JOB)
    ]
    without_instance = [
        target.where
        for target in (*targets(), *marks())
        if 'instance=~"$instance"' not in target.raw and not excused(target.raw, WITHOUT_INSTANCE)
    ]
    assert (without_job, without_instance) == ([], [])


def test_rates_follow_the_scrape_interval_and_counters_stand_under_one() -> None:
    for target in targets():
        for span in re.findall(r"(?:rate|increase)\([^\[]*\[([^\]]*)\]", target.raw):
            assert span in {"$__rate_interval", "$__range"}, target.where
        for call in re.findall(r"([\w.]+)\((?:[a-z]\w*_total)\{", target.raw):
            assert call in {"rate", "increase"}, target.where


def test_all_dashboards_of_the_contract_are_there_with_different_titles() -> None:
    pillars = {"security", "decentralization", "throughput", "adoption", "lightning"}
    wanted = {f"btchealth-{one}" for one in pillars | {"overview", "sources", "exporter", "alerts", "history"}}
    found = {one["uid"]: one["title"] for one in dashboards()}
    assert wanted <= found.keys()
    assert len(set(found.values())) == len(found)


def test_every_dashboard_can_be_reached_from_the_overview() -> None:
    overview = next(one for one in dashboards() if one["uid"] == "btchealth-overview")
    reached = {link["url"].removeprefix("/d/") for link in overview["links"]} | {"btchealth-overview"}
    assert reached == {one["uid"] for one in dashboards()}


def test_colours_come_from_the_palette() -> None:
    palette = {value for name, value in vars(colours).items() if name.isupper() and isinstance(value, str)}
    for where, panel in named_panels():
        used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", json.dumps(panel)))
        assert used <= palette, where


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(ValueError, match="other"):
        filled("up{job=~'$other'}")
