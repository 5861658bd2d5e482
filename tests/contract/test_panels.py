"""What panels show of alerts that are not the exporter's own, and of scores that are withheld, asked of promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.rules import alerts
from tests.dashboards import filled, named_panels
from tests.machine import tool

# Of other jobs than the exporter, and of none.
FIRING = {
    "BtcHealthRuleEvaluationFailing": 'severity="critical",job="prometheus"',
    "BtcHealthNotificationsFailing": 'severity="critical",job="alertmanager"',
    "BtcHealthExporterAbsent": 'severity="critical",job="btc-health"',
    "BtcHealthWatchdog": 'severity="none"',
}
COUNTED = {
    "btchealth-overview: What fires now?",
    "btchealth-alerts: How many are firing?",
}
LISTED = {
    "btchealth-overview: Which alerts are firing?",
    "btchealth-alerts: Which alerts are firing?",
    "btchealth-alerts: When did which alert fire?",
}


def asked(where: str) -> str:
    (found,) = (panel["targets"][0]["expr"] for name, panel in named_panels() if name == where)
    return filled(str(found))


def checks(expr: str, samples: list[dict[str, Any]], series: dict[str, str], at: str = "10m") -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": samples}],
    }


def outcome(tmp_path: Path, *tests: dict[str, Any]) -> str:
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"tests": list(tests)}))
    command = [str(tool("promtool")), "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_alerts_are_declared() -> None:
    assert {rule.name for rule in alerts()} >= FIRING.keys()


@pytest.mark.parametrize("where", sorted(COUNTED | LISTED))
def test_alerts_of_every_job_are_shown(where: str, tmp_path: Path) -> None:
    series = {f'ALERTS{{alertname="{name}",alertstate="firing",{labels}}}': "1x20" for name, labels in FIRING.items()}
    expr = f"sum({asked(where)})" if where in COUNTED else f"count({asked(where)})"
    assert outcome(tmp_path, checks(expr, [{"labels": "{}", "value": 3}], series)) == ""


@pytest.mark.parametrize("where", ["Which pillar is weak?", "What changed since yesterday?"])
def test_a_pillar_whose_score_is_withheld_is_shown_without_a_number(where: str, tmp_path: Path) -> None:
    target = 'instance="a:9833",job="btc-health"'
    series = {
        f'btchealth_pillar_score{{pillar="security",{target}}}': "70x20",
        f'btchealth_pillar_coverage_ratio{{pillar="security",{target}}}': "1x20",
        f'btchealth_pillar_coverage_ratio{{pillar="adoption",{target}}}': "0.2x20",
    }
    expr = asked(f"btchealth-overview: {where}")
    counted = checks(f"count({expr})", [{"labels": "{}", "value": 2}], series)
    numbers = checks(f"sum(({expr}) > 0)", [{"labels": "{}", "value": 70}], series)
    assert outcome(tmp_path, counted, numbers) == ""


@pytest.mark.parametrize("where", ["btchealth-overview", "btchealth-alerts"])
def test_the_place_of_each_alert_is_where_the_link_in_its_message_leads(where: str, tmp_path: Path) -> None:
    series, wanted = {}, []
    for rule in (one for one in alerts() if one.name != "BtcHealthWatchdog"):
        severity, pillar = (rule.document["labels"].get(name, "") for name in ("severity", "pillar"))
        labels = f'alertname="{rule.name}"' + (f',pillar="{pillar}"' if pillar else "")
        series[f'ALERTS{{alertstate="firing",severity="{severity}",{labels}}}'] = "1x20"
        place = rule.document["annotations"]["dashboard_url"].rpartition("/btchealth-")[2]
        wanted.append({"labels": f'{{{labels},place="{place}"}}', "value": 1})
    expr = f"({asked(f'{where}: Which alerts are firing?')}) * 0 + 1"
    assert outcome(tmp_path, checks(expr, wanted, series)) == ""


def failures(failed: str, attempted: str) -> dict[str, str]:
    return {
        'prometheus_notifications_errors_total{alertmanager="a",job="prometheus"}': failed,
        'prometheus_notifications_sent_total{alertmanager="a",job="prometheus"}': attempted,
    }


@pytest.mark.parametrize(
    ("series", "want"),
    [
        pytest.param(failures("0+1x20", "0+2x20"), [0.5], id="half of them fail"),
        pytest.param(failures("0x20", "0+2x20"), [0], id="none fails"),
        pytest.param(failures("0x20", "0x20"), [0], id="none is tried"),
        pytest.param(failures("0 1x20", "0 2x20"), [0.5], id="one failed ten minutes ago"),
        pytest.param({}, [], id="nobody counts"),
    ],
)
def test_notifications_that_fail_are_seen_over_the_window_of_the_alert(
    series: dict[str, str], want: list[float], tmp_path: Path
) -> None:
    expr = asked("btchealth-alerts: How many notifications fail?")
    (rule,) = (one for one in alerts() if one.name == "BtcHealthNotificationsFailing")
    assert "prometheus_notifications_errors_total[15m]" in rule.document["expr"]
    assert "prometheus_notifications_errors_total[15m]" in expr
    samples = [{"labels": "{}", "value": value} for value in want]
    assert outcome(tmp_path, checks(expr, samples, series)) == ""
