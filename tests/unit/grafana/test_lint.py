"""The rules of dashboard-linter, which cannot be installed here, under its names, and those of our own."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from grafana.generator import colours
from tests.contract.rules import alerts, nodes
from tests.dashboards import dashboards, filled, marks, named_panels, panels, targets
from tests.machine import ROOT

Dashboard = Mapping[str, Any]

# Queries that do not choose job or instance, with the reason (rule G10).
WITHOUT_JOB = {
    r"^label_replace\(vector\(": "days that are written down, no series",
    r"prometheus_notifications|alertmanager_notifications|prometheus_rule_evaluation": "Prometheus and Alertmanager",
    r"\bALERTS\b": "alerts about Prometheus and Alertmanager have their jobs, and the watchdog has none",
}
WITHOUT_INSTANCE = {
    **WITHOUT_JOB,
    r"\bjob(_\w+)?:": "a recording rule has merged the replicas",
}
KINDS = {"timeseries", "stat", "gauge", "bargauge", "table", "state-timeline", "alertlist"}
WITHOUT_FIELDS = {"alertlist"}  # shows rules, not values
COLUMNS, ROW = 24, 38  # of Grafana's grid; a line of it is 30 pixels and a gap
BY_SERIES = re.compile(r"(by|without) \((?P<labels>[^)]*)\)")


def provisioned() -> dict[str, Any]:
    file = ROOT / "grafana" / "provisioning" / "datasources" / "btc-health.yml"
    sources = yaml.safe_load(file.read_text())["datasources"]
    return next(one for one in sources if one.get("isDefault"))


def variables(dashboard: Dashboard) -> dict[str, Any]:
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def excused(expr: str, reasons: Mapping[str, str]) -> bool:
    return any(re.search(pattern, expr) for pattern in reasons)


def template_datasource(dashboard: Dashboard) -> Iterator[str]:
    one = variables(dashboard).get("datasource", {})
    if (one.get("type"), one.get("query"), one.get("label")) != ("datasource", "prometheus", "Data source"):
        yield f"datasource: {one}"
    if one["current"]["value"] != provisioned()["uid"]:
        yield f"datasource: {one['current']} is not what is provisioned"


def template_job_and_instance(dashboard: Dashboard) -> Iterator[str]:
    """Other than dashboard-linter wants, "all" is not `.+`.

    All jobs are those of the exporter by name, because others have `up` too; series filled in from history have no
    instance, and `.*` takes them as well.
    """
    for name, label, everything in (("job", "Job", None), ("instance", "Instance", ".*")):
        one = variables(dashboard).get(name, {})
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": everything}
        if {key: one.get(key) for key in wanted} != wanted or one["query"]["qryType"] != 1:
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
    """Says why; where it takes the size of a number, in a word or two."""
    lengths = {"stat": (2, 14), "gauge": (2, 14), "bargauge": (2, 32)}
    for panel in panels(dashboard):
        if panel["type"] not in WITHOUT_FIELDS:
            shortest, longest = lengths.get(panel["type"], (10, 80))
            if not shortest <= len(panel["fieldConfig"]["defaults"].get("noValue", "")) <= longest:
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


def panels_fill_the_grid(dashboard: Dashboard) -> Iterator[str]:
    """No two at one place, and no gap: neither on the page nor in a closed row."""
    closed = (one["panels"] for one in dashboard["panels"] if one["type"] == "row" and one["collapsed"])
    for shown in (dashboard["panels"], *closed):
        taken: Counter[tuple[int, int]] = Counter()
        for panel in shown:
            at = panel["gridPos"]
            if at["x"] + at["w"] > COLUMNS or at["w"] < 3 or (at["h"] < 4 and panel["type"] != "row"):
                yield f"{panel['title']}: {at}"
            taken.update((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"]))
        yield from (f"two panels at {cell}" for cell, number in taken.items() if number > 1)
        lines = {y for _, y in taken}
        yield from (f"nothing at {x}, {y}" for y in sorted(lines) for x in range(COLUMNS) if (x, y) not in taken)


def pages_are_short(dashboard: Dashboard) -> Iterator[str]:
    """What is open takes less than three screens of a thousand pixels; the rest waits in closed rows."""
    lowest = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"])
    if lowest * ROW > 3000:
        yield f"{lowest} lines of {ROW} pixels"


def legends_leave_room(dashboard: Dashboard) -> Iterator[str]:
    """A plain list of names below; a table beside a graph takes half of a phone's width."""
    for panel in panels(dashboard):
        legend = panel.get("options", {}).get("legend", {"showLegend": False})
        if legend["showLegend"] and (legend["placement"], legend["displayMode"], legend["calcs"]) != (
            "bottom", "list", []
        ):  # fmt: skip
            yield panel["title"]


