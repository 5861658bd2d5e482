"""Prometheus computes the same scores from what the exporter shows, for full, partial and missing data."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from scoring.methodology import METHOD
from scoring.reading import Reading, Readings
from scoring.score import score
from scoring.scorecard import Scorecard
from tests.machine import ROOT

NOW = 1_000_000.0
TARGET = 'instance="a:9833",job="btc-health"'


def readings(value: float, *, keep: Callable[[str], bool] = lambda _: True) -> Readings:
    fresh = Reading(value, NOW, NOW, "test")
    return {
        selector: replace(fresh, value=value * (1 + number / 7))
        for number, selector in enumerate(METHOD.selectors)
        if keep(selector)
    }


CASES = {
    "all inputs": score(readings(0.4), NOW),
    "no node crawler": score(readings(0.4, keep=lambda one: "nodes" not in one), NOW),
    "no Lightning": score(readings(0.9, keep=lambda one: "lightning" not in one), NOW),
    "values far out": score(readings(90.0), NOW),
}


def series(card: Scorecard) -> Iterator[tuple[str, float]]:
    if card.overall is not None:
        yield f"btchealth_overall_score{{{TARGET}}}", card.overall
    for pillar in card.pillars:
        yield f'btchealth_pillar_weight_ratio{{{TARGET},pillar="{pillar.id}"}}', pillar.weight
        if pillar.score is not None:
            yield f'btchealth_pillar_score{{{TARGET},pillar="{pillar.id}"}}', pillar.score
        for one in pillar.indicators:
            if one.score is not None:
                labels = f'{{{TARGET},indicator="{one.id}",pillar="{pillar.id}"}}'
                yield f"btchealth_indicator_score{labels}", one.score
                yield f"btchealth_indicator_weight_ratio{labels}", one.effective_weight


def check(expr: str, count: int) -> dict[str, object]:
    samples = [{"labels": "{}", "value": count}] if count else []
    return {"expr": f"count({expr})", "eval_time": "2m", "exp_samples": samples}


@pytest.mark.parametrize("case", CASES)
def test_scores_are_the_sum_of_their_parts(case: str, tool: Callable[[str], Path], tmp_path: Path) -> None:
    card = CASES[case]
    pillars = sum(pillar.score is not None for pillar in card.pillars)
    same_pillar = "abs(btchealth_pillar_score - on (pillar) job_pillar:btchealth_indicator_score:weighted_sum) < 1e-9"
    same_overall = "abs(btchealth_overall_score - on () job:btchealth_indicator_score:overall) < 1e-9"
    document = {
        "rule_files": [str(ROOT / "prometheus" / "rules" / "parity.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": f"{value!r}+0x5"} for name, value in series(card)],
                "promql_expr_test": [check(same_pillar, pillars), check(same_overall, int(card.overall is not None))],
            }
        ],
    }
    file = tmp_path / "parity.yml"
    file.write_text(yaml.safe_dump(document))
    done = subprocess.run([tool("promtool"), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cases_cover_withheld_and_complete_scores() -> None:
    assert {card.overall is None for card in CASES.values()} >= {False}
    assert any(pillar.score is None for card in CASES.values() for pillar in card.pillars)
