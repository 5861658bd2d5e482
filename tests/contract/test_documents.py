"""What documents name exists: families, records, labels and their values, in queries and in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.exposition.inventory import sample_names
from tests.contract import families
from tests.contract.rules import selectors
from tests.machine import ROOT

DOCUMENTS = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
)
BLOCK = re.compile(r"```promql\n(.*?)```", re.DOTALL)
# A name in prose, with the labels after it; what ends in an underscore stands for all that begin so.
NAMED = re.compile(r"(?<![\w:])((?:\w+:)?btchealth_\w+(?::\w+)?)(?:\{([^}\n]*)\})?")
MATCHER = re.compile(r'\s*(\w+)(?:(=~|!~|!=|=)"([^"]*)")?\s*')
OPERATOR = {"=~": "MatchOp.Re", "!~": "MatchOp.NotRe", "=": "MatchOp.Equal", "!=": "MatchOp.NotEqual"}


def queries(text: str) -> Iterator[str]:
    yield from BLOCK.findall(text)


def mistakes(text: str) -> list[str]:
    found = [line for query in queries(text) for one in selectors(query) for line in families.mistakes(one)]
    found += [line for name, labels in NAMED.findall(BLOCK.sub("", text)) for line in named(name, labels)]
    return list(dict.fromkeys(found))


def named(name: str, labels: str) -> list[str]:
    if name.endswith("_"):
        return [] if any(known.startswith(name) for known in families.known()) else [f"{name}...: no such families"]
    if name not in families.known():
        return [] if name in sample_names() else [f"{name}: no such family or record"]
    return [line for part in filter(None, labels.split(",")) for line in chosen(name, part)]


def chosen(name: str, part: str) -> list[str]:
    match = MATCHER.fullmatch(part)
    if match is None:
        return [f"{name}: label {part!r} cannot be read"]
    label, operator, value = match.groups()
    known = families.known()[name]
    if operator is None:
        return [] if label in known else [f"{name}: no label {label}"]
    return families.label_mistakes(name, label, OPERATOR[operator], value)


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.stem)
def test_document_names_only_what_the_exporter_or_a_rule_makes(file: Path) -> None:
    assert mistakes(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "`btchealth_no_such_metric`",
        "btchealth_nothing_... is counted",
        'btchealth_pillar_score{colour="blue"}',
        "`btchealth_pillar_score{colour}`",
        'btchealth_source_up{source="nobody"}',
        "job:btchealth_no_such_record:max",
        "```promql\nrate(btchealth_no_such_total[5m])\n```",
    ],
)
def test_a_name_that_does_not_exist_is_found(text: str) -> None:
    assert len(mistakes(text)) == 1