def numbers_are_of_now(dashboard: Dashboard) -> Iterator[str]:
    """A query over time ends with the last value there was, which Grafana would show as if it were the present one."""
    for panel in panels(dashboard):
        over_time = panel["type"] in {"timeseries", "state-timeline"}
        for target in panel.get("targets", []):
            if (bool(target.get("instant")), bool(target.get("range"))) != (not over_time, over_time):
                yield f"{panel['title']} {target['refId']}"


def timelines_show_what_is_short(dashboard: Dashboard) -> Iterator[str]:
    """The extreme of each step instead of its last value, in the colours of the mappings, with a legend for them."""
    for panel in panels(dashboard):
        if panel["type"] == "state-timeline":
            defaults, legend = panel["fieldConfig"]["defaults"], panel["options"]["legend"]
            # With colours by threshold Grafana merges values by threshold and forgets the mappings.
            if defaults["color"]["mode"] == "thresholds" or not defaults["mappings"] or not legend["showLegend"]:
                yield f"{panel['title']}: colours and texts"
            for target in panel["targets"]:
                if "_over_time(" not in target["expr"] or "[$__interval]" not in target["expr"]:
                    yield f"{panel['title']}: {target['expr']}"
                if target["interval"] not in {"1m", "1d"}:
                    yield f"{panel['title']}: a step of {target['interval']} may hold no sample"


def nothing_is_not_shown_as_bad(dashboard: Dashboard) -> Iterator[str]:
    """Where nothing is, Grafana takes the colour of the lowest threshold, which is that of bad in a score."""
    for panel in panels(dashboard):
        if panel["type"] in {"stat", "gauge", "bargauge"}:
            defaults = panel["fieldConfig"]["defaults"]
            said = [one["options"] for one in defaults["mappings"] if one["type"] == "special"]
            if [(one["match"], one["result"]["text"]) for one in said] != [("null+nan", defaults["noValue"])]:
                yield panel["title"]


def columns_of_tables(dashboard: Dashboard) -> Iterator[str]:
    """Every label that a query keeps is named or hidden, labels are text, and an empty cell is short."""
    for panel in panels(dashboard):
        if panel["type"] != "table":
            continue
        changed = {one["matcher"]["options"]: one["properties"] for one in panel["fieldConfig"]["overrides"]}
        excluded = {
            name
            for one in panel["transformations"]
            if one["id"] == "organize"
            for name in one["options"]["excludeByName"]
        }
        kept = {name for target in panel["targets"] for name in labels_of(target["expr"])}
        yield from (f"{panel['title']}: column {name}" for name in kept - changed.keys() - excluded)
        if changed.get(".*") != [{"id": "noValue", "value": "-"}]:
            yield f"{panel['title']}: empty cells"
        for name in kept & changed.keys():
            if {"id": "unit", "value": "string"} not in changed[name]:
                yield f"{panel['title']}: {name} may be taken for a number"


def labels_of(expr: str) -> set[str]:
    """What the outermost aggregation keeps, and the label that is made around it."""
    grouped = re.search(r"\b(?:max|min|sum|count) by \(([^)]*)\)", expr)
    made = re.findall(r'label_(?:replace|join)\(.*"(place)"', expr)
    return set(grouped[1].split(", ") if grouped else ()) | set(made)


def labels_of_the_target_are_left_out(dashboard: Dashboard) -> Iterator[str]:
    """In Kubernetes they would be columns and parts of legends: namespace, service, container, endpoint."""
    for target in targets():
        if target.where.startswith(f"{dashboard['uid']}:") and re.search(r"\bwithout \(", target.raw):
            yield target.where


def switches_fit_on_a_phone(dashboard: Dashboard) -> Iterator[str]:
    shown = [one["name"] for one in dashboard["annotations"]["list"] if not one["hide"]]
    if len(shown) > 2:
        yield f"{shown}: rare ones need no switch"


def money_has_one_format(dashboard: Dashboard) -> Iterator[str]:
    """And the price of one bitcoin another, which is not shortened; ten years of it stand on an axis of powers."""
    for panel in panels(dashboard):
        fields = json.dumps(panel.get("fieldConfig", {}))
        if "$" in re.sub(r"\$\{?_*\w+", "", fields.replace('"prefix:$"', "")):
            yield panel["title"]
        queries = [target["expr"] for target in panel.get("targets", [])]
        price = any(re.search(r"btchealth_price_(consensus_)?usd\b", expr) for expr in queries)
        if ('"prefix:$"' in fields) is not (price and dashboard["uid"] != "btchealth-history"):
            yield panel["title"]


