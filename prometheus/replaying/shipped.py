"""The shipped rules over past time: records level by level, then the moments at which each alert fires."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import yaml

from prometheus.generator.model import HOME, seconds
from prometheus.replaying.firing import Alarm, alarms
from prometheus.replaying.server import Grid, Labels, Samples, Server, serving, write_blocks

_OFFSET: Final = re.compile(r" offset \S+$")

# One evaluation of a label set: what tells two alarms of one alert apart.
Instance = Labels


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    expr: str
    document: Mapping[str, Any]

    @property
    def severity(self) -> str:
        return str(self.document["labels"]["severity"])

    @property
    def pillar(self) -> str | None:
        pillar: str | None = self.document["labels"].get("pillar")
        return pillar

    @property
    def wait(self) -> int:
        return seconds(self.document.get("for"))

    @property
    def keep(self) -> int:
        return seconds(self.document.get("keep_firing_for"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`lacking`: selectors without which the alert cannot be evaluated; its alarms by label set otherwise."""

    rule: Rule
    lacking: tuple[str, ...]
    alarms: Mapping[Instance, tuple[Alarm, ...]]


@cache
def rules(kind: str) -> tuple[Rule, ...]:
    """`kind`: alert or record."""
    folder = HOME / {"alert": "alerts", "record": "rules"}[kind]
    found = [rule for file in sorted(folder.glob("*.yml")) for rule in _rules(file)]
    return tuple(Rule(rule[kind], rule["expr"], rule) for rule in found)


def _rules(file: Path) -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(file.read_text())["groups"]:
        yield from group["rules"]


def levels() -> Iterator[list[Rule]]:
    """Records such that each level reads only those before it."""
    left = {rule.name: rule for rule in rules("record")}
    while left:
        level = [rule for rule in left.values() if not names(rule.expr) & left.keys()]
        yield level
        for rule in level:
            del left[rule.name]


def names(expr: str) -> set[str]:
    found: list[Any] = []
    promql.walk(promql.parse(expr), found.append)
    plain = [node for node in found if isinstance(node, promql.VectorSelector)]
    chosen = [*plain, *(node.vector_selector for node in found if isinstance(node, promql.MatrixSelector))]
    return {one.name for one in chosen if one.name}


def lacking(expr: str, known: Callable[[str], bool]) -> set[str]:
    """Selectors that match nothing although the expression needs them."""
    return _lacking(promql.parse(expr), known)


def _lacking(node: Any, known: Callable[[str], bool]) -> set[str]:
    if isinstance(node, promql.MatrixSelector):
        return _lacking(node.vector_selector, known)
    if isinstance(node, promql.VectorSelector):
        text = _OFFSET.sub("", str(node.prettify()).strip())
        return set() if known(text) else {text}
    if isinstance(node, promql.BinaryExpr):
        left, right = _lacking(node.lhs, known), _lacking(node.rhs, known)
        match str(node.op):
            case "or":
                return left | right if left and right else set()
            case "unless":
                return left
        return left | right
    parts = node.args if isinstance(node, promql.Call) else [getattr(node, "expr", None)]
    return set().union(*(_lacking(part, known) for part in parts if part is not None))


def record(data: Path, grid: Grid) -> None:
    """Add what the recording rules make of the blocks in a data folder, as blocks of their own."""
    for level in levels():
        made: dict[Labels, Samples] = {}
        with serving(data) as server:
            for rule in level:
                for labels, samples in server.range(rule.expr, grid).items():
                    named = {**dict(labels), "__name__": rule.name}
                    made[tuple(sorted(named.items()))] = samples
        if made:
            write_blocks(made, data)


def outcomes(data: Path, grid: Grid, wait: Callable[[Rule], int]) -> list[Outcome]:
    """Of every alert but the one that always fires; `wait`: how long its condition must hold, in seconds."""
    with serving(data) as server:
        return [_outcome(server, rule, grid, wait(rule)) for rule in rules("alert") if rule.severity != "none"]


def _outcome(server: Server, rule: Rule, grid: Grid, wait: int) -> Outcome:
    missing = lacking(rule.expr, cache(lambda selector: server.has(selector, grid)))
    if missing:
        return Outcome(rule, tuple(sorted(missing)), {})
    fired = {}
    for labels, samples in server.range(rule.expr, grid).items():
        held = frozenset(map(int, samples.times))
        if found := tuple(alarms(grid.times, held, wait, rule.keep)):
            fired[tuple(pair for pair in labels if pair[0] != "__name__")] = found
    return Outcome(rule, (), fired)
