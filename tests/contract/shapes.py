"""Which labels an expression's result has, and how often what it reads is asked for: found without a server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import promql_parser as promql

from exporter import catalogue
from exporter.derived import DERIVED
from exporter.sources import registry
from exporter.spec import Metric
from tests.contract import families
from tests.contract.rules import records

Labels = frozenset[str]
SETS = {"and", "or", "unless"}


@cache
def labels_of(expr: str) -> Labels | None:
    """Names of the labels that the result may have; None for a number or a text."""
    return _labels(promql.parse(expr))


def _labels(node: Any) -> Labels | None:
    found: Labels | None = None
    match node:
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            found = _labels(node.expr)
        case promql.VectorSelector():
            found = of_series(node.name)
        case promql.MatrixSelector():
            found = of_series(node.vector_selector.name)
        case promql.AggregateExpr():
            found = _of_aggregation(node)
        case promql.Call():
            found = _of_call(node)
        case promql.BinaryExpr():
            found = _of_operation(node)
    return found


def _of_aggregation(node: Any) -> Labels:
    named = frozenset(node.modifier.labels)
    inside = _labels(node.expr) or frozenset()
    return inside - named if node.modifier.type == promql.AggModifierType.Without else inside & named


@cache
def of_series(name: str) -> Labels:
    for rule in records():
        if rule.name == name:
            return labels_of(rule.expr) or frozenset()
    return frozenset(families.known()[name]) | families.TARGET


def _of_call(call: Any) -> Labels | None:
    match call.func.name:
        case "time":
            return None
        case "vector":
            return frozenset()
        case "absent":
            return frozenset(one.name for one in call.args[0].matchers.matchers if str(one.op) == "MatchOp.Equal")
        case "label_replace":
            return (_labels(call.args[0]) or frozenset()) | {call.args[1].val}
    return next((found for argument in call.args if (found := _labels(argument)) is not None), None)


def _of_operation(node: Any) -> Labels | None:
    left, right = _labels(node.lhs), _labels(node.rhs)
    if left is None or right is None:
        return right if left is None else left
    if operator(node) == "or":
        return left | right
    if operator(node) in SETS or node.modifier is None or node.modifier.matching is None or _of_many(node):
        return left
    named = frozenset(node.modifier.matching.labels)
    return named if _includes(node) else left - named


def operator(node: Any) -> str:
    return str(node.op).split()[0]


def _of_many(node: Any) -> bool:
    return bool(node.modifier.card == promql.VectorMatchCardinality.ManyToOne)


def _includes(node: Any) -> bool:
    return bool(node.modifier.matching.type == promql.LabelModifierType.Include)


def unlike(node: Any) -> str | None:
    """Why two sides can never meet; None where they can, and where one is a number."""
    left, right = _labels(node.lhs), _labels(node.rhs)
    if left is None or right is None or operator(node) == "or":
        return None
    matching = node.modifier.matching if node.modifier else None
    if matching is None:
        return f"{sorted(left)} and {sorted(right)}" if left != right else None
    named = frozenset(matching.labels)
    if _includes(node):
        return None if named <= left & right else f"on {sorted(named)}: {sorted(left)} and {sorted(right)}"
    return None if left - named == right - named else f"ignoring {sorted(named)}: {sorted(left)} and {sorted(right)}"


def operations(expr: str) -> Iterator[Any]:
    found: list[Any] = []
    promql.walk(promql.parse(expr), found.append)
    return (node for node in found if isinstance(node, promql.BinaryExpr))


@cache
def poll_seconds(name: str) -> float:
    """How often the slowest input of a family or record is asked for; 0 for what the exporter itself knows."""
    for rule in records():
        if rule.name == name:
            return slowest(rule.expr)
    return max((_polled(metric) for metric in catalogue.metrics() if metric.name == name), default=0.0)


def slowest(expr: str) -> float:
    found: list[Any] = []
    promql.walk(promql.parse(expr), found.append)
    names = [node.name for node in found if isinstance(node, promql.VectorSelector)]
    names += [node.vector_selector.name for node in found if isinstance(node, promql.MatrixSelector)]
    return max((poll_seconds(name) for name in names if name), default=0.0)


def _polled(metric: Metric) -> float:
    if direct := registry.origins().get(metric, ()):
        return min(endpoint.interval for _, endpoint, _ in direct)
    inputs = [choices for one in DERIVED if one.metric is metric for choices in one.inputs]
    return max((min(poll_seconds(choice.partition("{")[0]) for choice in choices) for choices in inputs), default=0.0)
