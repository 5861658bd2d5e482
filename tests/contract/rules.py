"""The committed rule files as values, and what their expressions refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from tests.machine import ROOT


@dataclass(frozen=True, slots=True)
class Rule:
    file: Path
    group: str
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.document.get("alert") or self.document["record"])

    @property
    def expr(self) -> str:
        return str(self.document["expr"])


@dataclass(frozen=True, slots=True)
class Selector:
    """`labels`: (name, operator, value) of each matcher; `name` may stand among them as __name__."""

    name: str | None
    labels: tuple[tuple[str, str, str], ...]


def _rules(folder: str) -> Iterator[Rule]:
    for file in sorted((ROOT / "prometheus" / folder).glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for document in group["rules"]:
                yield Rule(file, group["name"], document)


@cache
def alerts() -> tuple[Rule, ...]:
    return tuple(_rules("alerts"))


@cache
def records() -> tuple[Rule, ...]:
    return tuple(_rules("rules"))


def nodes(expr: str) -> list[Any]:
    found: list[Any] = []
    promql.walk(promql.parse(expr), found.append)
    return found


def selectors(expr: str) -> list[Selector]:
    return [_selector(node) for node in nodes(expr) if isinstance(node, promql.VectorSelector)] + [
        _selector(node.vector_selector) for node in nodes(expr) if isinstance(node, promql.MatrixSelector)
    ]


def _selector(node: Any) -> Selector:
    labels = tuple((one.name, str(one.op), one.value) for one in node.matchers.matchers)
    return Selector(node.name, labels)
