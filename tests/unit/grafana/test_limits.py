"""Colours change where alerts fire and where curves put a score."""

from __future__ import annotations

import pytest
import yaml

from grafana.generator import limits
from grafana.generator.questions import ALERT_LIMITS, QUESTIONS, RAW
from scoring.methodology import METHOD
from tests.machine import ROOT

INDICATORS = {indicator.id: indicator for indicator in METHOD.indicators()}


@pytest.mark.parametrize("indicator", INDICATORS)
@pytest.mark.parametrize("score", [10.0, 40.0, 74.0])
def test_the_quantity_at_a_score_gets_that_score(indicator: str, score: float) -> None:
    curve = INDICATORS[indicator].curve
    scores = [anchor.score for anchor in curve.anchors]
    if min(scores) <= score <= max(scores):
        assert curve(limits.at_score(curve, score)) == pytest.approx(score)


def test_every_score_of_a_curve_is_reached_by_some_indicator() -> None:
    assert all(
        min(a.score for a in one.curve.anchors) <= 10 for one in INDICATORS.values()
    )  # else the test above is idle


def test_an_unknown_threshold_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match="no_such_number"):
        limits.limit("no_such_number")


@pytest.mark.parametrize(("indicator", "stated"), list(ALERT_LIMITS.items()), ids=str)
def test_the_threshold_on_a_panel_is_the_one_that_its_alert_compares_with(
    indicator: str, stated: tuple[str, str]
) -> None:
    alert, threshold = stated
    declared = {
        f"BtcHealth{one['name']}": one
        for file in (ROOT / "prometheus" / "declarations").glob("alerts_*.yml")
        for one in yaml.safe_load(file.read_text())["alerts"]
    }
    assert f"${{{threshold}}}" in declared[alert]["expr"]
    names = {selector.partition("{")[0] for selector in INDICATORS[indicator].selectors}
    assert any(name in declared[alert]["expr"] for name in names), f"{alert} reads none of {sorted(names)}"


def test_questions_are_about_indicators_that_exist_and_every_pillar_has_its_raw_series() -> None:
    assert QUESTIONS.keys() <= INDICATORS.keys()
    assert RAW.keys() == {pillar.id for pillar in METHOD.pillars}
