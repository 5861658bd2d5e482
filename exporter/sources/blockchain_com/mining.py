"""Charts of miners: hash rate, difficulty, revenue, fees."""

from __future__ import annotations

from typing import Final

from exporter.sources.blockchain_com.chart import chart, family, shown
from exporter.sources.blockchain_com.rows import growth_over, maximum_of_weekly_means, mean_of, median_of
from exporter.spec import Group, Unit

_TERAHASH: Final = 1e12
_FEES: Final = (1e-6, 5_000.0)
_REVENUE: Final = (1.0, 1e10)
_HASHRATES: Final = (1e15, 1e24)
_CHANGE: Final = (-1.0, 100.0)

HASHRATE = family(
    "hashrate_chart_hashes_per_second",
    "Hash rate of the newest complete day as Blockchain.com estimates it; never mix it with another estimator.",
    Unit.HASHES_PER_SECOND,
    _HASHRATES,
    group=Group.SECURITY,
)
HASHRATE_MEAN = family(
    "hashrate_chart_mean_hashes_per_second",
    "Mean of Blockchain.com's daily hash rates over the window.",
    Unit.HASHES_PER_SECOND,
    _HASHRATES,
    ("7d",),
    Group.SECURITY,
)
HASHRATE_MAXIMUM = family(
    "hashrate_chart_maximum_hashes_per_second",
    "Largest seven-day mean of Blockchain.com's daily hash rates within the window.",
    Unit.HASHES_PER_SECOND,
    _HASHRATES,
    ("365d",),
    Group.SECURITY,
)
DIFFICULTY = family(
    "daily_difficulty",
    "Mean difficulty of the newest complete day: between two values on the day of a retarget.",
    bounds=(1.0, 1e20),
    group=Group.SECURITY,
)
DIFFICULTY_GROWTH = family(
    "difficulty_chart_growth_ratio",
    "Relative change over the window of the difficulty, as daily means; 0.1 is ten percent higher.",
    Unit.RATIO,
    _CHANGE,
    ("90d", "365d"),
    Group.SECURITY,
)
REVENUE = family(
    "miner_revenue_chart_usd",
    "New coins and fees of the newest complete day in US dollars.",
    Unit.USD,
    _REVENUE,
    group=Group.SECURITY,
)
REVENUE_MEAN = family(
    "miner_revenue_mean_usd",
    "Mean of the daily miner revenue over the window.",
    Unit.USD,
    _REVENUE,
    ("7d", "30d"),
    Group.SECURITY,
)
REVENUE_MEDIAN = family(
    "miner_revenue_median_usd",
    "Median of the daily miner revenue over the window: what an ordinary day of the last year earned.",
    Unit.USD,
    _REVENUE,
    ("365d",),
    Group.SECURITY,
)
DAILY_FEES = family(
    "daily_fees_bitcoins", "Fees of the newest complete day.", Unit.BITCOINS, _FEES, group=Group.SECURITY
)
DAILY_FEES_MEAN = family(
    "daily_fees_mean_bitcoins",
    "Mean of the daily fees over the window.",
    Unit.BITCOINS,
    _FEES,
    ("7d", "30d"),
    Group.SECURITY,
)
DAILY_FEES_MEDIAN = family(
    "daily_fees_median_bitcoins",
    "Median of the daily fees over the window.",
    Unit.BITCOINS,
    _FEES,
    ("365d",),
    Group.SECURITY,
)
DAILY_FEES_USD = family(
    "daily_fees_usd", "Fees of the newest complete day in US dollars.", Unit.USD, _REVENUE, group=Group.SECURITY
)
DAILY_FEES_MEAN_USD = family(
    "daily_fees_mean_usd",
    "Mean of the daily fees in US dollars over the window.",
    Unit.USD,
    _REVENUE,
    ("30d",),
    Group.SECURITY,
)

hash_rate_chart = chart(
    "hash-rate",
    shown(HASHRATE),
    shown(HASHRATE_MEAN, mean_of(7), window="7d"),
    shown(HASHRATE_MAXIMUM, maximum_of_weekly_means(365), window="365d"),
    unit="TH/s",
    factor=_TERAHASH,
)
difficulty_chart = chart(
    "difficulty",
    shown(DIFFICULTY),
    shown(DIFFICULTY_GROWTH, growth_over(90), window="90d"),
    shown(DIFFICULTY_GROWTH, growth_over(365), window="365d"),
)
miners_revenue_chart = chart(
    "miners-revenue",
    shown(REVENUE),
    shown(REVENUE_MEAN, mean_of(7), window="7d"),
    shown(REVENUE_MEAN, mean_of(30), window="30d"),
    shown(REVENUE_MEDIAN, median_of(365), window="365d"),
    unit="USD",
)
transaction_fees_chart = chart(
    "transaction-fees",
    shown(DAILY_FEES),
    shown(DAILY_FEES_MEAN, mean_of(7), window="7d"),
    shown(DAILY_FEES_MEAN, mean_of(30), window="30d"),
    shown(DAILY_FEES_MEDIAN, median_of(365), window="365d"),
)
transaction_fees_usd_chart = chart(
    "transaction-fees-usd", shown(DAILY_FEES_USD), shown(DAILY_FEES_MEAN_USD, mean_of(30), window="30d")
)
