"""The charts of Blockchain.com: title, unit, and the points of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.chain import FIRST_DAY, supply
from simulator.clock import DAY, HOUR, MINUTE, midnight
from simulator.ledger import Totals
from simulator.view import View

Points = list[tuple[int, float]]

_PUBLISH_DELAY = 30 * MINUTE
_SATOSHI = 100_000_000
_MEMPOOL_GRID = 15 * MINUTE
_MEMPOOL_OFFSET = 5 * MINUTE
_UTXO_STEP = 57_600
_UTXO_START, _UTXO_START_TIME, _UTXO_SLOPE = 1.62e8, 1_640_995_200, 0.11  # outputs a second
_MEMPOOL_POINTS = 4_000


@dataclass(frozen=True, slots=True)
class Chart:
    name: str
    unit: str
    period: str
    description: str
    points: Callable[[View, int], Points]


def _complete_days(view: View, days: int) -> range:
    """Starts of the newest complete UTC days that are published."""
    newest = midnight(view.now - _PUBLISH_DELAY) - DAY
    return range(max(FIRST_DAY, newest - (days - 1) * DAY), newest + 1, DAY)


def _daily(value: Callable[[View, int, range, Totals], float]) -> Callable[[View, int], Points]:
    """Points made of a day's start, its blocks and their sums."""

    def points(view: View, days: int) -> Points:
        rows: Points = []
        for day in _complete_days(view, days):
            heights = view.heights(day, day + DAY)
            rows.append((day, value(view, day, heights, view.totals(heights))))
        return rows

    return points


