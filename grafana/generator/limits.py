"""Where a panel changes colour: thresholds of the alerts, and the scores that anchors of curves stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import yaml

from grafana.generator.colours import BAD, CLEAR, GOOD, WARNING
from scoring.curves import Axis, Curve

HOME: Final = Path(__file__).resolve().parents[2] / "prometheus" / "thresholds.yml"


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on the colour holds; None is minus infinity."""

    value: float | None
    colour: str


Steps = tuple[Step, ...]


@cache
def _thresholds() -> dict[str, float]:
    return {name: float(stated["value"]) for name, stated in yaml.safe_load(HOME.read_text()).items()}


def limit(name: str) -> float:
    """The value of prometheus/thresholds.yml that rules compare with."""
    try:
        return _thresholds()[name]
    except KeyError:
        raise LookupError(f"threshold {name!r}: not in {HOME.name}") from None


def overall_steps() -> Steps:
    return (
        Step(None, BAD),
        Step(limit("overall_critical"), WARNING),
        Step(limit("overall_low"), GOOD),
    )


def pillar_steps() -> Steps:
    """For pillars, and for indicators, which have no alert of their own."""
    return Step(None, BAD), Step(limit("pillar_low"), GOOD)


def coverage_steps() -> Steps:
    return Step(None, BAD), Step(limit("coverage_low_ratio"), GOOD)


def below(value: float, bad: str = BAD, good: str = GOOD) -> Steps:
    """Bad below `value`."""
    return Step(None, bad), Step(value, good)


def above(value: float, bad: str = BAD, good: str = GOOD) -> Steps:
    """Bad from `value` on."""
    return Step(None, good), Step(value, bad)


def band(value: float, *, low_is_bad: bool, colour: str) -> Steps:
    """A shaded side of a graph whose other side stays as it is."""
    return below(value, colour, CLEAR) if low_is_bad else above(value, colour, CLEAR)


def at_score(curve: Curve, score: float) -> float:
    """The quantity to which the curve gives this score; the nearest anchor where it never does."""
    for left, right in pairwise(curve.anchors):
        low, high = sorted((left.score, right.score))
        if low <= score <= high and low < high:
            part = (score - left.score) / (right.score - left.score)
            if curve.axis is Axis.LOG:
                return math.exp(math.log(left.at) + part * (math.log(right.at) - math.log(left.at)))
            return left.at + part * (right.at - left.at)
    return min(curve.anchors, key=lambda anchor: abs(anchor.score - score)).at
