"""What pint checks without a server, over the parsed expressions of the shipped rules; its name stands above each.

Left out, because test_rules.py has it: `alerts/annotation`, `alerts/comparison`, `promql/aggregate`, `promql/counter`,
`promql/series`, `rule/duplicate`, `rule/dependency`, `rule/label`. Left out, because it asks a server: `alerts/count`,
`query/cost`. Left out, because we decided otherwise: `promql/fragile` dislikes `without` on both sides of an operator;
here the sides are known to have the same labels.
"""

from __future__ import annotations

import re

import promql_parser as promql
import pytest
import yaml

from exporter import catalogue
from prometheus.generator.model import seconds
from tests.contract import shapes
from tests.contract.rules import Rule, alerts, nodes, records
from tests.contract.test_rules import every_alert, every_rule, named
from tests.machine import ROOT

CONFIG = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
SCRAPE, EVALUATION = (seconds(CONFIG["global"][f"{name}_interval"]) for name in ("scrape", "evaluation"))
COMPOSE = (ROOT / "docker-compose.yml").read_text()
YEAR = 365 * 86400
RATES = {"rate", "increase", "irate", "delta", "deriv", "changes", "resets"}
# A mean of one reading is that reading.
MEANS = {"avg_over_time"}
# The label is a constant of the rule and of the one series that the expression chooses.
PINNED = re.compile(r'\{pillar="(?P<pillar>\w+)"\}')

# (what divides, why it is not zero), where neither a bound of the family nor a comparison says so.
DIVISORS = {
    "job:btchealth_fee_estimate_satoshis_per_vbyte:avg7d": "a week of fees at zero has no band",
    "job:btchealth_hashrate_estimate_hashes_per_second:avg7d": "a week without hash rate has no band",
    "job:btchealth_mempool_vbytes:avg7d": "a week of empty mempools has no band",
    "job:btchealth_nodes_reachable:avg7d": "a week without nodes has no band",
    "job:btchealth_block_interval_adjusted_seconds_per_target:ratio": "kept between two bounds",
    "job_source_endpoint:btchealth_endpoint_max_age_seconds:max": "a count of what is there is at least one",
    "alertmanager_notifications_total": "0 / 0 is no number, and no number is above a threshold",
    "prometheus_notifications_sent_total": "0 / 0 is no number, and no number is above a threshold",
}


def ranges(rule: Rule) -> list[tuple[str, str, float, float]]:
    """(function, family, seconds of the range, seconds of its offset) of each range in the expression."""
    calls = [node for node in nodes(rule.expr) if isinstance(node, promql.Call)]
    found = [(call.func.name, one) for call in calls for one in call.args if isinstance(one, promql.MatrixSelector)]
    return [
        (
            name, one.vector_selector.name or "", one.range.total_seconds(),
            one.vector_selector.offset.total_seconds() if one.vector_selector.offset else 0.0,
        )
        for name, one in found
    ]  # fmt: skip


# promql/vector_matching, promql/impossible
@every_rule
def test_two_sides_of_an_operator_have_the_labels_by_which_they_meet(rule: Rule) -> None:
    assert [shapes.unlike(node) for node in shapes.operations(rule.expr) if shapes.unlike(node)] == []


def test_two_sides_that_cannot_meet_are_found() -> None:
    wrong = (
        "btchealth_pillar_score > btchealth_overall_score",
        "btchealth_pillar_score - on (source) btchealth_overall_score",
        "btchealth_pillar_score and ignoring (job) btchealth_overall_score",
        "max without (instance) (up) == max without (instance, pod) (up)",
    )
    assert [len([one for one in shapes.operations(expr) if shapes.unlike(one)]) for expr in wrong] == [1] * len(wrong)


# rule/name
@pytest.mark.parametrize("record", named(records()))
def test_the_level_in_the_name_of_a_record_is_its_labels(record: Rule) -> None:
    assert shapes.labels_of(record.expr) == frozenset(record.name.partition(":")[0].split("_"))


# alerts/template
@every_alert
def test_a_description_names_only_labels_that_the_alert_has(alert: Rule) -> None:
    has = (shapes.labels_of(alert.expr) or frozenset()) | alert.document["labels"].keys()
    text = re.sub(r"\(or \$labels\.\w+|or \$labels\.\w+", "", alert.document["annotations"]["description"])
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= has


# labels/conflict
@every_alert
def test_no_label_of_a_rule_hides_one_of_the_series(alert: Rule) -> None:
    both = (shapes.labels_of(alert.expr) or frozenset()) & alert.document["labels"].keys()
    pinned = PINNED.search(alert.expr)
    assert {name: alert.document["labels"][name] for name in both} == (pinned.groupdict() if pinned else {})


# alerts/absent
@every_alert
def test_absence_is_believed_after_more_than_two_scrapes(alert: Rule) -> None:
    if "absent(" in alert.expr:
        assert seconds(alert.document["for"]) > 2 * SCRAPE


# rule/for
@every_alert
def test_an_alert_about_polled_data_outlasts_two_polls(alert: Rule) -> None:
    assert seconds(alert.document.get("for")) >= 2 * shapes.slowest(alert.expr)


# promql/rate
@every_rule
def test_a_rate_has_four_scrapes_and_a_range_of_polled_data_two_polls(rule: Rule) -> None:
    short = [
        one
        for one in ranges(rule)
        if one[2] < 4 * max(SCRAPE if one[0] in RATES else 0, EVALUATION if ":" in one[1] else 0)
        or (one[0] not in MEANS and one[2] < 2 * shapes.poll_seconds(one[1]))
    ]
    assert short == []


# group/interval
def test_no_group_is_evaluated_so_seldom_that_its_series_go_stale() -> None:
    assert EVALUATION <= 300
    for file in sorted((ROOT / "prometheus").glob("[ar]*/*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            assert group.keys() == {"name", "rules"}, "an interval of its own"


# promql/range_query
def test_no_range_is_longer_than_prometheus_of_the_bundle_keeps_data() -> None:
    kept = re.search(r"--storage\.tsdb\.retention\.time=(\d+)y", COMPOSE)
    assert kept
    assert (
        max(length + back for rule in alerts() + records() for _, _, length, back in ranges(rule)) < int(kept[1]) * YEAR
    )


# promql/regexp
@every_rule
def test_a_regular_expression_is_used_only_where_a_name_is_not_enough(rule: Rule) -> None:
    plain = re.compile(r'[=!]~"([\w./-]*)"')
    assert plain.findall(rule.expr) == []


# promql/nan
@every_rule
def test_nothing_is_divided_by_what_may_be_zero(rule: Rule) -> None:
    bounds = {metric.name: metric.bounds[0] for metric in catalogue.metrics()}
    for node in shapes.operations(rule.expr):
        if shapes.operator(node) != "/" or isinstance(node.rhs, promql.NumberLiteral):
            continue
        divisor = node.rhs.prettify()
        names = [one.name for one in nodes(divisor) if isinstance(one, promql.VectorSelector)]
        names += [one.vector_selector.name for one in nodes(divisor) if isinstance(one, promql.MatrixSelector)]
        guarded = re.search(r"> 0\s*\)*$", divisor)
        assert guarded or any(bounds.get(name or "", 0) > 0 or name in DIVISORS for name in names), divisor


def test_every_excuse_for_a_divisor_is_needed() -> None:
    text = "".join(rule.expr for rule in alerts() + records())
    assert [name for name in DIVISORS if name not in text] == []
