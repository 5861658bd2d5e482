"""Charts of users: transactions, payments, addresses, value moved, fees paid, waiting, unspent outputs, price."""

from __future__ import annotations

from typing import Final

from exporter.sources import quantities
from exporter.sources.blockchain_com.chart import chart, family, shown
from exporter.sources.blockchain_com.rows import growth_over, maximum_of, mean_of, median_of, volatility_over
from exporter.spec import HOUR, MINUTE, Group, Unit

_CHANGE: Final = (-1.0, 100.0)

FEE_MEAN = family(
    "fee_mean_chart_usd",
    "Fees of the newest complete day over its transactions: the mean fee, which a few careless payers can raise.",
    Unit.USD,
    (1e-6, 10_000.0),
    group=Group.THROUGHPUT,
)
FEE_MEDIAN = family(
    "fee_mean_median_usd",
    "Median over the window of the daily mean fee: what users had got used to.",
    Unit.USD,
    (1e-6, 10_000.0),
    ("365d",),
    Group.THROUGHPUT,
)
MEMPOOL = family(
    "mempool_chart_bytes",
    "Size of the transactions waiting at Blockchain.com's own node, mean of the newest quarter of an hour. Raw bytes, "
    "not virtual ones, and one node with its own limits.",
    Unit.BYTES,
    (1.0, 5e9),
    group=Group.THROUGHPUT,
)
MEMPOOL_MEAN = family(
    "mempool_chart_mean_bytes",
    "Mean over the window of the size of the transactions waiting at Blockchain.com's own node.",
    Unit.BYTES,
    (1.0, 5e9),
    ("24h",),
    Group.THROUGHPUT,
)
CONFIRMATION_MEAN = family(
    "confirmation_mean_seconds",
    "Mean time until transactions with a fee were mined, newest complete day. A few that wait for weeks dominate it.",
    Unit.SECONDS,
    (1.0, 30 * 86_400.0),
    group=Group.THROUGHPUT,
)
CONFIRMATION_MEDIAN = family(
    "confirmation_median_seconds",
    "Median time until transactions with a fee were mined, newest complete day.",
    Unit.SECONDS,
    (1.0, 30 * 86_400.0),
    group=Group.THROUGHPUT,
)

TRANSACTIONS = family("daily_transactions", "Transactions confirmed in the newest complete day.")
TRANSACTIONS_MEAN = family(
    "daily_transactions_mean", "Mean of the daily transactions over the window.", windows=("7d",)
)
TRANSACTIONS_MEDIAN = family(
    "daily_transactions_median", "Median of the daily transactions over the window.", windows=("365d",)
)
PAYMENTS = family(
    "daily_payments",
    "Payments of the newest complete day: outputs that are not change, as far as the source can tell; batches count "
    "each.",
)
PAYMENTS_MEAN = family("daily_payments_mean", "Mean of the daily payments over the window.", windows=("7d",))
PAYMENTS_MEDIAN = family("daily_payments_median", "Median of the daily payments over the window.", windows=("365d",))
ADDRESSES = family(
    "daily_addresses",
    "Addresses used in the newest complete day. One person may use many, and one service serves many persons.",
)
ADDRESSES_MEAN = family("daily_addresses_mean", "Mean of the daily addresses over the window.", windows=("7d",))
ADDRESSES_MEDIAN = family("daily_addresses_median", "Median of the daily addresses over the window.", windows=("365d",))
TRANSFER = family(
    "daily_transfer_usd",
    "Estimate of the value that changed hands in the newest complete day: outputs less what looks like change.",
    Unit.USD,
    (1.0, 1e13),
)
TRANSFER_MEAN = family(
    "daily_transfer_mean_usd", "Mean of the daily transfer value over the window.", Unit.USD, (1.0, 1e13), ("7d",)
)
TRANSFER_MEDIAN = family(
    "daily_transfer_median_usd", "Median of the daily transfer value over the window.", Unit.USD, (1.0, 1e13), ("365d",)
)
UTXOS = family("utxos", "Unspent transaction outputs: what every full node has to keep at hand.", bounds=(1.0, 1e10))
UTXOS_MAXIMUM = family(
    "utxos_maximum", "Most unspent transaction outputs within the window.", bounds=(1.0, 1e10), windows=("365d",)
)
UTXOS_GROWTH = family(
    "utxos_growth_ratio",
    "Relative change of the number of unspent transaction outputs over the window; 0.1 is ten percent more.",
    Unit.RATIO,
    _CHANGE,
    ("90d",),
)

