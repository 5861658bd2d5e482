"""Small wrong versions of a rule: one operator, one number, one duration changed at a time."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

# What a slip of the keyboard or of thought makes of each operator.
OPERATORS = {
    ">": (">=", "<"),
    ">=": (">", "<="),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    "==": ("!=",),
    "and": ("or", "unless"),
    "or": ("and",),
    "unless": ("and",),
    "-": ("+",),
    "+": ("-",),
    "*": ("/",),
    "/": ("*",),
}
AGGREGATIONS = {"max": ("min",), "min": ("max",), "sum": ("max",), "count": ("sum",)}
FUNCTIONS = {
    "avg_over_time": ("min_over_time",),
    "max_over_time": ("min_over_time",),
    "min_over_time": ("max_over_time",),
}

# Whole numbers up to here count something: the next ones are their neighbours.
COUNT = 10

_TOKEN = re.compile(
    r"""(?P<skip>"[^"]*"|\{[^}]*\}|\[[^\]]*\]|(?:without|by|on|ignoring)\s*\([^)]*\)|offset\s+\w+)"""
    r"""|(?P<number>(?<![\w.:])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.:]))"""
    r"""|(?P<word>[A-Za-z_][\w:]*)"""
    r"""|(?P<operator>>=|<=|==|!=|[<>*/+-])"""
)
_DURATION = re.compile(r"(\d+)([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


def of_expression(expr: str) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed expression)."""
    for match in _TOKEN.finditer(expr):
        for new in _replacements(match):
            place = expr[: match.start()].count("\n") + 1
            yield f"line {place}: {match[0]} became {new}", expr[: match.start()] + new + expr[match.end() :]


def _replacements(match: re.Match[str]) -> Iterator[str]:
    text = match[0]
    if match["number"]:
        yield from _numbers(float(text))
    elif match["word"] or match["operator"]:
        yield from OPERATORS.get(text, ())
        yield from AGGREGATIONS.get(text, ())
        yield from FUNCTIONS.get(text, ())


def _numbers(value: float) -> Iterator[str]:
    whole = value == int(value) and abs(value) <= COUNT
    changed = (value + 1, value - 1) if whole else (value * 1.05, value * 0.95)
    yield from (f"{one:.12g}" for one in changed)


def of_durations(rule: dict[str, Any], step: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """`for` and `keep_firing_for` one evaluation longer, shorter, and gone."""
    for key in ("for", "keep_firing_for"):
        if key in rule:
            whole = _minutes(rule[key])
            for minutes in (whole + step, whole - step, 0):
                yield f"{key}: {rule[key]} became {minutes}m", {**rule, key: f"{minutes}m"}


def _minutes(duration: str) -> int:
    return sum(int(count) * _MINUTES[unit] for count, unit in _DURATION.findall(duration))


def of_alert(rule: dict[str, Any], step: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for what, expr in of_expression(rule["expr"]):
        yield what, {**rule, "expr": expr}
    yield from of_durations(rule, step)
    other = {"critical": "warning", "warning": "critical", "info": "warning", "none": "info"}
    changed = copy.deepcopy(rule)
    changed["labels"]["severity"] = other[rule["labels"]["severity"]]
    yield "severity changed", changed


def of_record(rule: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for what, expr in of_expression(rule["expr"]):
        yield what, {**rule, "expr": expr}
    for match in re.finditer(r"(?:\[|offset )(\d+[mhd])", rule["expr"]):
        longer = f"{_minutes(match[1]) * 3}m"
        expr = rule["expr"][: match.start(1)] + longer + rule["expr"][match.end(1) :]
        yield f"{match[1]} became {longer}", {**rule, "expr": expr}
