"""The unit tests of the rules notice almost every small mistake in them.

All mutants of a rule run in one promtool test beside one another, under names of their own.
"""

from __future__ import annotations

import copy
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import mutants
from tests.contract.rules import Rule, alerts, records
from tests.machine import ROOT

pytestmark = pytest.mark.torture

TESTS = ROOT / "prometheus" / "tests"
PROCESSES = 2
KILLED = 0.95

# Survivors that no test can notice, each with its reason: (rule, beginning of what was changed).
EQUIVALENT: Mapping[tuple[str, str], str] = {
    ("BtcHealthWatchdog", "line 1: 1 became"): "a vector of any value fires",
    ("BtcHealthRuleEvaluationFailing", "line 1: sum became max"): "the sum is above zero when the largest is",
    ("BtcHealthNodeCountDrop", "line 4: count became sum"): "each host counts as 1",
    ("BtcHealthNodeCountDrop", "line 4: max became min"): "each host counts as 1 in every replica",
    ("job:btchealth_indicator_score:overall", "line 1: <= became <"): "where both are equal either is right",
    ("job_source:btchealth_endpoints_fresh_per_endpoint:ratio", "line 8: * became /"): "zero times or zero by",
    ("job_source:btchealth_endpoints_fresh_per_endpoint:ratio", "line 8: count became sum"): "zero times either",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """One promtool test file, and the mutants in it by the name they go under."""

    file: Path
    names: Mapping[str, str]


def write(path: Path, document: Any) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def grouped(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"groups": [{"name": name, "rules": rules}]}


def alert_batches(folder: Path) -> Iterator[Batch]:
    for alert in alerts():
        tests = yaml.safe_load((TESTS / "alerts" / f"{alert.name}.yml").read_text())
        step = int(tests["evaluation_interval"].removesuffix("m"))
        made = list(mutants.of_alert(alert.document, step))
        names = {f"{alert.name}M{number}": f"{alert.name}: {what}" for number, (what, _) in enumerate(made)}
        rules = [{**rule, "alert": name} for name, (_, rule) in zip(names, made, strict=True)]
        shared = [str((TESTS / "alerts" / file).resolve()) for file in tests["rule_files"] if "/rules/" in file]
        file = write(folder / f"{alert.name}-rules.yml", grouped(alert.group, rules))
        for test in tests["tests"]:
            test["alert_rule_test"] = [
                {**check, "alertname": name} for check in test["alert_rule_test"] for name in names
            ]
        yield Batch(write(folder / f"{alert.name}.yml", {**tests, "rule_files": [*shared, str(file)]}), names)


def record_batches(folder: Path) -> Iterator[Batch]:
    """Mutants of a record follow the record itself, and are asked what its tests ask of it."""
    for path in sorted({rule.file for rule in records()}):
        own = [rule for rule in records() if rule.file == path]
        made = {rule.name: list(mutants.of_record(rule.document)) for rule in own}
        rules = [one for rule in own for one in (rule.document, *renamed(rule, made[rule.name]))]
        file = write(folder / f"{path.stem}-rules.yml", grouped(own[0].group, rules))
        names = {f"{name}_m{number}": f"{name}: {what}" for name in made for number, (what, _) in enumerate(made[name])}
        tests = [test for source in sorted(TESTS.glob(f"{path.stem}*.yml")) for test in spread(source, made)]
        for number, document in enumerate(tests):
            yield Batch(write(folder / f"{path.stem}-{number}.yml", {**document, "rule_files": [str(file)]}), names)


def renamed(rule: Rule, made: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**one, "record": f"{rule.name}_m{number}"} for number, (_, one) in enumerate(made)]


def spread(source: Path, made: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    document = yaml.safe_load(source.read_text())
    for test in document["tests"]:
        checks = [
            one
            for check in test["promql_expr_test"]
            for name in made
            if re.search(rf"{re.escape(name)}(?!\w)", check["expr"])
            for number in range(len(made[name]))
            for one in [asked_of(check, name, f"{name}_m{number}")]
        ]
        if checks:
            yield {**document, "tests": [{**test, "promql_expr_test": checks}]}


def asked_of(check: dict[str, Any], name: str, mutant: str) -> dict[str, Any]:
    def put(text: str) -> str:
        return re.sub(rf"{re.escape(name)}(?!\w)", mutant, text)

    changed = copy.deepcopy(check)
    changed["expr"] = put(check["expr"])
    changed["exp_samples"] = [{**one, "labels": put(one["labels"])} for one in check["exp_samples"]]
    return changed


def survivors(promtool: Path, batches: list[Batch]) -> set[str]:
    """Descriptions of the mutants that no test noticed."""

    def run(batch: Batch) -> set[str]:
        done = subprocess.run([promtool, "test", "rules", batch.file], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert "parse error" not in said, said[:2000]
        failed = re.findall(r'alertname: (\w+), time|expr: "?([^\n]*)', said)
        noticed = {name for name, _ in failed} | {word for _, expr in failed for word in re.findall(r"[\w:]+", expr)}
        return {what for name, what in batch.names.items() if name in noticed}

    with ThreadPoolExecutor(PROCESSES) as pool:
        noticed = set().union(*pool.map(run, batches))
    return {what for batch in batches for what in batch.names.values()} - noticed


@pytest.mark.parametrize("make", [alert_batches, record_batches], ids=["alerts", "records"])
def test_unit_tests_notice_changed_rules(
    make: Callable[[Path], Iterator[Batch]], tool: Callable[[str], Path], tmp_path: Path
) -> None:
    batches = list(make(tmp_path))
    left = survivors(tool("promtool"), batches)
    every = {what for batch in batches for what in batch.names.values()}
    rate = 1 - len(left) / len(every)
    told = "\n  ".join([f"{len(every)} mutants, {rate:.1%} noticed; the others:", *sorted(left)])
    unexplained = {what for what in left if not any(what.startswith(f"{rule}: {start}") for rule, start in EQUIVALENT)}
    assert rate >= KILLED, told
    assert unexplained == set(), told
