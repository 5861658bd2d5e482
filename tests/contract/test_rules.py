"""Rules, runbooks and links keep their promises to one another and to the exporter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import promql_parser as promql
import pytest
import yaml

from prometheus import build
from prometheus.generator.model import load, seconds
from scoring.methodology import METHOD
from tests.contract import families
from tests.contract.rules import Rule, Selector, alerts, nodes, records, selectors
from tests.machine import ROOT

HEADINGS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
PILLARS = {pillar.id for pillar in METHOD.pillars}
DASHBOARDS = {"overview", *PILLARS, "sources", "exporter", "alerts", "history"}
COMPARISONS = {"==", "!=", "<=", "<", ">=", ">"}
SCORES = re.compile(r"btchealth_(overall|pillar|indicator)_")
QUERY_IN_TEMPLATE = re.compile(r'printf "([^"]+)"|query "([^"]+)"')


def named(rules: tuple[Rule, ...]) -> list[object]:
    return [pytest.param(rule, id=rule.name) for rule in rules]


every_alert = pytest.mark.parametrize("alert", named(alerts()))
every_rule = pytest.mark.parametrize("rule", named(alerts() + records()))


def test_the_committed_files_are_what_the_declarations_give(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().out


def test_there_are_at_least_52_alerts_each_with_its_own_name() -> None:
    names = [alert.name for alert in alerts()]
    assert len(names) >= 52
    assert len(set(names)) == len(names)


def test_no_two_records_share_a_name_and_each_reads_only_earlier_ones_of_its_group() -> None:
    seen: dict[str, str] = {}
    for rule in records():
        for one in selectors(rule.expr):
            if one.name and ":" in one.name:
                assert seen.get(one.name) == rule.group, f"{rule.name} reads {one.name}"
        assert rule.name not in seen
        seen[rule.name] = rule.group


@pytest.mark.parametrize("record", named(records()))
def test_record_is_named_level_metric_operations(record: Rule) -> None:
    level, metric, operations = record.name.split(":")
    assert re.fullmatch(r"job(_(pillar|source|endpoint|indicator))*", level)
    assert metric.startswith("btchealth_")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", operations)


@every_alert
def test_alert_is_labelled_and_described(alert: Rule) -> None:
    document = alert.document
    labels, notes = document["labels"], document["annotations"]
    assert re.fullmatch(r"BtcHealth([A-Z][a-z0-9]*|[0-9]+h)+", alert.name)
    assert labels["severity"] in {"critical", "warning", "info", "none"}
    assert labels.get("pillar", "security") in PILLARS
    assert not [value for value in labels.values() if "{{" in value]
    assert re.fullmatch(r"[A-Z][^{}]*\.", notes["summary"])
    assert notes["description"].endswith((".", "}}"))
    assert set(notes) == {"summary", "description", "runbook_url", "dashboard_url"}


@every_alert
def test_alert_waits_for_five_minutes(alert: Rule) -> None:
    waits = seconds(alert.document.get("for"))
    assert waits >= 300 or alert.document["labels"]["severity"] == "none"


@every_alert
def test_alert_links_to_a_runbook_and_a_dashboard_that_exist(alert: Rule) -> None:
    notes = alert.document["annotations"]
    page = notes["runbook_url"].rpartition("/")[2]
    assert page == f"{alert.name}.html"
    runbook = ROOT / "docs" / "runbooks" / f"{alert.name}.md"
    assert [line for line in runbook.read_text().splitlines() if line.startswith("## ")] == HEADINGS
    served = (ROOT / "prometheus" / "consoles" / page).read_text()
    assert [f"## {heading}" for heading in re.findall("<h2>(.*)</h2>", served)] == HEADINGS
    assert notes["dashboard_url"].rpartition("/")[2].removeprefix("btchealth-") in DASHBOARDS


def test_every_dashboard_that_alerts_link_to_is_there() -> None:
    uids = {json.loads(file.read_text())["uid"] for file in (ROOT / "grafana" / "dashboards").glob("**/*.json")}
    linked = {alert.document["annotations"]["dashboard_url"].rpartition("/")[2] for alert in alerts()}
    assert linked - uids == set()


@every_alert
def test_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(alert: Rule) -> None:
    document = yaml.safe_load((ROOT / "prometheus" / "tests" / "alerts" / f"{alert.name}.yml").read_text())
    checks = [check for test in document["tests"] for check in test["alert_rule_test"]]
    assert {check["alertname"] for check in checks} == {alert.name}
    assert any("exp_alerts" in check for check in checks)
    assert any("exp_alerts" not in check for check in checks) or alert.document["labels"]["severity"] == "none"


@every_alert
def test_alert_that_fires_on_data_that_may_vanish_outlives_the_gap(alert: Rule) -> None:
    if alert.document["labels"].get("pillar") and alert.document["labels"]["severity"] != "info":
        assert seconds(alert.document.get("keep_firing_for")) >= 600


@every_rule
def test_every_selector_can_match_something_the_exporter_shows(rule: Rule) -> None:
    assert [line for one in selectors(rule.expr) for line in families.mistakes(one)] == []


@every_alert
def test_queries_inside_a_description_can_match_something(alert: Rule) -> None:
    for printed, asked in QUERY_IN_TEMPLATE.findall(alert.document["annotations"]["description"]):
        text = (printed or asked).replace("%q", '".*"')
        if "(" in text:
            assert [line for one in selectors(text) for line in families.mistakes(one)] == []


def runbook_queries() -> Iterator[object]:
    for file in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        for number, expr in enumerate(re.findall(r"```promql\n(.*?)```", file.read_text(), re.DOTALL), 1):
            yield pytest.param(expr, id=f"{file.stem}-{number}")


@pytest.mark.parametrize("expr", list(runbook_queries()))
def test_every_query_of_a_runbook_can_match_something(expr: str) -> None:
    assert [line for one in selectors(expr) for line in families.mistakes(one)] == []


def test_a_selector_that_nothing_matches_is_found() -> None:
    wrong = (
        Selector("btchealth_no_such_metric", ()),
        Selector("btchealth_pillar_score", (("colour", "MatchOp.Equal", "blue"),)),
        Selector("btchealth_hashrate_hashes_per_second", (("window", "MatchOp.Equal", "9d"),)),
        Selector("btchealth_source_up", (("source", "MatchOp.Re", "nobody|nothing"),)),
        Selector(None, (("__name__", "MatchOp.Re", "btchealth_nothing.*"),)),
    )
    assert [len(families.mistakes(one)) for one in wrong] == [1] * len(wrong)


@every_alert
def test_alert_says_which_sources_it_needs(alert: Rule) -> None:
    labels = alert.document["labels"]
    stated = {name.removeprefix("needs_") for name in labels if name.startswith("needs_")}
    names = {one.name or "" for one in selectors(alert.expr)}
    needed = frozenset().union(*(families.sources_of(name) for name in names))
    assert stated <= set(families.SOURCES)
    if labels.get("pillar"):
        assert stated, "a domain alert must be muted by the loss of its source"
    assert needed <= stated
    if not any(SCORES.search(name) for name in names) and needed:
        assert stated == needed


@every_alert
def test_alert_compares_and_does_not_pick_the_largest(alert: Rule) -> None:
    parsed = nodes(alert.expr)
    comparisons = [
        node for node in parsed if isinstance(node, promql.BinaryExpr) and str(node.op).split()[0] in COMPARISONS
    ]
    absent = [node for node in parsed if isinstance(node, promql.Call) and node.func.name == "absent"]
    assert comparisons or absent or alert.document["labels"]["severity"] == "none"
    assert not [
        node for node in parsed if isinstance(node, promql.AggregateExpr) and str(node.op) in {"topk", "bottomk"}
    ]


@every_rule
def test_aggregation_keeps_the_job(rule: Rule) -> None:
    for node in nodes(rule.expr):
        if isinstance(node, promql.AggregateExpr):
            assert node.modifier is not None
            assert node.modifier.type == promql.AggModifierType.Without
            assert "job" not in node.modifier.labels


@every_rule
def test_rate_is_taken_of_counters_and_of_nothing_else(rule: Rule) -> None:
    rated = []
    for node in nodes(rule.expr):
        if isinstance(node, promql.Call) and node.func.name in {"rate", "increase", "irate"}:
            rated += [one.name for argument in node.args for one in selectors(str(argument.prettify()))]
    counters = [one.name for one in selectors(rule.expr) if one.name and one.name.endswith("_total")]
    assert sorted(name or "" for name in rated) == sorted(counters)


def test_numbers_stated_twice_are_the_same() -> None:
    thresholds = load().thresholds
    config = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    limits = {one["job_name"]: one.get("sample_limit") for one in config["scrape_configs"]}
    assert limits["btc-health"] == thresholds["series_limit"].value
    assert METHOD.cap == thresholds["pillar_cap_points"].value
    assert thresholds["freshness_budget_ratio"].value == pytest.approx(
        1 - thresholds["freshness_objective_ratio"].value
    )


def test_every_threshold_is_used() -> None:
    folder = ROOT / "prometheus" / "declarations"
    used = {name for file in folder.glob("*.yml") for name in re.findall(r"\$\{(\w+)\}", file.read_text())}
    assert load().thresholds.keys() - used == set()