def no_line_has_the_colour_of_what_is_bad(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        if panel["type"] == "timeseries":
            fixed = [
                each["value"].get("fixedColor")
                for one in panel["fieldConfig"]["overrides"]
                for each in one["properties"]
                if each["id"] == "color"
            ]
            if colours.BAD in fixed or (len(set(fixed)) < len(fixed) and not dashed_or_grey(panel, fixed)):
                yield f"{panel['title']}: {fixed}"


def dashed_or_grey(panel: Mapping[str, Any], fixed: list[str]) -> bool:
    """Bounds share grey; when colours are used up, lines are dashed."""
    repeated = [colour for colour, number in Counter(fixed).items() if number > 1]
    return repeated == [colours.GREY] or "custom.lineStyle" in json.dumps(panel["fieldConfig"]["overrides"])


def titles_are_not_cut(dashboard: Dashboard) -> Iterator[str]:
    """On a screen of 1,366 pixels, at eight pixels a letter."""
    for panel in panels(dashboard):
        if len(panel["title"]) * 8 > panel["gridPos"]["w"] * 1366 / COLUMNS - 16:
            yield f"{panel['title']} on {panel['gridPos']['w']} columns"


def thresholds_start_from_nothing(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        fields = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        changed = (
            one["value"] for each in fields["overrides"] for one in each["properties"] if one["id"] == "thresholds"
        )
        for one in (fields["defaults"].get("thresholds"), *changed):
            values: list[Any] = [step["value"] for step in one["steps"]] if one else [None]
            first, *others = values
            if first is not None or others != sorted(others):
                yield f"{panel['title']}: {first}, {others}"


def annotations_have_targets(dashboard: Dashboard) -> Iterator[str]:
    for one in dashboard["annotations"]["list"]:
        if not one["target"]["expr"] or not one["target"]["refId"] or "expr" in one or not one["titleFormat"]:
            yield one["name"]


def links_lead_somewhere(dashboard: Dashboard) -> Iterator[str]:
    known = {one["uid"] for one in dashboards()}
    text = json.dumps(dashboard)
    for uid in re.findall(r"/d/(btchealth-\w+)", text):
        if uid not in known:
            yield f"/d/{uid}"
    names = {rule.name for rule in alerts()}
    for name in re.findall(r"consoles/(BtcHealth\w+)\.html", text):
        if name not in names or not (ROOT / "docs" / "runbooks" / f"{name}.md").is_file():
            yield f"runbook {name}"
    if dashboard["uid"] != "btchealth-overview" and "btchealth-overview" not in onward(dashboard):
        yield "no way back to the overview"
    if len(dashboard["links"]) > 4:
        yield "the line of links wraps"


def links_keep_time_and_variables(dashboard: Dashboard) -> Iterator[str]:
    for link in dashboard["links"]:
        # Ten years are the range of one dashboard only, which has no other.
        kept = "btchealth-history" not in {dashboard["uid"], link.get("url", "").removeprefix("/d/")}
        if link["keepTime"] is not kept or not link["includeVars"]:
            yield f"{link['title']}: time and variables"
    if re.search(r"/d/btchealth-history\?[^\"]*url_time_range", json.dumps(dashboard)):
        yield "a link takes its time to the history"


def onward(dashboard: Dashboard) -> set[str]:
    """Uids behind the links above the panels; a list of dashboards holds those that have its tags."""
    found = {link["url"].removeprefix("/d/") for link in dashboard["links"] if link["type"] == "link"}
    lists = [set(link["tags"]) for link in dashboard["links"] if link["type"] == "dashboards"]
    return found | {one["uid"] for one in dashboards() for tags in lists if tags <= set(one["tags"])}


RULES: tuple[Callable[[Dashboard], Iterator[str]], ...] = (
    template_datasource, template_job_and_instance, template_on_time_change_reload, frame, panel_datasource,
    panel_title_description, panel_units, panel_no_value, panel_kind_is_not_deprecated, panel_is_not_stacked,
    panels_fill_the_grid, pages_are_short, legends_leave_room, titles_are_not_cut, thresholds_start_from_nothing,
    annotations_have_targets, links_lead_somewhere, links_keep_time_and_variables, numbers_are_of_now,
    timelines_show_what_is_short,
    nothing_is_not_shown_as_bad, columns_of_tables, labels_of_the_target_are_left_out, switches_fit_on_a_phone,
    money_has_one_format, no_line_has_the_colour_of_what_is_bad,
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
            # A number of now that must say what an alert says has the alert's window.
            alert = {"15m"} if "How many notifications fail?" in target.where else set()
            assert span in {"$__rate_interval", "$__range", *alert}, target.where
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
    assert onward(overview) | {"btchealth-overview"} == {one["uid"] for one in dashboards()}


def test_colours_come_from_the_palette() -> None:
    palette = {value for name, value in vars(colours).items() if name.isupper() and isinstance(value, str)}
    for where, panel in named_panels():
        used = set(re.findall(r"#[0-9A-Fa-f]{6}\b", json.dumps(panel)))
        assert used <= palette, where


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(ValueError, match="other"):
        filled("up{job=~'$other'}")
