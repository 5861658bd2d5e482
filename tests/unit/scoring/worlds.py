"""A small method and readings for it, where every score can be worked out in the head."""

from __future__ import annotations

from dataclasses import replace

from scoring.curves import linear
from scoring.indicator import Indicator, Level, Pillar, Quantity
from scoring.method import Method
from scoring.reading import Reading
from scoring.scorecard import IndicatorResult, PillarResult, Scorecard

HOUR = 3600.0
DAY = 24 * HOUR
NOW = 1_600_000_000.0


def indicator(
    name: str,
    weight: float,
    *,
    daily: bool = False,
    fallbacks: tuple[Quantity, ...] = (),
    quantity: Quantity | None = None,
) -> Indicator:
    """Its score is its value, clipped to 0-100."""
    return Indicator(
        id=name,
        title=name.capitalize(),
        quantity=Level(name) if quantity is None else quantity,
        curve=linear((0.0, 0, "nothing at all"), (100.0, 100, "all there is")),
        weight=weight,
        source="somewhere",
        why="It shows something.",
        fallbacks=fallbacks,
        daily=daily,
    )


FIRST = Pillar("first", "First", 0.6, "?", (indicator("a", 0.5), indicator("b", 0.3), indicator("c", 0.2, daily=True)))
SECOND = Pillar(
    "second", "Second", 0.4, "?", (indicator("d", 0.75, fallbacks=(Level("e"), Level("f"))), indicator("g", 0.25))
)


def method(cap: float = 100.0) -> Method:
    return Method("9.0", (FIRST, SECOND), cap)


def plain(published: Method) -> Method:
    """The same pillars, ids, weights and cap, but every indicator scores its own value, read under its id."""
    return replace(
        published,
        pillars=tuple(
            replace(pillar, indicators=tuple(indicator(one.id, one.weight) for one in pillar.indicators))
            for pillar in published.pillars
        ),
    )


def readings(**values: float) -> dict[str, Reading]:
    return {name: Reading(value, NOW, NOW, "test") for name, value in values.items()}


FULL = readings(a=80, b=60, c=40, d=20, g=100)


def pillar_of(card: Scorecard, name: str) -> PillarResult:
    return next(pillar for pillar in card.pillars if pillar.id == name)


def indicator_of(card: Scorecard, name: str) -> IndicatorResult:
    return next(one for _, one in card.indicators() if one.id == name)
