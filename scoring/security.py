"""Security & Mining Economics: what it would cost to rewrite history, and whether miners are paid to keep it."""

from __future__ import annotations

from typing import Final

from scoring.curves import linear, logarithmic
from scoring.indicator import ORDINARY, Indicator, Level, Pillar, Ratio
from scoring.reading import series

HASHRATE_WEEK: Final = series("btchealth_hashrate_hashes_per_second", window="7d")
HALF_IDLE: Final = "half of the machines idle: they could outvote those that still run (the ban of 2021 came to 0.47)"
WEEK_ERROR: Final = "a week has 1,008 blocks, a standard error of 3 %: within two of them nothing is lost for certain"

ONE_ESTIMATOR: Final = (
    "estimates of hash rate differ by their method, and a maximum only means something in the same estimate"
)
ONE_WATCHER: Final = "watchers see different stale blocks, so that their counts cannot take over from one another"
BLOCKS_ELSEWHERE: Final = "other sources count blocks by UTC day only"

SECURITY: Final = Pillar(
    "security",
    "Security & Mining Economics",
    0.30,
    "Is rewriting the chain expensive, and do miners earn enough to keep it so?",
    (
        Indicator(
            "hashrate_quarter",
            "Hash rate against its 90-day maximum",
            Ratio(HASHRATE_WEEK, series("btchealth_hashrate_maximum_hashes_per_second", window="90d")),
            linear((0.5, 0, HALF_IDLE), (0.94, 100, WEEK_ERROR)),
            weight=0.22,
            source="mempool.space /api/v1/mining/hashrate/3m, 7-day means",
            alone=ONE_ESTIMATOR,
            why=(
                "Hash rate that leaves within weeks is the sharpest sign of a mining crisis; its level says"
                " nothing, as it grows with the industry."
            ),
            daily=True,
        ),
        Indicator(
            "hashrate_year",
            "Hash rate against its 365-day maximum",
            Ratio(HASHRATE_WEEK, series("btchealth_hashrate_maximum_hashes_per_second", window="365d")),
            linear((0.5, 0, HALF_IDLE), (0.94, 100, WEEK_ERROR)),
            weight=0.08,
            source="mempool.space /api/v1/mining/hashrate/1y, 7-day means",
            alone=ONE_ESTIMATOR,
            why="A loss that is not made good within a quarter stays visible for a year.",
            daily=True,
        ),
        Indicator(
            "hashprice",
            "Hashprice against its 365-day median",
            Ratio(
                "btchealth_hashprice_usd_per_petahash_day",
                series("btchealth_hashprice_median_usd_per_petahash_day", window="365d"),
            ),
            logarithmic(
                (
                    0.25,
                    0,
                    ("two halvings of income within a year; since 2016 the lowest was 0.27 (August 2018)"),
                ),
                (1.0, 75, ORDINARY),
                (4.0, 100, "the highest days of 2013 (4.02) and 2017 (4.00)"),
            ),
            weight=0.17,
            source=(
                "mempool.space /api/v1/mining/reward-stats/144, consensus price and difficulty; "
                "Blockchain.com charts miners-revenue and hash-rate"
            ),
            why=(
                "Machines are switched off when a hash earns less than its power. The level fades with "
                "better hardware, so the last year is the measure."
            ),
            alone=(
                "price and difficulty are agreed among sources already; only one tells the reward of the newest blocks"
            ),
            daily=True,
            other_face=(
                "A hash also earns less when others join: the chain is then dearer to attack (hashrate_quarter). And "
                "the fees in it are what users pay (fee_usd and fee_density in the throughput pillar)."
            ),
        ),
        Indicator(
            "miner_revenue",
            "Miner revenue in USD against its 365-day median",
            Ratio(
                series("btchealth_miner_revenue_usd", window="24h"),
                series("btchealth_miner_revenue_median_usd", window="365d"),
            ),
            logarithmic(
                (0.25, 0, "a quarter of the year's ordinary income; the lowest day so far was 0.31 (January 2015)"),
                (1.0, 75, ORDINARY),
                (4.0, 100, "the booms of 2013, 2017 and 2021 reached 11, 9 and 5"),
            ),
            weight=0.10,
            source=(
                "mempool.space /api/v1/mining/reward-stats/144 and consensus price; Blockchain.com chart miners-revenue"
            ),
            why=(
                "What the network spends on its security in a day bounds what an attacker has to spend; "
                "growth of the hash rate does not change it."
            ),
            alone="as for hashprice",
            daily=True,
            other_face=(
                "Holders pay it in new coins and users in fees: what is a thin wage here is cheap security for them, "
                "and the fees in it lose points in the throughput pillar (fee_usd, fee_density, fee_shock)."
            ),
        ),
        Indicator(
            "difficulty_change",
            "Last difficulty adjustment",
            Level("btchealth_difficulty_last_change_ratio"),
            linear(
                (-0.28, 0, "the largest fall ever, -27.9 % on 2021-07-03"),
                (0.0, 100, "arithmetic: no loss over two weeks"),
            ),
            weight=0.12,
            source="mempool.space /api/v1/mining/difficulty-adjustments/1y",
            alone="a chart of daily difficulty blurs the step on the day of the adjustment",
            why="The protocol's own verdict on two weeks of mining: free of the noise of hash rate estimates.",
            unit="signed ratio",
        ),
        Indicator(
            "block_pace_week",
            "Blocks found in 7 days over blocks expected",
            Level(series("btchealth_blocks_found_expected_ratio", window="7d")),
            linear(
                (
                    0.5,
                    0,
                    (
                        "twenty minutes a block: half of the machines gone before the difficulty follows "
                        "(lowest week 0.59, July 2021)"
                    ),
                ),
                (0.94, 100, WEEK_ERROR),
            ),
            weight=0.12,
            source="mempool.space /api/v1/mining/pools/1w",
            alone=BLOCKS_ELSEWHERE,
            why="Slow blocks show at once what the difficulty has not answered yet.",
            other_face="Slow blocks also make users wait: block_pace_day in the throughput pillar.",
        ),
        Indicator(
            "fee_share",
            "Fees in miner revenue over 30 days",
            Level(series("btchealth_fee_share_ratio", window="30d")),
            logarithmic(
                (0.005, 0, "as good as nothing: the ordinary share of 2012, 2014 and 2015 was 0.003 to 0.005"),
                (0.5, 100, "arithmetic: fees pay as much as the subsidy, the next halving would be made good"),
            ),
            weight=0.09,
            source="mempool.space /api/v1/mining/blocks/fees and /rewards, 1m",
            alone="fees and subsidy must be of the same blocks; no other source tells both over 30 days",
            why="The subsidy halves every 210,000 blocks; only fees can take its place.",
            daily=True,
            other_face=(
                "High fees burden users: fee_usd, fee_density and fee_shock in the throughput pillar"
                " lose what is gained here."
            ),
        ),
        Indicator(
            "stale_rate",
            "Stale blocks in 30 days over blocks",
            Level(series("btchealth_stale_blocks_ratio", window="30d")),
            linear(
                (0.0, 100, "arithmetic: no work wasted"),
                (0.015, 0, "the worst recorded month, 1.5 % in 2012, when blocks took many seconds to spread"),
            ),
            weight=0.03,
            source="mempool.space /api/v1/chain-tips, 4,320 blocks",
            alone=ONE_WATCHER,
            why="Stale blocks waste work, help large miners and make short confirmations unsafe.",
        ),
        Indicator(
            "fork_depth",
            "Longest abandoned branch of 30 days",
            Level(series("btchealth_chain_fork_length_maximum_blocks", window="30d")),
            linear(
                (1.0, 100, "ordinary: two miners found a block at the same time"),
                (
                    6.0,
                    0,
                    (
                        "six confirmations, the customary finality, undone (July 2015: six blocks; March 2013: "
                        "twenty-four)"
                    ),
                ),
            ),
            weight=0.04,
            source="mempool.space /api/v1/chain-tips",
            alone=ONE_WATCHER,
            why="Depth of reorganisation is what a payee has to fear.",
            unit="blocks",
        ),
        Indicator(
            "invalid_blocks",
            "Invalid blocks mined in 30 days",
            Level(series("btchealth_invalid_blocks", window="30d")),
            linear(
                (0.0, 100, "arithmetic: miners and nodes agree on the rules"),
                (6.0, 0, "July 2015: a branch of six blocks was built on an invalid one"),
            ),
            weight=0.03,
            source="ForkMonitor feed invalid_blocks",
            alone="only who keeps refused blocks can count them; fork-observer tells branches without their time",
            why="An invalid block costs its miner a reward: somebody runs broken or careless software.",
            unit="blocks",
        ),
    ),
)
