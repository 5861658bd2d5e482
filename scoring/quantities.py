"""Derived quantities: one home for every formula, used by the exporter, by backfill and by backtests.

Functions of measured values return None where the quantity does not exist (nothing to divide by, not enough days).
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

SATOSHIS_PER_BITCOIN: Final = 100_000_000
HALVING_INTERVAL_BLOCKS: Final = 210_000
TARGET_SPACING_SECONDS: Final = 600.0
BLOCKS_PER_DAY: Final = 144
BLOCKS_PER_WEEK: Final = 1008
DAYS_PER_YEAR: Final = 365
BLOCKS_PER_YEAR: Final = BLOCKS_PER_DAY * DAYS_PER_YEAR
BLOCK_CAPACITY_VBYTES: Final = 1_000_000.0
HASHES_PER_DIFFICULTY: Final = 2.0**32
DAY_SECONDS: Final = 86_400.0
PETAHASH: Final = 1e15

# One-input two-output P2WPKH, the plainest payment with change.
PAYMENT_VBYTES: Final = 141.0

# Share of the days that a window statistic needs before it may be stated.
WINDOW_MINIMUM_RATIO: Final = 0.8


def quotient(over: float, under: float) -> float | None:
    return over / under if under > 0 else None


def relative_change(after: float, before: float) -> float | None:
    """Signed, 0 for no change."""
    return after / before - 1 if before > 0 else None


def subsidy_bitcoins(height: int) -> float:
    """New coins of the block at `height`, rounded down to a satoshi as the protocol does."""
    halvings = height // HALVING_INTERVAL_BLOCKS
    return (50 * SATOSHIS_PER_BITCOIN >> halvings) / SATOSHIS_PER_BITCOIN


def halving_height(height: int) -> int:
    """The first block after `height` that earns half."""
    return (height // HALVING_INTERVAL_BLOCKS + 1) * HALVING_INTERVAL_BLOCKS


def halving_remaining_blocks(height: int) -> int:
    return halving_height(height) - height


def halving_time(height: int, tip_time: float) -> float:
    """When the next halving comes at the protocol's pace, in the unit of `tip_time`, Unix seconds."""
    return tip_time + halving_remaining_blocks(height) * TARGET_SPACING_SECONDS


def issuance(blocks: float, height: int) -> float:
    """New coins of `blocks` blocks at the subsidy of `height`."""
    return blocks * subsidy_bitcoins(height)


def annual_issuance_ratio(height: int, supply: float) -> float | None:
    """Inflation: a year of new coins at the subsidy of `height` over the coins there are."""
    return quotient(issuance(BLOCKS_PER_YEAR, height), supply)


def fee_share(fees: float, subsidy: float) -> float | None:
    """Part of the block reward that users pay; both arguments in one unit over one window."""
    return quotient(fees, fees + subsidy)


def hashprice(reward_per_block: float, difficulty: float) -> float | None:
    """Expected earnings of 1 PH/s in a day, in the unit of `reward_per_block`.

    From difficulty, not from an estimate of the hash rate: exact, without the noise of block discovery.
    """
    return quotient(reward_per_block * PETAHASH * DAY_SECONDS, difficulty * HASHES_PER_DIFFICULTY)


def hashprice_of_day(revenue: float, hashrate: float) -> float | None:
    """The same from one day's revenue and the hash rate (H/s) estimated from that day's blocks, whose luck cancels."""
    return quotient(revenue * PETAHASH, hashrate)


def hashprice_median(revenues: Mapping[float, float], hashrates: Mapping[float, float], days: int) -> float | None:
    """Median of the daily hash prices of the `days` days up to the newest that both have; keys are starts of days."""
    common = revenues.keys() & hashrates.keys()
    if not common:
        return None
    newest = max(common)
    window = (newest - DAY_SECONDS * back for back in range(days))
    daily = [hashprice_of_day(revenues[day], hashrates[day]) if day in common else None for day in window]
    return over_window(daily, median)


def hashrate_of_difficulty(difficulty: float) -> float:
    """Hashes per second at which blocks come at the protocol's pace."""
    return difficulty * HASHES_PER_DIFFICULTY / TARGET_SPACING_SECONDS


def blocks_of_hashrate(hashrate: float, difficulty: float) -> float | None:
    """Blocks of a day, from a hash rate (H/s) that was estimated from nothing but them."""
    return quotient(hashrate * DAY_SECONDS, difficulty * HASHES_PER_DIFFICULTY)


