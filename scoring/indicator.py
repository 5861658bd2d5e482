"""A scored quantity, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scoring.curves import Curve
from scoring.quantities import quotient
from scoring.reading import Readings, State

HOUR = 3600.0
ORDINARY = "an ordinary day of the last year, which by convention is worth 75 everywhere"
HOLD_SECONDS = 24 * HOUR
HOLD_DAILY_SECONDS = 7 * 24 * HOUR


def known(readings: Readings, selector: str) -> float | None:
    """The value of a fresh reading; whatever is not fresh is not there."""
    reading = readings.get(selector)
    if reading is None or reading.state is not State.FRESH or not math.isfinite(reading.value):
        return None
    return reading.value


@dataclass(frozen=True, slots=True)
class Level:
    """One series as it is."""

    selector: str

    @property
    def selectors(self) -> tuple[str, ...]:
        return (self.selector,)

    def __str__(self) -> str:
        return self.selector

    def value(self, readings: Readings) -> float | None:
        return known(readings, self.selector)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One series over another; `factor` brings the two to one unit."""

    over: str
    under: str
    factor: float = 1.0

    @property
    def selectors(self) -> tuple[str, ...]:
        return (self.over, self.under)

    def __str__(self) -> str:
        scaled = "" if self.factor == 1.0 else f" x {self.factor:g}"
        return f"{self.over} / {self.under}{scaled}"

    def value(self, readings: Readings) -> float | None:
        over, under = known(readings, self.over), known(readings, self.under)
        if over is None or under is None:
            return None
        value = quotient(over * self.factor, under)
        return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest of several series, all of which must be known: one that is not could be the largest."""

    selectors: tuple[str, ...]

    def __str__(self) -> str:
        return f"largest of {', '.join(self.selectors)}"

    def value(self, readings: Readings) -> float | None:
        values = [known(readings, selector) for selector in self.selectors]
        return max((value for value in values if value is not None), default=None) if None not in values else None


Quantity = Level | Ratio | Largest


@dataclass(frozen=True, slots=True)
class Indicator:
    """`weight` inside its pillar. `fallbacks` serve, in order, once the quantity is missing and no longer held.

    `alone`: where there is no fallback, why no other public source can serve.
    `daily`: some input is made once a day, so that a score is held for 7 days instead of 24 hours.
    `other_face`: where the same quantity is good for something else, so that neither face cancels the other unseen.
    """

    id: str
    title: str
    quantity: Quantity
    curve: Curve
    weight: float
    source: str
    why: str
    unit: str = "ratio"
    fallbacks: tuple[Quantity, ...] = ()
    alone: str | None = None
    daily: bool = False
    other_face: str | None = None

    @property
    def alternatives(self) -> tuple[Quantity, ...]:
        return (self.quantity, *self.fallbacks)

    @property
    def hold_seconds(self) -> float:
        return HOLD_DAILY_SECONDS if self.daily else HOLD_SECONDS

    @property
    def selectors(self) -> tuple[str, ...]:
        """Every series that may feed it."""
        return tuple(dict.fromkeys(selector for quantity in self.alternatives for selector in quantity.selectors))


@dataclass(frozen=True, slots=True)
class Pillar:
    id: str
    title: str
    weight: float
    question: str
    indicators: tuple[Indicator, ...]
