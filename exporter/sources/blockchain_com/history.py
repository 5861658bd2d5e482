"""The charts over all years, a point a day.

Without `sampled=false` the service thins a long chart to 1,500 points. The chart of the mempool has a point every
quarter of an hour, so it is asked for a year at a time.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.sources.blockchain_com import mining, usage
from exporter.sources.blockchain_com.chart import Chart, chart, rows_of, shown
from exporter.sources.past import FRESH, Column, Past, by_day, lasting
from exporter.spec import DAY, HOUR, MINUTE, Days, Group, Metric, Unit
from scoring.quantities import WINDOW_MINIMUM_RATIO

_EXAHASHES: Final = 1e-18
_TERAHASH: Final = 1e12
_MEGABYTE: Final = 1e6
_MINUTES: Final = 1 / 60
# What is over does not change any more.
_OVER: Final = 365 * DAY
FIRST_MEMPOOL_YEAR: Final = 2016

BLOCK_SIZE = Metric(
    "btchealth_chain_block_mean_bytes",
    "Mean serialised size of the blocks of a day.",
    Unit.BYTES,
    bounds=(1.0, 4e6),
    group=Group.THROUGHPUT,
)


def _years(slug: str, metric: Metric, column: str, *, unit: str = "", factor: float = 1.0, per: float = 1.0) -> Past:
    """`factor` turns the unit of the chart into that of the metric, `per` that one into the unit of the column."""
    endpoint = chart(slug, shown(metric), unit=unit, factor=factor, timespan="all")
    rows = partial(_daily, unit=unit, factor=factor)
    return Past(lasting(endpoint, f"{endpoint.name}_history"), (Column(column, metric, rows, per),))


def _daily(body: Chart, unit: str, factor: float) -> Days:
    rows = rows_of(body, unit, factor)
    days = (rows[-1][0] - rows[0][0]) / DAY + 1
    if len(rows) < WINDOW_MINIMUM_RATIO * days:
        raise BodyError(Reason.INCONSISTENT, f"values: {len(rows)} points in {days:.0f} days, expected one a day")
    return by_day(rows)


def _moments(body: Chart) -> Days:
    return by_day(rows_of(body))


def _utxos() -> Past:
    endpoint = chart("utxo-count", shown(usage.UTXOS), step=0.0, timespan="all")
    return Past(lasting(endpoint, "utxo_count_history"), (Column("utxo_count", usage.UTXOS, _moments),))


def _mempool_year(year: int, *, over: bool) -> Past:
    endpoint = chart(
        "mempool-size", shown(usage.MEMPOOL), step=15 * MINUTE, timespan=f"1year&start={year}-01-01", interval=HOUR
    )
    kept = lasting(endpoint, f"mempool_size_{year}_history", _OVER if over else FRESH)
    return Past(kept, (Column("mempool_size_bytes", usage.MEMPOOL, _moments),))


CHARTS: Final = (
    _years("hash-rate", mining.HASHRATE, "hashrate_chart_eh_s", unit="TH/s", factor=_TERAHASH, per=_EXAHASHES),
    _years("difficulty", mining.DIFFICULTY, "difficulty"),
    _years("market-price", usage.PRICE, "price_usd", unit="USD"),
    _years("transaction-fees", mining.DAILY_FEES, "fees_btc", unit="BTC"),
    _years("n-transactions", usage.TRANSACTIONS, "tx_count"),
    _years("n-unique-addresses", usage.ADDRESSES, "active_addresses"),
    _years("estimated-transaction-volume-usd", usage.TRANSFER, "transfer_usd"),
    _years(
        "median-confirmation-time", usage.CONFIRMATION_MEDIAN, "confirm_minutes_median", factor=MINUTE, per=_MINUTES
    ),
    _utxos(),
    _years("avg-block-size", BLOCK_SIZE, "block_size_mean_bytes", factor=_MEGABYTE),
)


def history(first_year: int, this_year: int) -> tuple[Past, ...]:
    """Everything this source knows of the years asked for."""
    years = range(max(first_year, FIRST_MEMPOOL_YEAR), this_year + 1)
    return (*CHARTS, *(_mempool_year(year, over=year < this_year) for year in years))