def security_budget(revenue_per_day_usd: float, supply: float, price_usd: float) -> float | None:
    """A year of miner revenue over the value of all coins."""
    return quotient(revenue_per_day_usd * DAYS_PER_YEAR, supply * price_usd)


def revenue_per_day(reward: float, blocks: float) -> float | None:
    """Miner revenue of a day of 144 blocks, from the reward of `blocks` blocks."""
    per_block = quotient(reward, blocks)
    return None if per_block is None else per_block * BLOCKS_PER_DAY


def transactions_per_second(transactions: float, blocks: float, found_in_a_day: float) -> float | None:
    """From the transactions of `blocks` blocks and the blocks that a day really had."""
    per_block = quotient(transactions, blocks)
    return None if per_block is None else per_block * found_in_a_day / DAY_SECONDS


def pace(blocks: float, seconds: float) -> float | None:
    """Blocks found over blocks expected; 1 is the protocol's target."""
    return quotient(blocks * TARGET_SPACING_SECONDS, seconds)


def fee_density(fees_bitcoins: float, blocks: float) -> float | None:
    """Fees over the room that `blocks` blocks offer, in satoshis per virtual byte: the mean fee rate of full blocks."""
    return quotient(fees_bitcoins * SATOSHIS_PER_BITCOIN, blocks * BLOCK_CAPACITY_VBYTES)


def backlog_blocks(vbytes: float) -> float:
    return vbytes / BLOCK_CAPACITY_VBYTES


def payment_fee_bitcoins(satoshis_per_vbyte: float) -> float:
    return satoshis_per_vbyte * PAYMENT_VBYTES / SATOSHIS_PER_BITCOIN


def payment_fee_usd(satoshis_per_vbyte: float, price_usd: float) -> float:
    return payment_fee_bitcoins(satoshis_per_vbyte) * price_usd


def herfindahl(counts: Iterable[float], unknown: float = 0.0) -> float | None:
    """Sum of squared shares, 0-1. Each of the `unknown` blocks counts as a finder of its own."""
    known = tuple(counts)
    total = math.fsum(known) + unknown
    if total <= 0:
        return None
    return math.fsum((count / total) ** 2 for count in known) + unknown / total**2


def nakamoto(counts: Iterable[float], unknown: float = 0.0) -> int | None:
    """The fewest finders that together hold more than half; unknown blocks stand alone, one finder each."""
    known = sorted(counts, reverse=True)
    total = math.fsum(known) + unknown
    if total <= 0:
        return None
    held = 0.0
    for number, count in enumerate(known, start=1):
        held += count
        if held > total / 2:
            return number
    return len(known) + math.floor(total / 2 - held) + 1


def top_share(counts: Iterable[float], top: int, unknown: float = 0.0) -> float | None:
    """Share of the `top` largest, 0-1; unknown blocks only count in the denominator."""
    known = sorted(counts, reverse=True)
    return quotient(math.fsum(known[:top]), math.fsum(known) + unknown)


def entropy_ratio(counts: Iterable[float]) -> float | None:
    """Shannon entropy over its maximum for as many classes: 1 when all are equal, 0 when one holds everything."""
    known = tuple(counts)
    total = math.fsum(known)
    if not known[1:] or total <= 0:
        return None
    shares = [count / total for count in known if count > 0]
    return -math.fsum(share * math.log(share) for share in shares) / math.log(len(known))


def both_ends_share(capacity: float, network_capacity: float) -> float | None:
    """Share of Lightning capacity where each channel counts for both of its nodes."""
    return quotient(capacity, 2 * network_capacity)


def over_window(
    values: Sequence[float | None],
    statistic: Callable[[Sequence[float]], float],
    minimum_ratio: float = WINDOW_MINIMUM_RATIO,
) -> float | None:
    """`statistic` over the values that are there, if they are at least `minimum_ratio` of the window."""
    known = [value for value in values if value is not None]
    if not known or len(known) < minimum_ratio * len(values):
        return None
    return statistic(known)


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile_rank(value: float, history: Iterable[float]) -> float | None:
    """Share of `history` below `value`, equals counted half: 0.5 is an ordinary day, close to 0 or 1 an unusual one."""
    known = sorted(history)
    if not known:
        return None
    return (bisect_left(known, value) + bisect_right(known, value)) / (2 * len(known))
