"""Bounded, monotone, continuous maps from a quantity to 0-100, fixed by published anchors."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Final

BEST: Final = 100.0
WORST: Final = 0.0
JUDGEMENT: Final = "judgement: "


class Axis(StrEnum):
    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Anchor:
    """`fact`: the extreme that happened, or the limit of protocol or arithmetic, that puts the anchor where it is.

    Where there is neither, it begins with the word "judgement" and gives the reason.
    """

    at: float
    score: float
    fact: str

    @property
    def judged(self) -> bool:
        return self.fact.startswith(JUDGEMENT)


@dataclass(frozen=True)
class Curve:
    """Straight lines between anchors, constant outside them. On a log axis 0 and below count as the left end."""

    anchors: tuple[Anchor, ...]
    axis: Axis = Axis.LINEAR

    def __post_init__(self) -> None:
        if not self.anchors[1:]:
            raise ValueError(f"curve: expected at least two anchors, got {self.anchors}")
        positions = self.positions
        if not all(math.isfinite(position) for position in positions):
            raise ValueError(
                f"curve: expected finite anchors, above 0 on a log axis, got {[a.at for a in self.anchors]}"
            )
        if any(left >= right for left, right in pairwise(positions)):
            raise ValueError(f"curve: expected rising anchor positions, got {[a.at for a in self.anchors]}")
        scores = [anchor.score for anchor in self.anchors]
        if not all(WORST <= score <= BEST for score in scores):
            raise ValueError(f"curve: expected scores in 0-100, got {scores}")
        if scores not in (sorted(scores), sorted(scores, reverse=True)):
            raise ValueError(f"curve: expected scores that only rise or only fall, got {scores}")

    def __call__(self, value: float) -> float:
        if math.isnan(value):
            raise ValueError("curve: expected a number, got NaN")
        position, positions = self._position(value), self.positions
        right = bisect_right(positions, position)
        if right == 0:
            return self.anchors[0].score
        if right == len(positions):
            return self.anchors[-1].score
        low, high = self.anchors[right - 1], self.anchors[right]
        part = (position - positions[right - 1]) / (positions[right] - positions[right - 1])
        return low.score + part * (high.score - low.score)

    @cached_property
    def positions(self) -> tuple[float, ...]:
        return tuple(self._position(anchor.at) for anchor in self.anchors)

    def _position(self, value: float) -> float:
        if self.axis is Axis.LINEAR:
            return value
        return math.log(value) if value > 0 else -math.inf


def linear(*anchors: tuple[float, float, str]) -> Curve:
    return Curve(tuple(Anchor(*anchor) for anchor in anchors))


def logarithmic(*anchors: tuple[float, float, str]) -> Curve:
    return Curve(tuple(Anchor(*anchor) for anchor in anchors), Axis.LOG)
