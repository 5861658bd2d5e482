"""The method as it would have been drawn up at the end of 2017: whether the anchors owe their success to hindsight.

Anchors that rest on protocol, arithmetic, judgement or extremes before 2018 stay; the others are set by the same rule
from what had happened by then, or their indicator is left out. Weights are judgements, not fits, and stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from scoring.adoption import ADOPTION
from scoring.curves import Anchor, Curve, linear, logarithmic
from scoring.decentralization import DECENTRALIZATION
from scoring.indicator import ORDINARY
from scoring.method import Method, customised
from scoring.security import HALF_IDLE, SECURITY
from scoring.throughput import DEAREST_DAY, LEAST_RELAYED, THROUGHPUT

LAST_DAY: Final = date(2017, 12, 31)

# Nothing was known of the growth of Lightning before 2018: there is no extreme to anchor it to.
LEFT_OUT: Final = ("lightning_capacity_growth", "lightning_channels_growth")

PRESENT: Final = {
    one.id: one.curve for pillar in (SECURITY, DECENTRALIZATION, THROUGHPUT, ADOPTION) for one in pillar.indicators
}


def told(name: str, facts: Mapping[float, str]) -> Curve:
    """The anchors of today, where they would have stood in 2017 too; some with what was known of them then."""
    curve = PRESENT[name]
    known = tuple(Anchor(one.at, one.score, facts.get(one.at, one.fact)) for one in curve.anchors)
    return Curve(known, curve.axis)


HALF: Final = HALF_IDLE.partition(" (")[0]

CURVES: Final[Mapping[str, Curve]] = {
    "hashrate_quarter": told("hashrate_quarter", {0.5: HALF}),
    "hashrate_year": told("hashrate_year", {0.5: HALF}),
    "hashprice": logarithmic(
        (0.05, 0, "the lowest so far, 0.055 in the race of the first ASICs (April 2014)"),
        (1.0, 75, ORDINARY),
        (4.0, 100, "the highest days of 2013 (4.02) and 2017 (4.00)"),
    ),
    "miner_revenue": told("miner_revenue", {4.0: "the booms of 2013 and 2017 reached 11 and 9"}),
    "difficulty_change": linear(
        (-0.18, 0, "the largest fall so far, in autumn 2011"),
        (0.0, 100, "arithmetic: no loss over two weeks"),
    ),
    "block_pace_week": told(
        "block_pace_week",
        {0.5: "half of the machines gone before the difficulty follows (lowest week so far 0.79, August 2017)"},
    ),
    "pool_concentration": told(
        "pool_concentration",
        {
            0.05: "arithmetic: twenty equal pools; the lowest week so far was 0.088 (April 2017)",
            0.5: "arithmetic: two equal pools; the highest week so far was 0.19 (December 2017)",
        },
    ),
    "pool_two_largest": linear(
        (0.2, 100, "arithmetic: ten equal pools"),
        (0.56, 0, "two owners far above a majority; the highest week so far was 0.54 (May 2016)"),
    ),
    "pool_nakamoto": told("pool_nakamoto", {6.0: "six owners; one more than in any week of 2016 and 2017"}),
    "node_client": told(
        "node_client", {1.0: "arithmetic: one code base, a bug in it is everybody's bug (CVE-2010-5139)"}
    ),
    "fee_usd": logarithmic(
        (0.01, 100, "the cheapest year, 2012, had a median of 0.006 USD"),
        (0.09, 75, "ordinary: the median of the yearly medians of 2012-2017"),
        (56.0, 0, "the dearest day, 2017-12-22"),
    ),
    "fee_density": logarithmic(
        (1.0, 100, LEAST_RELAYED),
        (18.0, 75, "ordinary: the median of the yearly medians of 2012-2017"),
        (1000.0, 0, DEAREST_DAY),
    ),
    "fee_shock": logarithmic(
        (0.28, 100, "the cheapest day so far, 0.28 in January 2015"),
        (1.0, 75, ORDINARY),
        (30.0, 0, "the sharpest rise so far, 27-fold on 2017-12-22"),
    ),
    "backlog": logarithmic(
        (1.0, 100, "arithmetic: all that waits fits into the next block"),
        (17.0, 75, "ordinary: the median of the yearly medians of 2016 and 2017, all that was known"),
        (300.0, 0, "two days of full blocks; by default no node holds more (300 MB of memory)"),
    ),
    "next_block_fee": logarithmic(
        (1.0, 100, LEAST_RELAYED),
        (18.0, 75, "ordinary, as for fee_density"),
        (1000.0, 0, "paid on average on 2017-12-22, as for fee_density"),
    ),
    "block_pace_day": linear(
        (0.55, 0, "the slowest days so far, 80 of 144 blocks on 2017-11-11 and 12"),
        (0.92, 100, "a day has 144 blocks, a standard error of 8 %: above 0.92 nothing is slow for certain"),
    ),
    "transactions": told(
        "transactions", {0.5: "judgement: half of an ordinary day gone; the lowest week so far was 0.76 (August 2017)"}
    ),
    "addresses": told(
        "addresses", {0.5: "judgement: half of an ordinary day gone; the lowest week so far was 0.93 (August 2017)"}
    ),
    "utxo_growth": told(
        "utxo_growth",
        {
            -0.07: "the largest clean-up so far, -7 % in the quarter to December 2015",
            0.1: "a tenth more in a quarter, as in 2014, 2016 and 2017",
        },
    ),
}


def frozen(method: Method) -> Method:
    """`method` with the anchors of the end of 2017, and without what could not have been anchored then."""
    known = customised(method, dict.fromkeys(LEFT_OUT, 0.0))
    pillars = tuple(
        replace(
            pillar,
            indicators=tuple(
                replace(indicator, curve=CURVES.get(indicator.id, indicator.curve)) for indicator in pillar.indicators
            ),
        )
        for pillar in known.pillars
    )
    return replace(method, version=f"{method.version}+anchors-of-2017", pillars=pillars)
