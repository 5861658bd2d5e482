"""Small wrong versions of a rule: one operator, number, duration, label or window changed at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
SETS = ("and", "or", "unless")
# What a slip of the keyboard or of thought makes of each word and sign.
SWAPS: dict[str, tuple[str, ...]] = {
    **{one: tuple(other for other in COMPARISONS if other != one) for one in COMPARISONS},
    **{one: tuple(other for other in SETS if other != one) for one in SETS},
    "-": ("+",),
    "+": ("-",),
    "*": ("/",),
    "/": ("*",),
    "max": ("min", "avg", "sum"),
    "min": ("max", "avg", "sum"),
    "sum": ("max", "min", "avg", "count"),
    "count": ("sum", "max"),
    "rate": ("increase", "delta"),
    "increase": ("rate", "changes"),
    "avg_over_time": ("min_over_time", "max_over_time", "last_over_time", "sum_over_time"),
    "max_over_time": ("min_over_time", "avg_over_time", "last_over_time"),
    "min_over_time": ("max_over_time", "avg_over_time", "last_over_time"),
    "stddev_over_time": ("avg_over_time", "stdvar_over_time"),
    "clamp_min": ("clamp_max",),
    "abs": ("", "-"),
    "bool": ("",),
    "without": ("by",),
    "on": ("ignoring",),
    "ignoring": ("on",),
}

# Whole numbers up to here count something: the next ones are their neighbours.
COUNT = 10

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*")|(?P<braces>\{[^}]*\})|(?P<range>\[[^\]]*\])|(?P<offset>offset\s+\w+)"""
    r"""|(?P<labels>\b(?:without|by|on|ignoring)\s*\([^)]*\))"""
    r"""|(?P<number>(?<![\w.:])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.:]))"""
    r"""|(?P<word>[A-Za-z_][\w:]*)"""
    r"""|(?P<operator>>=|<=|==|!=|[<>*/+-])"""
)
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_DURATION = re.compile(r"(\d+)([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_OTHER_SEVERITY = {"critical": "warning", "warning": "critical", "info": "warning", "none": "info"}


def of_expression(expr: str, *, wide: bool) -> Iterator[tuple[str, str]]:
    """(what was changed, the changed expression), as far as Prometheus would load it.

    Not `wide`: only comparisons, thresholds and set operators.
    """
    for match in _TOKEN.finditer(expr):
        if not wide and match.lastgroup != "number" and match[0] not in {*COMPARISONS, *SETS}:
            continue
        for new in _replacements(match):
            changed = expr[: match.start()] + new + expr[match.end() :]
            if _loads(changed):
                place = expr[: match.start()].count("\n") + 1
                yield f"line {place}: {match[0]} became {new or 'nothing'}", changed


def _loads(expr: str) -> bool:
    try:
        promql.parse(expr)
    except ValueError:
        return False
    return True


def _replacements(match: re.Match[str]) -> Iterator[str]:
    text = match[0]
    match match.lastgroup:
        case "number":
            yield from _numbers(float(text))
        case "braces":
            yield from _matchers(text)
        case "range" | "offset":
            yield from _windows(text)
        case "labels":
            yield from _labels(text)
        case "word" | "operator":
            yield from SWAPS.get(text, ())


def _numbers(value: float) -> Iterator[str]:
    whole = value == int(value) and abs(value) <= COUNT
    near = (value + 1, value - 1) if whole else (value * 1.01, value * 0.99)
    far = (value * 2, value / 2, 0.0) if value else ()
    yield from (f"{one:.12g}" for one in dict.fromkeys((*near, *far)) if one != value)


def _matchers(braces: str) -> Iterator[str]:
    """Each matcher left out, turned round, and asking for another value."""
    for found in _MATCHER.finditer(braces):
        before, after = braces[: found.start()], braces[found.end() :]
        yield re.sub(r",\s*(?=})|(?<={)\s*,", "", before + after)
        for new in (f'{found[1]}{_OPPOSITE[found[2]]}"{found[3]}"', f'{found[1]}{found[2]}"{found[3]}x"'):
            yield before + new + after


def _windows(text: str) -> Iterator[str]:
    found = _DURATION.search(text)
    assert found is not None, text
    whole = minutes(text)
    for changed in (whole * 2, whole / 2, whole / 4):
        yield f"{text[: found.start()]}{round(changed * 60)}s{']' if text.endswith(']') else ''}"
    if text.startswith("offset"):
        yield ""


def _labels(text: str) -> Iterator[str]:
    word, _, inside = text.partition("(")
    names = [name.strip() for name in inside.rstrip(")").split(",")]
    yield from (f"{other} ({', '.join(names)})" for other in SWAPS.get(word.strip(), ()))
    for name in names:
        yield f"{word.strip()} ({', '.join(one for one in names if one != name)})"


def of_durations(rule: dict[str, Any], step: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """`for` and `keep_firing_for` one evaluation longer and shorter, doubled, halved, and gone."""
    for key in ("for", "keep_firing_for"):
        if key in rule:
            whole = minutes(rule[key])
            halved = whole // 2 // step * step
            for changed in dict.fromkeys((whole + step, whole - step, whole * 2, halved, 0)):
                yield f"{key}: {rule[key]} became {changed}m", {**rule, key: f"{changed}m"}


def minutes(duration: str) -> int:
    return sum(int(count) * _MINUTES[unit] for count, unit in _DURATION.findall(duration))


def of_labels(rule: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    labels: dict[str, str] = rule["labels"]
    yield "severity changed", {**rule, "labels": {**labels, "severity": _OTHER_SEVERITY[labels["severity"]]}}
    for name in labels:
        yield (
            f"label {name} left out",
            {**rule, "labels": {key: value for key, value in labels.items() if key != name}},
        )


def of_alert(rule: dict[str, Any], step: int, *, wide: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for what, expr in of_expression(rule["expr"], wide=wide):
        yield what, {**rule, "expr": expr}
    yield from of_durations(rule, step)
    if wide:
        yield from of_labels(rule)
