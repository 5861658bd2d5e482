"""Throughput & Mempool: what a user pays, and how long a user waits."""

from __future__ import annotations

from typing import Final

from scoring.curves import linear, logarithmic
from scoring.indicator import ORDINARY, Indicator, Level, Pillar, Ratio
from scoring.reading import series

FEEDS_SECURITY: Final = (
    "The same fees pay miners: fee_share, hashprice and miner_revenue in the security pillar gain what is lost here."
)
FEES_ELSEWHERE: Final = "charts of other sources are sums of UTC days and come a day late"
LEAST_RELAYED: Final = "the least that nodes relayed by default from 2014 on"
DEAREST_DAY: Final = "the dearest day, 965 on 2017-12-22"
FEE_MEAN: Final = series("btchealth_fee_mean_usd", window="24h")

THROUGHPUT: Final = Pillar(
    "throughput",
    "Throughput & Mempool",
    0.15,
    "Can somebody who wants to pay do so soon, at a price that makes sense?",
    (
        Indicator(
            "fee_usd",
            "Mean fee of a transaction in USD",
            Level(FEE_MEAN),
            logarithmic(
                (0.01, 100, "the cheapest year, 2012, had a median of 0.006 USD"),
                (1.0, 75, "ordinary: the median of the yearly medians of 2012-2022 is 0.8"),
                (60.0, 0, "the dearest days: 56 USD on 2017-12-22, 61 USD on 2021-04-20"),
            ),
            weight=0.25,
            source="mempool.space /api/v1/mining/reward-stats/144 and consensus price",
            why=(
                "What using the chain costs a person. It is the one level in money: wages and prices, which a fee is "
                "paid from, do not grow with bitcoin's. The ordinary fee did (0.006 USD in 2012, 5 USD in 2021), and "
                "that is a loss for who pays it, not a change of unit; fee_shock beside it forgets in a year."
            ),
            alone=FEES_ELSEWHERE,
            unit="USD",
            other_face=FEEDS_SECURITY,
        ),
        Indicator(
            "fee_density",
            "Fees over the room in 144 blocks",
            Level(series("btchealth_fee_density_satoshis_per_vbyte", window="144_blocks")),
            logarithmic(
                (1.0, 100, LEAST_RELAYED),
                (20.0, 75, "ordinary: the median of the yearly medians of 2012-2022 is 22"),
                (1000.0, 0, DEAREST_DAY),
            ),
            weight=0.22,
            source="mempool.space /api/v1/mining/reward-stats/144",
            alone=FEES_ELSEWHERE,
            why="What a byte costs, whatever the price of a bitcoin: the mean fee rate when blocks are full.",
            unit="satoshis per virtual byte",
            other_face=FEEDS_SECURITY,
        ),
        Indicator(
            "fee_shock",
            "Mean fee in USD against its 365-day median",
            Ratio(FEE_MEAN, series("btchealth_fee_mean_median_usd", window="365d")),
            logarithmic(
                (0.25, 100, "the cheapest days, 0.28 in January 2015 and 0.20 in August 2018"),
                (1.0, 75, ORDINARY),
                (30.0, 0, "the sharpest rise so far, 27-fold on 2017-12-22"),
            ),
            weight=0.16,
            source="mempool.space /api/v1/mining/reward-stats/144 and consensus price; Blockchain.com charts",
            alone=FEES_ELSEWHERE,
            why="Users plan with the fees they know; a flood hurts also where fees are still low in money (July 2015).",
            daily=True,
            other_face=FEEDS_SECURITY,
        ),
        Indicator(
            "backlog",
            "Blocks needed to clear what pays at least 1 satoshi per virtual byte",
            Level("btchealth_mempool_paid_backlog_blocks"),
            logarithmic(
                (1.0, 100, "arithmetic: all that waits fits into the next block"),
                (6.0, 75, "ordinary: an hour of blocks; the median of the yearly medians of 2016-2022 is 5"),
                (300.0, 0, "two days of full blocks; by default no node holds more (300 MB of memory)"),
            ),
            weight=0.12,
            source="mempool.space /api/mempool",
            why=(
                "How much waits in front of a payment that cannot outbid the rest. What pays less than 1 satoshi per "
                "virtual byte was not relayed in the years of the anchors and waits in front of nobody who pays more. "
                "The chart is in raw bytes, as are the blocks it is divided by."
            ),
            unit="blocks",
            fallbacks=(
                Level("btchealth_mempool_backlog_blocks"),
                Ratio("btchealth_mempool_chart_bytes", series("btchealth_chain_block_mean_bytes", window="24h")),
            ),
            other_face=(
                "An empty mempool is good for users and leaves miners without fees: fee_share in the security pillar."
            ),
        ),
        Indicator(
            "next_block_fee",
            "Fee rate for the next block",
            Level(series("btchealth_fee_estimate_satoshis_per_vbyte", target="next_block")),
            logarithmic(
                (1.0, 100, LEAST_RELAYED),
                (20.0, 75, "ordinary, as for fee_density"),
                (1000.0, 0, "paid on average on 2017-12-22, as for fee_density"),
            ),
            weight=0.12,
            source="mempool.space /api/v1/fees/precise",
            alone="estimators differ by design: another one would move the score although no fee moved",
            why="What a person in a hurry pays now, hours before it shows in confirmed blocks.",
            unit="satoshis per virtual byte",
            other_face=FEEDS_SECURITY,
        ),
        Indicator(
            "confirmation_time",
            "Median time to confirmation",
            Level("btchealth_confirmation_median_seconds"),
            linear(
                (600.0, 100, "the protocol's pace: one block"),
                (
                    1800.0,
                    0,
                    (
                        "three blocks for half of those that paid to be quick; the longest days were 29 to 31 "
                        "minutes (2012, 2016, 2017)"
                    ),
                ),
            ),
            weight=0.08,
            source="Blockchain.com chart median-confirmation-time",
            alone="no other source publishes what was waited for",
            why="The wait itself, not its price.",
            unit="seconds",
            daily=True,
        ),
        Indicator(
            "block_pace_day",
            "Blocks found in 24 hours over blocks expected",
            Level(series("btchealth_blocks_found_expected_ratio", window="24h")),
            linear(
                (0.4, 0, "the slowest day, 58 of 144 blocks on 2021-06-27"),
                (0.92, 100, "a day has 144 blocks, a standard error of 8 %: above 0.92 nothing is slow for certain"),
            ),
            weight=0.05,
            source="mempool.space /api/v1/mining/pools/24h",
            alone="other sources count blocks by UTC day only",
            why="Fewer blocks are less room for everybody.",
            other_face="Slow blocks mean that hash rate left: block_pace_week in the security pillar.",
        ),
    ),
)
