"""The unit tests of the rules notice almost every small mistake in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.contract.judging import CONTROL, Judged, judge_alerts, judge_records

KILLED = 0.95

# Survivors that no test can notice, each with its reason: (rule, what was changed) as patterns.
EQUIVALENT: Mapping[tuple[str, str], str] = {
    ("BtcHealthWatchdog", "line 1: 1 became .*"): "a vector of any value fires",
    (
        "BtcHealthLargeDownwardRetarget|BtcHealthBlocksUnderfilledWithBacklog",
        r"line 3: without .*",
    ): "only the job is matched",
    (".*ScoreLow", "label pillar left out"): "the series carries the label too",
    ("BtcHealthExporterDown", "line 1: max became (avg|sum)"): "up is 0 or 1: all of them are 0, or one is not",
    ("BtcHealthInvalidBlockObserved", r'line 2: {window="30d"} became {}'): "the other side has but this window",
    ("BtcHealthOnionShareCollapse", r'line .: {network="onion"} became {}'): "the other side has but this network",
    ("BtcHealthInvalid.*Observed", "line 3: > became !="): "a value is never below its own minimum",
    ("BtcHealthRuleEvaluationFailing", "line 1: sum became (max|avg)"): "above zero when the largest is",
    ("BtcHealthRuleEvaluationFailing", "line 2: increase became (rate|changes)"): "above zero in the same cases",
    ("BtcHealthRuleEvaluationFailing", "line 3: > became !="): "an increase is never negative",
    ("BtcHealthNodeCountDrop", "line 4: max became .*"): "each host counts as 1 in every replica",
    ("BtcHealthNodeCountDrop", "line 4: count became sum"): "each host counts as 1",
    ("BtcHealthNodeCountDrop", "line 4: > became !="): "where a host is known there is at least one",
    ("BtcHealthNodeCountDrop", r"line 4: without \(instance, pod\) .*"): "replicas ask the same hosts",
    ("BtcHealthSource(Stale|DataFrozen)", "line .*: == became >="): "up is 0 or 1",
    ("BtcHealthSource(Stale|DataFrozen)", "line .*: > became !="): "an increase is never negative",
    ("job_source:btchealth_fetch_failures_per_fetch:.*", "line 4: > became !="): "a rate is never negative",
    ("job:btchealth_indicator_score:overall", "line 6: <= became <"): "where both are equal either is right",
    ("job:btchealth_indicator_score:overall", "line (9|14): > became !="): "a weight is never negative",
    (
        "job_pillar:btchealth_indicator_score:.*",
        "line 4: (> became !=|sum became (avg|max))",
    ): "a weight is never negative",
    ("job_pillar:btchealth_indicator_score:.*", "line 6: >= became >"): "none is a billionth below to the last digit",
    ("job_source:.*_fresh_per_endpoint:ratio", r"line 8: (\* became /|count became .*)"): "zero times whatever",
}


def reason(survivor: str) -> str | None:
    for (rule, what), why in EQUIVALENT.items():
        if re.fullmatch(f"(?:{rule}): (?:{what})", survivor):
            return why
    return None


@pytest.mark.parametrize("judge", [judge_alerts, judge_records], ids=["alerts", "records"])
@pytest.mark.parametrize("wide", [False, pytest.param(True, marks=pytest.mark.torture)], ids=["core", "wide"])
def test_unit_tests_notice_changed_rules(
    judge: Callable[..., Judged], tool: Callable[[str], Path], tmp_path: Path, *, wide: bool
) -> None:
    judged = judge(tool("promtool"), tmp_path, wide=wide)
    left = {one for one in judged.survivors() if not one.endswith(CONTROL)}
    mutants = [one for one in judged.names.values() if not one.endswith(CONTROL)]
    rate = 1 - len(left) / len(mutants)
    told = "\n  ".join([f"{len(mutants)} mutants, {rate:.1%} noticed; the others:", *sorted(left)])
    refused = [what for name, what in judged.names.items() if name in judged.noticed and what.endswith(CONTROL)]
    assert refused == [], "the unchanged rules must pass their tests"
    assert rate >= KILLED, told
    assert {one for one in left if reason(one) is None} == set(), told
