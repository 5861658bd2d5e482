"""Queries in the few forms that panels need, so that each of them chooses job and instance and survives replicas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from typing import Final

from grafana.generator.families import family
from scoring.indicator import Largest, Level, Quantity, Ratio

TARGET: Final = 'job=~"$job",instance=~"$instance"'
JOB: Final = 'job=~"$job"'
RATE: Final = "$__rate_interval"
STEP: Final = "$__interval"
# Two scrapes, and one evaluation of the rules: what a state timeline has no gaps at.
LEAST_STEP: Final = "1m"

_SELECTOR: Final = re.compile(r"([a-zA-Z_:]\w*(?::\w+)*)(?:\{(.*)\})?")
_LABEL: Final = re.compile(r'(\w+)="[^"]*"')


@dataclass(frozen=True, slots=True)
class Query:
    """`legend` in Grafana's form: text with {{label}}. `interval`: the shortest step."""

    expr: str
    legend: str = ""
    interval: str | None = None


def _parts(selector: str) -> tuple[str, str]:
    match = _SELECTOR.fullmatch(selector)
    if not match:
        raise ValueError(f'selector {selector!r}: expected name{{label="value"}}')
    return match[1], match[2] or ""


def name_of(selector: str) -> str:
    return _parts(selector)[0]


def chosen(selector: str) -> str:
    """The selector with the dashboard's job and instance."""
    name, labels = _parts(selector)
    return f"{name}{{{TARGET}{',' if labels else ''}{labels}}}"


def recorded(selector: str) -> str:
    """A recording rule's series: replicas are merged already, so there is no instance to choose."""
    name, labels = _parts(selector)
    return f"{name}{{{JOB}{',' if labels else ''}{labels}}}"


def value(selector: str, over: str | None = None, *, function: str = "last_over_time", pick: str = "max") -> str:
    """One series for all replicas, with the labels that the family declares and the selector leaves open.

    Those of the target (namespace, pod, container) would be noise in legends and columns of tables.

    `over`: the last value within this range, so that a line finds data that come once a day when its steps are days.
    `pick`: replicas say the same thing, so the largest is as good as any; "min" where the worst of them counts.
    """
    inner = chosen(selector)
    return f"{pick} by ({', '.join(_kept(selector))}) ({f'{function}({inner}[{over}])' if over else inner})"


def _kept(selector: str) -> tuple[str, ...]:
    name, labels = _parts(selector)
    fixed = _LABEL.findall(labels)
    return ("job", *(label for label in family(name).labels if label not in fixed))


def lowest(selector: str, legend: str) -> Query:
    """The lowest value within each step of a timeline: the last one of a long step would miss what was short."""
    return Query(value(selector, STEP, function="min_over_time"), legend, interval=LEAST_STEP)


def quantity(scored: Quantity, over: str | None = None) -> str:
    """What an indicator measures, from the same series as its score."""
    match scored:
        case Level(selector):
            return value(selector, over)
        case Ratio(counted, under, factor):
            scale = "" if factor == 1.0 else f" * {factor:g}"
            return f"{value(counted, over)}{scale} / {value(under, over)}"
        case Largest(selectors):
            return reduce(_larger, (value(selector, over) for selector in selectors))


def _larger(left: str, right: str) -> str:
    """Nothing where either is missing: it could be the larger one."""
    return f"({left} >= {right} or {right} and {left})"


def rate(selector: str, *by: str) -> str:
    """Events a second, summed over what is not named; counters of replicas add up."""
    return f"sum by ({', '.join(by)}) (rate({chosen(selector)}[{RATE}]))"
