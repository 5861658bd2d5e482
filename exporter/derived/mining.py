"""What miners earn, what secures the chain, and the calendar of new coins."""

from __future__ import annotations

from functools import partial
from typing import Final

from exporter.derived.declaration import (
    DIFFICULTY,
    FEES,
    FOUND_IN_A_DAY,
    HEIGHT,
    PRICE,
    REWARD,
    SUPPLY,
    TIP_TIME,
    Derived,
    FromDays,
    family,
)
from exporter.spec import DAY, Group, Unit
from scoring import quantities
from scoring.quantities import BLOCKS_PER_DAY
from scoring.reading import series

_EARNINGS: Final = (
    "Expected earnings of 1e15 hashes per second in a day, from the difficulty: exact, without the luck of blocks."
)

SUBSIDY = family(
    "subsidy_bitcoins", "New coins of one block at the present height.", Unit.BITCOINS, (0.0, 50.0), Group.SECURITY
)
HALVING_HEIGHT = family(
    "halving_height", "Height of the next block that earns half.", Unit.NONE, (210_000.0, 1e7), Group.SECURITY
)
HALVING_BLOCKS = family(
    "halving_remaining_blocks",
    "Blocks until the next one that earns half.",
    Unit.NONE,
    (0.0, 210_000.0),
    Group.SECURITY,
)
HALVING_TIME = family(
    "halving_timestamp_seconds",
    "When the next halving comes if every block from now on takes ten minutes.",
    Unit.TIMESTAMP,
    (1_230_000_000.0, 4_102_444_800.0),
    Group.SECURITY,
)
ISSUANCE = family(
    "issuance_bitcoins",
    "New coins of the window: blocks found times the subsidy.",
    Unit.BITCOINS,
    (0.0, 50_000.0),
    Group.SECURITY,
    window=("24h",),
)
INFLATION = family(
    "issuance_annual_ratio",
    "New coins of a year of blocks at ten minutes each, over the coins there are.",
    Unit.RATIO,
    (0.0, 10.0),
    Group.SECURITY,
)
FEE_SHARE = family(
    "fee_share_ratio",
    "Fees over fees and subsidy: the part of miners' income that users pay.",
    Unit.RATIO,
    (0.0, 1.0),
    Group.SECURITY,
    window=("144_blocks", "7d", "30d"),
)
REVENUE = family(
    "miner_revenue_usd",
    "Subsidy and fees of 144 blocks at the present price: what a day of security costs.",
    Unit.USD,
    (1.0, 1e10),
    Group.SECURITY,
    window=("24h",),
)
BUDGET = family(
    "security_budget_annual_ratio",
    "A year of miner revenue as of today, over the value of all coins: what holders and users pay for security.",
    Unit.RATIO,
    (0.0, 10.0),
    Group.SECURITY,
)
HASHPRICE_USD = family(
    "hashprice_usd_per_petahash_day", _EARNINGS, Unit.USD_PER_PETAHASH_DAY, (1e-3, 1e9), Group.SECURITY
)
HASHPRICE_BITCOINS = family(
    "hashprice_bitcoins_per_petahash_day", _EARNINGS, Unit.BITCOINS_PER_PETAHASH_DAY, (1e-9, 1e6), Group.SECURITY
)
HASHPRICE_MEDIAN = family(
    "hashprice_median_usd_per_petahash_day",
    "Median over the window of each day's miner revenue over the hash rate estimated from that day's blocks.",
    Unit.USD_PER_PETAHASH_DAY,
    (1e-3, 1e9),
    Group.SECURITY,
    window=("365d",),
)
HASHRATE_EXPECTED = family(
    "hashrate_expected_hashes_per_second",
    "Hash rate at which the difficulty in force gives a block every ten minutes.",
    Unit.HASHES_PER_SECOND,
    (1e6, 1e26),
    Group.SECURITY,
)
PACE = family(
    "blocks_found_expected_ratio",
    "Blocks found over the 144 a day that the protocol aims at. By chance alone 24 hours vary by 8 percent, 7 days "
    "by 3.",
    Unit.RATIO,
    (0.0, 20.0),
    Group.SECURITY,
    window=("24h", "7d"),
)


def _share_of_reward(fees: float, reward: float) -> float | None:
    return quantities.fee_share(fees, reward - fees)


def _share_of_window(window: str) -> Derived:
    inputs = (
        (series("btchealth_block_fees_mean_bitcoins", window=window),),
        (series("btchealth_block_rewards_mean_bitcoins", window=window),),
    )
    return Derived(FEE_SHARE, _share_of_reward, inputs, {"window": window})


def _revenue(reward: float, price: float) -> float | None:
    bitcoins = quantities.revenue_per_day(reward, BLOCKS_PER_DAY)
    return None if bitcoins is None else bitcoins * price


def _hashprice(reward: float, difficulty: float, price: float = 1.0) -> float | None:
    return quantities.hashprice(reward / BLOCKS_PER_DAY * price, difficulty)


DERIVED: Final = (
    Derived(SUBSIDY, lambda height: quantities.subsidy_bitcoins(int(height)), (HEIGHT,)),
    Derived(HALVING_HEIGHT, lambda height: quantities.halving_height(int(height)), (HEIGHT,)),
    Derived(HALVING_BLOCKS, lambda height: quantities.halving_remaining_blocks(int(height)), (HEIGHT,)),
    Derived(HALVING_TIME, lambda height, time: quantities.halving_time(int(height), time), (HEIGHT, TIP_TIME)),
    Derived(
        ISSUANCE,
        lambda blocks, height: quantities.issuance(blocks, int(height)),
        (FOUND_IN_A_DAY, HEIGHT),
        {"window": "24h"},
    ),
    Derived(INFLATION, lambda height, supply: quantities.annual_issuance_ratio(int(height), supply), (HEIGHT, SUPPLY)),
    Derived(FEE_SHARE, _share_of_reward, (FEES, REWARD), {"window": "144_blocks"}),
    _share_of_window("7d"),
    _share_of_window("30d"),
    # The charts know the same of thirty days, in dollars.
    Derived(
        FEE_SHARE,
        _share_of_reward,
        (
            (series("btchealth_daily_fees_mean_usd", window="30d"),),
            (series("btchealth_miner_revenue_mean_usd", window="30d"),),
        ),
        {"window": "30d"},
    ),
    Derived(REVENUE, _revenue, (REWARD, PRICE), {"window": "24h"}),
    Derived(
        BUDGET,
        quantities.security_budget,
        ((series("btchealth_miner_revenue_usd", window="24h"),), SUPPLY, PRICE),
    ),
    Derived(HASHPRICE_USD, _hashprice, (REWARD, DIFFICULTY, PRICE)),
    Derived(HASHPRICE_BITCOINS, _hashprice, (REWARD, DIFFICULTY)),
    Derived(HASHRATE_EXPECTED, quantities.hashrate_of_difficulty, (DIFFICULTY,)),
    *(
        Derived(
            PACE,
            partial(quantities.pace, seconds=days * DAY),
            ((series("btchealth_blocks_found", window=window),),),
            {"window": window},
        )
        for window, days in (("24h", 1), ("7d", 7))
    ),
)

FROM_DAYS: Final = (
    FromDays(
        HASHPRICE_MEDIAN,
        partial(quantities.hashprice_median, days=365),
        (("blockchain_com", "miners_revenue"), ("blockchain_com", "hash_rate")),
        ("btchealth_miner_revenue_chart_usd", "btchealth_hashrate_chart_hashes_per_second"),
        {"window": "365d"},
    ),
)