PRICE = family("daily_price_usd", "Mean price of the newest complete day.", Unit.USD, (0.01, 1e8), group=Group.CONTEXT)
VOLATILITY = family(
    "price_volatility_ratio",
    "Standard deviation of the daily logarithmic price changes within the window, stretched to a year.",
    Unit.RATIO,
    (0.0, 10.0),
    ("30d", "365d"),
    Group.CONTEXT,
)
PRICE_MEDIAN = family(
    "price_median_usd", "Median of the daily prices over the window.", Unit.USD, (0.01, 1e8), ("365d",), Group.CONTEXT
)
PRICE_MAXIMUM = family(
    "price_maximum_usd", "Highest daily price within the window.", Unit.USD, (0.01, 1e8), ("365d",), Group.CONTEXT
)

fees_usd_per_transaction_chart = chart(
    "fees-usd-per-transaction", shown(FEE_MEAN), shown(FEE_MEDIAN, median_of(365), window="365d")
)
mempool_size_chart = chart(
    "mempool-size",
    shown(MEMPOOL),
    shown(MEMPOOL_MEAN, mean_of(1, HOUR), window="24h"),
    step=15 * MINUTE,
    timespan="2days",
    interval=15 * MINUTE,
)
avg_confirmation_time_chart = chart("avg-confirmation-time", shown(CONFIRMATION_MEAN), factor=MINUTE, timespan="30days")
median_confirmation_time_chart = chart(
    "median-confirmation-time", shown(CONFIRMATION_MEDIAN), factor=MINUTE, timespan="30days"
)
n_transactions_chart = chart(
    "n-transactions",
    shown(TRANSACTIONS),
    shown(TRANSACTIONS_MEAN, mean_of(7), window="7d"),
    shown(TRANSACTIONS_MEDIAN, median_of(365), window="365d"),
)
n_payments_chart = chart(
    "n-payments",
    shown(PAYMENTS),
    shown(PAYMENTS_MEAN, mean_of(7), window="7d"),
    shown(PAYMENTS_MEDIAN, median_of(365), window="365d"),
)
n_unique_addresses_chart = chart(
    "n-unique-addresses",
    shown(ADDRESSES),
    shown(ADDRESSES_MEAN, mean_of(7), window="7d"),
    shown(ADDRESSES_MEDIAN, median_of(365), window="365d"),
)
estimated_transaction_volume_usd_chart = chart(
    "estimated-transaction-volume-usd",
    shown(TRANSFER),
    shown(TRANSFER_MEAN, mean_of(7), window="7d"),
    shown(TRANSFER_MEDIAN, median_of(365), window="365d"),
)
utxo_count_chart = chart(
    "utxo-count",
    shown(UTXOS),
    shown(UTXOS_MAXIMUM, maximum_of(365), window="365d"),
    shown(UTXOS_GROWTH, growth_over(90), window="90d"),
    step=0.0,
)
market_cap_chart = chart(
    "market-cap", shown(quantities.MARKET_CAP, source="blockchain_com"), unit="USD", step=0.0, timespan="3days"
)
market_price_chart = chart(
    "market-price",
    shown(PRICE),
    shown(VOLATILITY, volatility_over(30), window="30d"),
    shown(VOLATILITY, volatility_over(365), window="365d"),
    shown(PRICE_MEDIAN, median_of(365), window="365d"),
    shown(PRICE_MAXIMUM, maximum_of(365), window="365d"),
    unit="USD",
)
