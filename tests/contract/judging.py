"""Which mutants the unit tests notice: many share one promtool test, under names of their own.

A mutant that one test has noticed is left out of the next; JSON is YAML, and fast to write.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.contract import mutants
from tests.contract.rules import Rule, alerts, records
from tests.machine import ROOT

TESTS = ROOT / "prometheus" / "tests"
PROCESSES = 2

# How promtool names a check of an alert that failed, and an alert that could not be evaluated.
_FAILED = re.compile(r"alertname: (\w+), time")
_BROKEN = re.compile(r"rule: (\w+), time")
_QUERY = re.compile(r"expr: .*# (\w+)")
# The unchanged rule runs beside its mutants; whatever notices it is a mistake of this check.
CONTROL = "unchanged"


@dataclass(slots=True)
class Judged:
    """Mutants by the name they go under: what was changed, and which of them some test has noticed."""

    names: dict[str, str] = field(default_factory=dict)
    noticed: set[str] = field(default_factory=set)

    def survivors(self) -> set[str]:
        return {what for name, what in self.names.items() if name not in self.noticed}


def promtool(program: Path, file: Path, *patterns: re.Pattern[str]) -> list[set[str]]:
    """What each pattern finds in the complaints about one test file."""
    done = subprocess.run([program, "test", "rules", file], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = [set(pattern.findall(said)) for pattern in patterns]
    assert done.returncode == 0 or any(found), said[:3000]
    return found


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


@dataclass(frozen=True, slots=True)
class Suspect:
    """One alert's mutants by name, and its test files: what kills most comes first, what costs most comes last."""

    alert: Rule
    rules: Mapping[str, dict[str, Any]]
    documents: Sequence[Mapping[str, Any]]


def suspects(judged: Judged, *, wide: bool) -> Iterator[Suspect]:
    for alert in alerts():
        document = loaded(TESTS / "alerts" / f"{alert.name}.yml")
        step = int(document["evaluation_interval"].removesuffix("m"))
        made = [(CONTROL, alert.document), *mutants.of_alert(alert.document, step, wide=wide)]
        names = [f"{alert.name}M{number}" for number in range(len(made))]
        judged.names |= {name: f"{alert.name}: {what}" for name, (what, _) in zip(names, made, strict=True)}
        rules = {name: {**rule, "alert": name} for name, (_, rule) in zip(names, made, strict=True)}
        tests = sorted(document["tests"], key=_length)
        short, long = tests[: len(tests) // 2 + 1], tests[len(tests) // 2 + 1 :]
        days = [loaded(file) for file in (TESTS / "alerts").glob(f"{alert.name}-days.yml")]
        yield Suspect(alert, rules, [{**document, "tests": short}, {**document, "tests": long}, *days])


def loaded(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(file.read_text(), yaml.CSafeLoader)
    return document


def _length(test: Mapping[str, Any]) -> int:
    return max(int(check["eval_time"].removesuffix("m")) for check in test["alert_rule_test"])


def confront(suspect: Suspect, document: Mapping[str, Any], left: Sequence[str], folder: Path) -> Path:
    """Tests put to all mutants that are left, as a file for promtool."""
    rules = {"groups": [{"name": suspect.alert.group, "rules": [suspect.rules[name] for name in left]}]}
    file = write(folder / f"{suspect.alert.name}-rules.json", rules)
    files = [str((TESTS / "alerts" / one).resolve()) for one in document["rule_files"] if "/rules/" in one]
    tests = [{**test, "alert_rule_test": list(_of_all(test["alert_rule_test"], left))} for test in document["tests"]]
    return write(folder / f"{suspect.alert.name}.json", {**document, "rule_files": [*files, str(file)], "tests": tests})


def _of_all(checks: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    return ({**check, "alertname": name} for check in checks for name in names)


def judge_alerts(program: Path, folder: Path, *, wide: bool) -> Judged:
    judged = Judged()

    def judge(suspect: Suspect) -> None:
        left = list(suspect.rules)
        for document in suspect.documents:
            broken = {""}
            # What cannot be evaluated ends a test before the others have been judged: they are asked again without it.
            while document["tests"] and broken and len(left) > 1:
                failed, broken = promtool(program, confront(suspect, document, left, folder), _FAILED, _BROKEN)
                judged.noticed.update(failed, broken)
                left = [name for name in left if name not in failed | broken]

    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(judge, suspects(judged, wide=wide)))
    return judged


def judge_records(program: Path, folder: Path, *, wide: bool) -> Judged:
    """A mutant is asked in place of the record, at the moments at which the record's tests ask."""
    judged = Judged()
    made = {rule.name: [(CONTROL, rule.expr), *mutants.of_expression(rule.expr, wide=wide)] for rule in records()}
    for place, (name, changes) in enumerate(made.items()):
        judged.names |= {f"r{place}m{number}": f"{name}: {what}" for number, (what, _) in enumerate(changes)}
    numbers = {name: place for place, name in enumerate(made)}
    sources = sorted(TESTS.glob("*.yml"))

    def judge(source: Path) -> None:
        document = loaded(source)
        document["rule_files"] = [str((TESTS / one).resolve()) for one in document["rule_files"]]
        for test in document["tests"]:
            test["promql_expr_test"] = [
                asked
                for check in test["promql_expr_test"]
                for name in made
                if re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])", check["expr"])
                for asked in _asked(check, name, numbers[name], made[name])
            ]
        judged.noticed.update(*promtool(program, write(folder / f"{source.stem}.json", document), _QUERY))

    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(judge, sources))
    return judged


def _asked(
    check: Mapping[str, Any], name: str, place: int, changes: Sequence[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    selected = re.compile(rf"(?<![\w:]){re.escape(name)}(?![\w:])(?:\{{([^}}]*)\}})?")
    parts = selected.split(check["expr"])
    for number, (_, expr) in enumerate(changes):
        recorded = f'label_replace({" ".join(expr.split())}, "__name__", "{name}", "", "")'
        query = parts[0]
        for matchers, rest in zip(parts[1::2], parts[2::2], strict=True):
            query += _chosen(recorded, matchers or "") + rest
        yield {**check, "expr": f"{query} # r{place}m{number}"}


def _chosen(expr: str, matchers: str) -> str:
    """The series that a selector of a recorded name would choose, which an expression does not take."""
    for label, value in re.findall(r'(\w+)="([^"]*)"', matchers):
        expr = f'({expr} and on ({label}) label_replace(vector(1), "{label}", "{value}", "", ""))'
    return expr
