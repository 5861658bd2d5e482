"""The method as it would have been drawn up at the end of 2017: whether the anchors owe their success to hindsight.

Anchors set by protocol, arithmetic or extremes before 2018 stay; the others are set by the same rule from what had
happened by then. Weights are judgements, not fits, and stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from scoring.curves import Curve, linear, logarithmic
from scoring.method import Method

LAST_DAY: Final = date(2017, 12, 31)

ORDINARY: Final = "an ordinary day of the last year"
UNKNOWN_YET: Final = "no history of Lightning yet: a doubling, and the loss of half, within a month"

CURVES: Final[Mapping[str, Curve]] = {
    "hashprice": logarithmic(
        (0.05, 0, "the lowest so far, in the race of the first ASICs (April 2014)"),
        (1.0, 75, ORDINARY),
        (4.0, 100, "the highest days of 2013 and 2017"),
    ),
    "difficulty_change": linear(
        (-0.18, 0, "the largest fall so far, in autumn 2011"),
        (0.0, 100, "no loss over two weeks"),
    ),
    "pool_nakamoto": linear(
        (1.0, 0, "one owner suffices"),
        (6.0, 100, "six owners; one more than in any week of 2016 and 2017"),
    ),
    "fee_usd": logarithmic(
        (0.01, 100, "the cheapest year, 2012, had a median of 0.006 USD"),
        (0.09, 75, "ordinary: the median of the yearly medians of 2012-2017"),
        (56.0, 0, "the dearest day, 2017-12-22"),
    ),
    "fee_density": logarithmic(
        (1.0, 100, "the default minimum that nodes relay"),
        (18.0, 75, "ordinary: the median of the yearly medians of 2012-2017"),
        (1000.0, 0, "the dearest day, 965 on 2017-12-22"),
    ),
    "block_pace_day": linear(
        (0.55, 0, "the slowest days so far, 80 of 144 blocks on 2017-11-11 and 12"),
        (0.92, 100, "a day has 144 blocks, a standard error of 8 %: above 0.92 nothing is slow for certain"),
    ),
    "lightning_capacity_growth": linear(
        (-0.5, 0, UNKNOWN_YET), (0.0, 75, "as much as a month ago"), (1.0, 100, UNKNOWN_YET)
    ),
    "lightning_channels_growth": linear(
        (-0.5, 0, UNKNOWN_YET), (0.0, 75, "as many as a month ago"), (1.0, 100, UNKNOWN_YET)
    ),
}


def frozen(method: Method) -> Method:
    """`method` with the anchors of the end of 2017."""
    pillars = tuple(
        replace(
            pillar,
            indicators=tuple(
                replace(indicator, curve=CURVES.get(indicator.id, indicator.curve)) for indicator in pillar.indicators
            ),
        )
        for pillar in method.pillars
    )
    return replace(method, version=f"{method.version}+anchors-of-2017", pillars=pillars)
