"""What users pay, how long they wait, and how many there are."""

from __future__ import annotations

from typing import Final

from scoring import quantities
from scoring.backtest.columns import growth, of, rolling, same, scaled
from scoring.backtest.recipes.windows import MINUTE, OF_WEEK, OF_YEAR, QUARTER, WEEK
from scoring.backtest.table import Column
from scoring.reading import series

# As live: from the nearest point.
GROWTH_SLACK_DAYS: Final = 2

BLOCK_SIZE_KNOWN: Final = 0.25


def _fee_mean(fees: float, transactions: float, price: float) -> float | None:
    return quantities.quotient(fees * price, transactions)


def _recent_block_size(column: Column) -> Column:
    """Later years of the column have a value every third day."""
    return rolling(column, WEEK, lambda window: quantities.over_window(window, quantities.median, BLOCK_SIZE_KNOWN))


THROUGHPUT: Final = {
    series("btchealth_fee_mean_usd", window="24h"): of(_fee_mean, "fees_btc", "tx_count", "price_usd"),
    series("btchealth_fee_mean_median_usd", window="365d"): of(
        _fee_mean, "fees_btc", "tx_count", "price_usd", then=OF_YEAR
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

ADOPTION: Final = {
    series("btchealth_daily_transactions_mean", window="7d"): of(same, "tx_count", then=OF_WEEK),
    series("btchealth_daily_transactions_median", window="365d"): of(same, "tx_count", then=OF_YEAR),
    series("btchealth_daily_addresses_mean", window="7d"): of(same, "active_addresses", then=OF_WEEK),
    series("btchealth_daily_addresses_median", window="365d"): of(same, "active_addresses", then=OF_YEAR),
    series("btchealth_daily_transfer_mean_usd", window="7d"): of(same, "transfer_usd", then=OF_WEEK),
    series("btchealth_daily_transfer_median_usd", window="365d"): of(same, "transfer_usd", then=OF_YEAR),
    series("btchealth_utxos_growth_ratio", window="90d"): of(
        same, "utxo_count", then=(growth(QUARTER, GROWTH_SLACK_DAYS),)
    ),
}
