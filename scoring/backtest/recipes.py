"""How each series that scoring reads follows from the columns of a history folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Final

from scoring import quantities
from scoring.backtest.columns import (
    Recipe,
    Window,
    each,
    growth,
    growth_of_medians,
    maximum,
    mean,
    median,
    of,
    rolling,
    same,
    scaled,
)
from scoring.backtest.table import POOL_BLOCKS, STALE_BLOCKS, Column, Table
from scoring.owners import by_owner
from scoring.reading import series

WEEK: Final = 7
MONTH: Final = 30
QUARTER: Final = 90
YEAR: Final = 365
EXAHASH: Final = 1e18
MINUTE: Final = 60.0

# Days of one difficulty period agree to this precision; the columns carry seven digits.
SAME_DIFFICULTY: Final = 1e-5

# As live: growth of unspent outputs from the nearest point, growth of Lightning between medians of three days.
GROWTH_SLACK_DAYS: Final = 2
SMOOTHED_DAYS: Final = 3

# The one long count of listening nodes shifts its level when its crawler changes; half a year's median shifts slowly.
NODE_COUNT_DAYS: Final = 180
HALF: Final = 0.5

BLOCK_SIZE_KNOWN: Final = 0.25

# Spikes in the counts by host last a day.
HOST_COUNT_DAYS: Final = 3

MONTH_GROWTH: Final = growth_of_medians(MONTH, SMOOTHED_DAYS)

REWARD: Final = ("fees_btc", "issuance_btc")
LISTENING_NODES: Final = "luke_listening_nodes"


def recipes(table: Table) -> Mapping[str, Recipe]:
    """By selector. Which columns serve for Lightning and for node hosts depends on the folder."""
    return {**_SECURITY, **_pools(table), **_THROUGHPUT, **_ADOPTION, **_lightning(table), **_hosts(table)}


def _hashprice(fees: float, issuance: float, blocks: float, price: float, difficulty: float) -> float | None:
    per_block = quantities.quotient((fees + issuance) * price, blocks)
    return None if per_block is None else quantities.hashprice(per_block, difficulty)


def _hashprice_of_day(fees: float, issuance: float, price: float, exahashes: float) -> float | None:
    return quantities.hashprice_of_day((fees + issuance) * price, exahashes * EXAHASH)


def _revenue_of_day(fees: float, issuance: float, price: float) -> float:
    return (fees + issuance) * price


def _revenue_at_pace(fees: float, issuance: float, price: float, blocks: float) -> float | None:
    return quantities.revenue_per_day((fees + issuance) * price, blocks)


def _fee_mean(fees: float, transactions: float, price: float) -> float | None:
    return quantities.quotient(fees * price, transactions)


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


def _stale_ratio(days: int) -> Recipe:
    window = mean(days)

    def make(table: Table) -> Column:
        return each(quantities.quotient, window(table.columns["stale_blocks"]), window(table.columns["blocks"]))

    return Recipe(("stale_blocks", "blocks"), make)


def _fork_depth(days: int) -> Recipe:
    """The daily column says until when somebody watched; a day without stale blocks is then a day with none."""

    def make(table: Table) -> Column:
        watched = table.columns["stale_blocks"]
        return [
            None if watched[day] is None else float(quantities.longest_branch(_recent(table, day, days)))
            for day in range(table.days)
        ]

    return Recipe(("stale_blocks", STALE_BLOCKS), make)


def _recent(table: Table, day: int, days: int) -> list[int]:
    return [height for heights in table.stale_heights[max(0, day - days + 1) : day + 1] for height in heights]


def _last_retarget(table: Table) -> Column:
    """Change between the newest two levels that lasted two days: on the day of a retarget the column gives a mean."""
    found: list[float | None] = [None]
    levels: list[float] = []
    for yesterday, today in pairwise(table.columns["difficulty"]):
        settled = today is not None and yesterday is not None and abs(today / yesterday - 1) <= SAME_DIFFICULTY
        if settled and today is not None and (not levels or abs(today / levels[-1] - 1) > SAME_DIFFICULTY):
            levels = [*levels[-1:], today]
        found.append(quantities.relative_change(levels[1], levels[0]) if levels[1:] else None)
    return found


_WEEK_HASHRATE: Final = (mean(WEEK),)


def _recent_block_size(column: Column) -> Column:
    """Later years of the column have a value every third day."""
    return rolling(column, WEEK, lambda window: quantities.over_window(window, quantities.median, BLOCK_SIZE_KNOWN))


_SECURITY: Final = {
    series("btchealth_hashrate_hashes_per_second", window="7d"): of(
        scaled(EXAHASH), "hashrate_eh_s", then=_WEEK_HASHRATE
    ),
    series("btchealth_hashrate_maximum_hashes_per_second", window="90d"): of(
        scaled(EXAHASH), "hashrate_eh_s", then=(*_WEEK_HASHRATE, maximum(QUARTER))
    ),
    series("btchealth_hashrate_maximum_hashes_per_second", window="365d"): of(
        scaled(EXAHASH), "hashrate_eh_s", then=(*_WEEK_HASHRATE, maximum(YEAR))
    ),
    "btchealth_hashprice_usd_per_petahash_day": of(_hashprice, *REWARD, "blocks", "price_usd", "difficulty"),
    series("btchealth_hashprice_median_usd_per_petahash_day", window="365d"): of(
        _hashprice_of_day, *REWARD, "price_usd", "hashrate_eh_s", then=(median(YEAR),)
    ),
    series("btchealth_miner_revenue_usd", window="24h"): of(_revenue_at_pace, *REWARD, "price_usd", "blocks"),
    series("btchealth_miner_revenue_median_usd", window="365d"): of(
        _revenue_of_day, *REWARD, "price_usd", then=(median(YEAR),)
    ),
    "btchealth_difficulty_last_change_ratio": Recipe(("difficulty",), _last_retarget),
    series("btchealth_blocks_found_expected_ratio", window="7d"): _pace(WEEK),
    series("btchealth_blocks_found_expected_ratio", window="24h"): _pace(1),
    series("btchealth_fee_share_ratio", window="30d"): _share_of_sums("fees_btc", "issuance_btc", MONTH),
    series("btchealth_stale_blocks_ratio", window="30d"): _stale_ratio(MONTH),
    series("btchealth_chain_fork_length_maximum_blocks", window="30d"): _fork_depth(MONTH),
}

_THROUGHPUT: Final = {
    series("btchealth_fee_mean_usd", window="24h"): of(_fee_mean, "fees_btc", "tx_count", "price_usd"),
    series("btchealth_fee_mean_median_usd", window="365d"): of(
        _fee_mean, "fees_btc", "tx_count", "price_usd", then=(median(YEAR),)
    ),
    series("btchealth_fee_density_satoshis_per_vbyte", window="144_blocks"): of(
        quantities.fee_density, "fees_btc", "blocks"
    ),
    "btchealth_mempool_paid_backlog_blocks": of(quantities.backlog_blocks, "mempool_paid_vbytes"),
    "btchealth_mempool_backlog_blocks": of(quantities.backlog_blocks, "mempool_vbytes"),
    "btchealth_mempool_chart_bytes": of(same, "mempool_size_bytes"),
    series("btchealth_chain_block_mean_bytes", window="24h"): of(
        same, "block_size_mean_bytes", then=(_recent_block_size,)
    ),
    "btchealth_confirmation_median_seconds": of(scaled(MINUTE), "confirm_minutes_median"),
}

_ADOPTION: Final = {
    series("btchealth_daily_transactions_mean", window="7d"): of(same, "tx_count", then=(mean(WEEK),)),
    series("btchealth_daily_transactions_median", window="365d"): of(same, "tx_count", then=(median(YEAR),)),
    series("btchealth_daily_addresses_mean", window="7d"): of(same, "active_addresses", then=(mean(WEEK),)),
    series("btchealth_daily_addresses_median", window="365d"): of(same, "active_addresses", then=(median(YEAR),)),
    series("btchealth_daily_transfer_mean_usd", window="7d"): of(same, "transfer_usd", then=(mean(WEEK),)),
    series("btchealth_daily_transfer_median_usd", window="365d"): of(same, "transfer_usd", then=(median(YEAR),)),
    series("btchealth_utxos_growth_ratio", window="90d"): of(
        same, "utxo_count", then=(growth(QUARTER, GROWTH_SLACK_DAYS),)
    ),
}


OwnerBlocks = tuple[Mapping[str, float], float]
OwnerFormula = Callable[[Mapping[str, float], float], float | None]


def _pools(table: Table) -> dict[str, Recipe]:
    weeks = _owner_weeks(table)

    def recipe(formula: OwnerFormula) -> Recipe:
        return Recipe((POOL_BLOCKS,), lambda _: [None if week is None else formula(*week) for week in weeks])

    return {
        series("btchealth_mining_pool_herfindahl_ratio", grouping="owner", window="7d"): recipe(
            lambda blocks, unknown: quantities.herfindahl(blocks.values(), unknown)
        ),
        series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="1", window="7d"): recipe(
            lambda blocks, unknown: quantities.top_share(blocks.values(), 1, unknown)
        ),
        series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="2", window="7d"): recipe(
            lambda blocks, unknown: quantities.top_share(blocks.values(), 2, unknown)
        ),
        series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window="7d"): recipe(
            lambda blocks, unknown: quantities.nakamoto(blocks.values(), unknown)
        ),
    }


def _owner_weeks(table: Table) -> list[OwnerBlocks | None]:
    """Blocks by owner over seven days, on days whose week has no gap."""
    days = [by_owner(blocks, table.end_of_day(day)) for day, blocks in enumerate(table.pool_blocks)]
    weeks: list[OwnerBlocks | None] = []
    for end in range(1, len(days) + 1):
        week = days[max(0, end - WEEK) : end]
        full = len(week) == WEEK and all(blocks or unknown for blocks, unknown in week)
        weeks.append(_summed(week) if full else None)
    return weeks


def _summed(days: Iterable[OwnerBlocks]) -> OwnerBlocks:
    total: Counter[str] = Counter()
    unknown = 0.0
    for blocks, nobody in days:
        total.update(blocks)
        unknown += nobody
    return total, unknown


def _hosts(table: Table) -> dict[str, Recipe]:
    """Nodes of the largest hosting company known over all listening nodes; two crawlers, so an approximation."""
    hosts = tuple(name for name in table.columns if name.startswith("asn_") and name.endswith("_nodes"))

    def make(table: Table) -> Column:
        listening = rolling(table.columns[LISTENING_NODES], NODE_COUNT_DAYS, _median_of_known)
        largest = [_largest(values) for values in zip(*(table.columns[name] for name in hosts), strict=True)]
        return each(quantities.quotient, rolling(largest, HOST_COUNT_DAYS, _median_of_known), listening)

    return {
        series("btchealth_nodes_autonomous_system_top_share_ratio", top="1"): Recipe(
            (*(hosts or ("asn_*_nodes",)), LISTENING_NODES), make
        )
    }


def _median_of_known(window: Column) -> float | None:
    return quantities.over_window(window, quantities.median, HALF)


def _largest(values: Iterable[float | None]) -> float | None:
    """None when the monitor was out, which its file writes as 0 for all."""
    return max((value for value in values if value), default=None)


# Bitcoin Visuals has hardly a gap; mempool.space has several. The two never serve one day's comparison together.
_LIGHTNING_COLUMNS: Final = {
    "channels": ("ln_channels_bitcoinvisuals", "ln_channels"),
    "nodes": ("ln_nodes_bitcoinvisuals", "ln_nodes"),
}


def _lightning(table: Table) -> dict[str, Recipe]:
    capacity = "ln_capacity_btc"
    found = {
        "btchealth_lightning_capacity_bitcoins": of(same, capacity),
        series("btchealth_lightning_capacity_maximum_bitcoins", window="365d"): of(
            same, capacity, then=(maximum(YEAR),)
        ),
        series("btchealth_lightning_capacity_change_ratio", window="30d"): of(same, capacity, then=(MONTH_GROWTH,)),
    }
    for quantity, names in _LIGHTNING_COLUMNS.items():
        columns = tuple(name for name in names if name in table.columns) or names
        found[f"btchealth_lightning_{quantity}"] = _first_known(columns)
        found[series(f"btchealth_lightning_{quantity}_maximum", window="365d")] = _first_known(columns, maximum(YEAR))
    channels = tuple(name for name in _LIGHTNING_COLUMNS["channels"] if name in table.columns)
    found[series("btchealth_lightning_channels_change_ratio", window="30d")] = _first_known(
        channels or _LIGHTNING_COLUMNS["channels"], MONTH_GROWTH
    )
    return found


def _first_known(columns: tuple[str, ...], window: Window | None = None) -> Recipe:
    """On each day the first column with a value, or a window over that same column."""

    def make(table: Table) -> Column:
        levels = [table.columns[name] for name in columns]
        results = levels if window is None else [window(level) for level in levels]
        found: list[float | None] = []
        for day in range(table.days):
            number = next((number for number, level in enumerate(levels) if level[day] is not None), None)
            found.append(None if number is None else results[number][day])
        return found

    return Recipe(columns, make)
