"""What docs/alerting-rules.md says of alerts and their tests, as far as no other test has it; and that it is shown."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from typing import Any

import promql_parser as promql
import pytest
import yaml

from prometheus.generator.model import Alert, load, minutes
from tests.contract import shapes
from tests.contract.rules import Rule, alerts, nodes
from tests.contract.test_rules import every_alert, every_rule
from tests.machine import ROOT

PAGE = ROOT / "docs" / "alerting-rules.md"
ROW = re.compile(r"^\| ([ARTM]\d+) \| .* \| (.*) \|$", re.MULTILINE)
SHOWN = re.compile(r"`(\S+): (\w+)`")
NUMBERS = {"A": 16, "R": 10, "T": 5, "M": 10}
WATCHED = {
    "BtcHealthExporterDown": "up",
    "BtcHealthExporterAbsent": "up",
    "BtcHealthConfigReloadFailed": "btchealth_exporter_config_last_reload_successful",
    "BtcHealthRuleEvaluationFailing": "prometheus_rule_evaluation_failures_total",
    "BtcHealthNotificationsFailing": "alertmanager_notifications_failed_total",
}
# (short window, long window): how many times as fast as the budget allows. Site Reliability Workbook, chapter 5.
BURNS = {("5m", "1h"): "14.4", ("30m", "6h"): "6", ("2h", "1d"): "3", ("6h", "3d"): "1"}
ADVICE = re.compile(r"\b(buy|sell|invest\w*|undervalued|overvalued|bullish|bearish|profit\w*)\b", re.IGNORECASE)
NEVER_TOLD = {"none"}


def declared() -> list[Alert]:
    return [alert for group in load().groups for alert in group.alerts]


@cache
def unit_tests(name: str) -> tuple[dict[str, Any], ...]:
    document = yaml.load((ROOT / "prometheus" / "tests" / "alerts" / f"{name}.yml").read_text(), yaml.CSafeLoader)
    return tuple(document["tests"])


def firing(test: dict[str, Any]) -> dict[int, bool]:
    return {minutes(check["eval_time"]): "exp_alerts" in check for check in test["alert_rule_test"]}


def test_every_convention_is_shown_by_tests_that_exist() -> None:
    rows = dict(ROW.findall(PAGE.read_text()))
    assert list(rows) == [f"{letter}{number}" for letter, last in NUMBERS.items() for number in range(1, last + 1)]
    for name, cell in rows.items():
        shown = SHOWN.findall(cell)
        assert shown, name
        for file, function in shown:
            tree = ast.parse((ROOT / "tests" / file).read_text())
            assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (name, file)


@pytest.mark.parametrize("alert", declared(), ids=lambda alert: alert.name)
def test_every_alert_says_whom_it_hurts_and_what_to_do(alert: Alert) -> None:
    assert all(len(text.split()) >= 3 for text in (alert.meaning, alert.impact))
    assert alert.diagnosis
    idle = alert.mitigation.startswith("None. It is shown")
    assert not idle or alert.severity == "info", "nobody is woken up for nothing"


def test_the_way_from_the_exporter_to_people_is_watched() -> None:
    found = {alert.name: alert for alert in alerts()}
    assert {name for name, family in WATCHED.items() if family not in found[name].expr} == set()
    assert found["BtcHealthWatchdog"].expr == "vector(1)"


@pytest.mark.parametrize("alert", declared(), ids=lambda alert: alert.name)
def test_a_multiple_of_a_fee_has_a_floor(alert: Alert) -> None:
    if re.search(r"\$\{\w*fee\w*_times\}|upper7d", alert.expr):
        assert re.search(r"> \$\{\w+_floor\}", alert.expr)


def test_burn_rates_are_those_of_the_workbook() -> None:
    burns = [alert.expr for alert in alerts() if "ErrorBudgetBurn" in alert.name]
    found = [re.findall(r"ratio_avg(\w+) > ([\d.]+) \* 0\.05", expr) for expr in burns]
    assert {(short, long): rate for (short, rate), (long, _) in found} == BURNS
    assert all(short[1] == long[1] for short, long in found)


@every_alert
def test_no_alert_gives_advice_on_the_market(alert: Rule) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{alert.name}.md").read_text() + str(alert.document["annotations"])
    assert ADVICE.findall(text) == []


@every_rule
def test_a_ratio_divides_sums(rule: Rule) -> None:
    """Never a sum or a mean of quotients."""
    for node in nodes(rule.expr):
        if isinstance(node, promql.AggregateExpr) and str(node.op) in {"sum", "avg"}:
            assert [one for one in shapes.operations(node.prettify()) if shapes.operator(one) == "/"] == []


@every_alert
def test_alert_has_tests_of_its_first_moment_and_of_one_evaluation_before_it(alert: Rule) -> None:
    if alert.document["labels"]["severity"] in NEVER_TOLD:
        return
    step = 1 if minutes(alert.document["for"]) < 30 else 5 if minutes(alert.document["for"]) < 180 else 10
    tests = [firing(test) for test in unit_tests(alert.name)]
    assert any(fires and at.get(minute - step) is False for at in tests for minute, fires in at.items())


@every_alert
def test_alert_has_tests_of_health_gaps_and_flapping(alert: Rule) -> None:
    if alert.document["labels"]["severity"] in NEVER_TOLD:
        return
    tests = unit_tests(alert.name)
    assert any(not any(firing(test).values()) for test in tests), "quiet on healthy data"
    assert any("_x" in str(test["input_series"]) or "stale" in str(test["input_series"]) for test in tests), "a gap"


@every_alert
def test_alert_is_expected_with_all_its_labels_and_annotations(alert: Rule) -> None:
    for test in unit_tests(alert.name):
        for check in test["alert_rule_test"]:
            for one in check.get("exp_alerts", []):
                assert alert.document["labels"].items() <= one["exp_labels"].items()
                assert one["exp_annotations"].keys() == alert.document["annotations"].keys()
                assert "{{" not in str(one)


def test_the_rules_are_tested_on_the_oldest_prometheus_too() -> None:
    said = subprocess.run(("make", "--dry-run", "torture"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "tools/monitoring oldest" in said
    assert "github.com/prometheus/prometheus v0.42.0" in (ROOT / "tools" / "oldest" / "go.mod").read_text()