def _noise(view: View, day: int, stream: int) -> float:
    return view.world.dice.normal(day // DAY, stream)


def _confirmation(view: View, day: int, heights: range) -> float:
    """Minutes: longer on days with fewer blocks."""
    return 8.2 * 144 / max(1, len(heights)) * (1 + 0.04 * _noise(view, day, 60))


def _volume(view: View, day: int, totals: Totals) -> float:
    return totals.transactions * 0.073 * view.price(day + DAY / 2) * (1 + 0.1 * _noise(view, day, 61))


def _addresses(view: View, day: int, totals: Totals) -> int:
    return round(totals.transactions * 0.98 * (1 + 0.05 * _noise(view, day, 62)))


def _fee_per_transaction(view: View, day: int, _heights: range, totals: Totals) -> float:
    return totals.fees / _SATOSHI * view.price(day + DAY / 2) / max(1, totals.transactions)


def _revenue(view: View, day: int, heights: range, totals: Totals) -> float:
    return (view.issued(heights) + totals.fees) / _SATOSHI * view.price(day + DAY / 2)


def _market_cap(view: View, days: int) -> Points:
    """Not on midnight: whenever the page's own job ran."""
    rows: Points = []
    for day in _complete_days(view, days):
        time = day + int(DAY * view.world.dice.uniform(day // DAY, 63))
        rows.append((time, supply(view.height_at(time)) / _SATOSHI * view.price(time)))
    return rows


def _mempool_size(view: View, days: int) -> Points:
    newest = int((view.now - _MEMPOOL_OFFSET) // _MEMPOOL_GRID) * _MEMPOOL_GRID + _MEMPOOL_OFFSET
    count = days * DAY // _MEMPOOL_GRID
    step = count // _MEMPOOL_POINTS + 1
    times = range(newest - (count - 1) * _MEMPOOL_GRID, newest + 1, _MEMPOOL_GRID * step)
    return [(time, view.curve(time).vsize * 1.002 + 0.557) for time in times]


def _utxo_count(view: View, days: int) -> Points:
    newest = int(view.now - HOUR) // _UTXO_STEP
    rows: Points = []
    for number in range(newest - days * DAY // _UTXO_STEP, newest):
        time = number * _UTXO_STEP + int(6_000 * view.world.dice.uniform(number, 64))
        rows.append((time, _UTXO_START + _UTXO_SLOPE * (time - _UTXO_START_TIME) + 0.83))
    return rows


CHARTS = {
    "hash-rate": Chart(
        "Hash Rate",
        "Hash Rate TH/s",
        "day",
        "The estimated number of terahashes per second the bitcoin network is performing in the last 24 hours.",
        _daily(lambda view, _day, heights, _totals: view.hashrate(heights, DAY) / 1e12),
    ),
    "difficulty": Chart(
        "Difficulty",
        "Difficulty",
        "day",
        "A relative measure of how difficult it is to mine a new block.",
        _daily(lambda view, _day, heights, _totals: view.difficulty(heights.stop - 1)),
    ),
    "n-transactions": Chart(
        "Confirmed Transactions Per Day",
        "Transactions",
        "day",
        "The total number of confirmed transactions per day.",
        _daily(lambda _view, _day, _heights, totals: totals.transactions),
    ),
    "n-unique-addresses": Chart(
        "Number Of Unique Addresses Used",
        "Addresses",
        "day",
        "The total number of unique addresses used.",
        _daily(lambda view, day, _heights, totals: _addresses(view, day, totals)),
    ),
    "transaction-fees": Chart(
        "Total Transaction Fees",
        "BTC",
        "day",
        "The total of all transaction fees paid to miners.",
        _daily(lambda _view, _day, _heights, totals: totals.fees / _SATOSHI),
    ),
    "transaction-fees-usd": Chart(
        "Total Transaction Fees (USD)",
        "USD",
        "day",
        "The total of all transaction fees paid to miners.",
        _daily(lambda view, day, _heights, totals: totals.fees / _SATOSHI * view.price(day + DAY / 2)),
    ),
    "miners-revenue": Chart(
        "Miners Revenue",
        "USD",
        "day",
        "Total value of coinbase rewards and transaction fees paid to miners.",
        _daily(_revenue),
    ),
    "market-price": Chart(
        "Market Price (USD)",
        "USD",
        "day",
        "The average market price across major exchanges.",
        _daily(lambda view, day, _heights, _totals: round(view.price(day + DAY / 2), 2)),
    ),
    "market-cap": Chart(
        "Market Capitalization", "USD", "day", "The total value of bitcoin in circulation.", _market_cap
    ),
    "mempool-size": Chart(
        "Mempool Size", "Bytes", "minute", "The size of transactions waiting to be confirmed.", _mempool_size
    ),
    "avg-confirmation-time": Chart(
        "Average Confirmation Time",
        "Minutes",
        "day",
        "The average time for a transaction to be put into a block.",
        _daily(lambda view, day, heights, _totals: 2.1 * _confirmation(view, day, heights)),
    ),
    "median-confirmation-time": Chart(
        "Median Confirmation Time",
        "Minutes",
        "day",
        "The median time for a transaction with a fee to be put into a block.",
        _daily(lambda view, day, heights, _totals: _confirmation(view, day, heights)),
    ),
    "estimated-transaction-volume-usd": Chart(
        "Estimated Transaction Value (USD)",
        "USD",
        "day",
        "The estimated value of transactions without change going back to the sender.",
        _daily(lambda view, day, _heights, totals: _volume(view, day, totals)),
    ),
    "estimated-transaction-volume": Chart(
        "Estimated Transaction Value",
        "BTC",
        "day",
        "The estimated value of transactions without change going back to the sender.",
        _daily(lambda view, day, _heights, totals: _volume(view, day, totals) / view.price(day + DAY / 2)),
    ),
    "output-volume": Chart(
        "Output Value Per Day",
        "BTC",
        "day",
        "The total value of all transaction outputs per day.",
        _daily(lambda _view, _day, _heights, totals: totals.transactions * 1.4),
    ),
    "avg-block-size": Chart(
        "Average Block Size (MB)",
        "Megabytes",
        "day",
        "The average block size over 24 hours.",
        _daily(lambda _view, _day, _heights, totals: totals.size / max(1, totals.blocks) / 1e6),
    ),
    "n-transactions-per-block": Chart(
        "Average Transactions Per Block",
        "Transactions",
        "day",
        "The average number of transactions per block.",
        _daily(lambda _view, _day, _heights, totals: totals.transactions / max(1, totals.blocks)),
    ),
    "n-payments": Chart(
        "Number Of Payments Per Day",
        "Payments",
        "day",
        "The total number of confirmed payments per day.",
        _daily(lambda _view, _day, _heights, totals: round(totals.transactions * 1.7)),
    ),
    "fees-usd-per-transaction": Chart(
        "Fees Per Transaction (USD)",
        "USD",
        "day",
        "Average transaction fees in USD per transaction.",
        _daily(_fee_per_transaction),
    ),
    "utxo-count": Chart(
        "Number Of Unspent Transaction Outputs",
        "Unspent Outputs",
        "day",
        "The number of unspent transaction outputs.",
        _utxo_count,
    ),
}
