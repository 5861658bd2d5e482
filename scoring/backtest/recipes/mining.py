"""Hash rate, income of miners, difficulty and pace of blocks."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from scoring import quantities
from scoring.backtest.columns import Recipe, each, mean, of, rolling, scaled
from scoring.backtest.recipes.windows import EXAHASH, LARGEST_OF_QUARTER, LARGEST_OF_YEAR, MONTH, OF_WEEK, OF_YEAR, WEEK
from scoring.backtest.table import Column, Table
from scoring.reading import series

# Days of one difficulty period agree to this precision; the columns carry seven digits.
SAME_DIFFICULTY: Final = 1e-5

# Days in which the difficulty changes once at most: a period takes about two weeks.
ONE_RETARGET: Final = WEEK

REWARD: Final = ("fees_btc", "issuance_btc")


def _hashprice(fees: float, issuance: float, blocks: float, price: float, difficulty: float) -> float | None:
    per_block = quantities.quotient((fees + issuance) * price, blocks)
    return None if per_block is None else quantities.hashprice(per_block, difficulty)


def _hashprice_of_day(fees: float, issuance: float, price: float, exahashes: float) -> float | None:
    return quantities.hashprice_of_day((fees + issuance) * price, exahashes * EXAHASH)


def _revenue_of_day(fees: float, issuance: float, price: float) -> float:
    return (fees + issuance) * price


def _revenue_at_pace(fees: float, issuance: float, price: float, blocks: float) -> float | None:
    return quantities.revenue_per_day((fees + issuance) * price, blocks)


def _pace(days: int) -> Recipe:
    def make(table: Table) -> Column:
        return rolling(table.columns["blocks"], days, lambda window: _paced(window, days))

    return Recipe(("blocks",), make)


def _paced(window: Column, days: int) -> float | None:
    blocks = [value for value in window if value is not None]
    return quantities.pace(sum(blocks), days * quantities.DAY_SECONDS) if len(blocks) == days else None


def _share_of_sums(over: str, rest: str, days: int) -> Recipe:
    """Sum of `over` in the sum of both."""
    window = mean(days)

    def make(table: Table) -> Column:
        return each(quantities.fee_share, window(table.columns[over]), window(table.columns[rest]))

    return Recipe((over, rest), make)


def _last_retarget(table: Table) -> Column:
    """Change between the newest two levels that lasted two days: on the day of a retarget the column gives a mean.

    Nothing on days without a difficulty, and no pair of levels between which a retarget may have gone unseen.
    """
    found: list[float | None] = []
    levels: list[float] = []
    settled = 0
    for day, (yesterday, today) in enumerate(pairwise((None, *table.columns["difficulty"]))):
        if today is not None and yesterday is not None and _same_level(today, yesterday):
            if not levels or not _same_level(today, levels[-1]):
                levels = [*levels[-1:], today] if day - settled <= ONE_RETARGET else [today]
            settled = day
        known = today is not None and today > 0 and day - settled <= ONE_RETARGET and len(levels) > 1
        found.append(quantities.relative_change(levels[1], levels[0]) if known else None)
    return found


def _same_level(one: float, other: float) -> bool:
    change = quantities.relative_change(one, other)
    return change is not None and abs(change) <= SAME_DIFFICULTY


MINING: Final = {
    series("btchealth_hashrate_hashes_per_second", window="7d"): of(scaled(EXAHASH), "hashrate_eh_s", then=OF_WEEK),
    series("btchealth_hashrate_maximum_hashes_per_second", window="90d"): of(
        scaled(EXAHASH), "hashrate_eh_s", then=LARGEST_OF_QUARTER
    ),
    series("btchealth_hashrate_maximum_hashes_per_second", window="365d"): of(
        scaled(EXAHASH), "hashrate_eh_s", then=LARGEST_OF_YEAR
    ),
    "btchealth_hashprice_usd_per_petahash_day": of(_hashprice, *REWARD, "blocks", "price_usd", "difficulty"),
    series("btchealth_hashprice_median_usd_per_petahash_day", window="365d"): of(
        _hashprice_of_day, *REWARD, "price_usd", "hashrate_eh_s", then=OF_YEAR
    ),
    series("btchealth_miner_revenue_usd", window="24h"): of(_revenue_at_pace, *REWARD, "price_usd", "blocks"),
    series("btchealth_miner_revenue_median_usd", window="365d"): of(
        _revenue_of_day, *REWARD, "price_usd", then=OF_YEAR
    ),
    "btchealth_difficulty_last_change_ratio": Recipe(("difficulty",), _last_retarget),
    series("btchealth_blocks_found_expected_ratio", window="7d"): _pace(WEEK),
    series("btchealth_blocks_found_expected_ratio", window="24h"): _pace(1),
    series("btchealth_fee_share_ratio", window="30d"): _share_of_sums("fees_btc", "issuance_btc", MONTH),
}
