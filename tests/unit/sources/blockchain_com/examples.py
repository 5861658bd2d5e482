"""Made-up answers of Blockchain.com."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

DAY: Final = 86_400
QUARTER: Final = 900
# Midnight of 2024-01-01, the newest day of the charts.
NEWEST: Final = 1_704_067_200
YEAR: Final = 365

STATS: Final[Mapping[str, Any]] = {
    "timestamp": 1_704_070_000_000.0,
    "market_price_usd": 42_000.5,
    "hash_rate": 5.0e11,
    "total_fees_btc": 20_000_000_000,
    "n_btc_mined": 90_000_000_000,
    "n_tx": 400_000,
    "n_blocks_mined": 144,
    "minutes_between_blocks": 9.5,
    "totalbc": 1_958_000_000_000_000,
    "n_blocks_total": 823_800,
    "estimated_transaction_volume_usd": 4.2e9,
    "blocks_size": 250_000_000,
    "miners_revenue_usd": 46_200_000.0,
    "nextretarget": 824_543,
    "difficulty": 72_006_146_478_567,
    "estimated_btc_sent": 10_000_000_000_000,
    "miners_revenue_btc": 1100,
    "total_btc_sent": 60_000_000_000_000,
    "trade_volume_btc": 3000.25,
    "trade_volume_usd": 126_000_000.0,
}


def stats(**changes: Any) -> str:
    """A key set to `...` is left out."""
    return json.dumps({name: value for name, value in {**STATS, **changes}.items() if value is not ...})


def chart(points: list[tuple[float, Any]], **changes: Any) -> str:
    outline = {"status": "ok", "name": "A chart", "unit": "", "period": "day", "description": "Some text."}
    return json.dumps({**outline, "values": [{"x": x, "y": y} for x, y in points], **changes})


def daily(value: Callable[[int], Any], days: int = YEAR) -> list[tuple[float, Any]]:
    """`value` of 0 for the oldest day and of days - 1 for the newest."""
    return [(NEWEST - (days - 1 - day) * DAY, value(day)) for day in range(days)]


def rising(day: int) -> float:
    return 1000.0 + day


CHART_REFUSALS: Final[Mapping[str, Refusal]] = {
    "a chart without values is not zero": Refusal(chart([]), Reason.EMPTY),
    "the website's own export is another shape, with milliseconds": Refusal(
        json.dumps({"metric1": "a-chart", "a-chart": [{"x": NEWEST * 1000, "y": 1}], "average": "7d"}), Reason.FORMAT
    ),
    "a status that is not ok": Refusal(chart([(NEWEST, 1.0)], status="not found"), Reason.ERROR_BODY),
    "times in milliseconds": Refusal(chart([(NEWEST * 1000, 1.0)]), Reason.FORMAT),
    "a chart of nothing but zeros": Refusal(chart([(NEWEST, 0)]), Reason.FORMAT),
    "a page instead of a chart": Refusal("<html></html>", Reason.FORMAT),
}


def chart_example(
    body: str, samples: Mapping[str, float], *, data_time: float = NEWEST + DAY, **refused: Refusal
) -> Example:
    named = {name.replace("_", " "): refusal for name, refusal in refused.items()}
    return Example(body=body, samples=samples, refused={**CHART_REFUSALS, **named}, data_time=data_time)


def with_statistics(
    name: str, factor: float = 1.0, unit: str = "", **windows: tuple[str, float]
) -> Mapping[str, float]:
    """Expected series of a rising chart: the newest value and, by kind, window and value."""
    suffix = f"_{unit}" if unit else ""
    found = {f"{name}{suffix}": 1364 * factor}
    for kind, (window, value) in windows.items():
        found[f'{name}_{kind}{suffix}{{window="{window}"}}'] = value * factor
    return found


WEEK: Final = ("7d", 1361.0)
MONTH: Final = ("30d", 1349.5)
ORDINARY: Final = ("365d", 1182.0)
RISING: Final = chart(daily(rising))

PRICES: Final = daily(lambda day: 110.0 if day % 2 else 100.0)


def volatility(days: int) -> float:
    changes = [math.log(1.1) * (1 if day % 2 else -1) for day in range(YEAR - days + 1, YEAR)]
    return statistics.stdev(changes) * math.sqrt(365)


def uneven(days: int) -> list[tuple[float, float]]:
    """A point every sixteen hours, rising by one each."""
    steps = days * 3 // 2
    return [(NEWEST + 5000 - (steps - step) * 57_600, 1000.0 + step) for step in range(steps + 1)]


EXAMPLES: Final = {
    "stats": Example(
        body=stats(),
        samples={
            'tip_height{source="blockchain_com"}': 823_800,
            'circulating_supply_bitcoins{source="blockchain_com"}': 19_580_000,
            'difficulty{source="blockchain_com"}': 72_006_146_478_567,
            'price_usd{source="blockchain_com"}': 42_000.5,
            "hashrate_blockchain_com_hashes_per_second": 5.0e20,
            'chain_blocks{window="24h"}': 144,
            'chain_block_interval_seconds{window="24h"}': 570,
            'chain_blocks_bytes{window="24h"}': 250_000_000,
            'chain_transactions{window="24h"}': 400_000,
            'chain_sent_bitcoins{window="24h"}': 600_000,
            'chain_transfer_bitcoins{window="24h"}': 100_000,
            'chain_transfer_usd{window="24h"}': 4.2e9,
            'chain_issuance_bitcoins{window="24h"}': 900,
            'chain_fees_bitcoins{window="24h"}': 200,
            'chain_miner_revenue_usd{window="24h"}': 46_200_000,
            'chain_miner_revenue_bitcoins{window="24h"}': 1100,
            'exchange_volume_bitcoins{window="24h"}': 3000.25,
            'exchange_volume_usd{window="24h"}': 126_000_000,
        },
        refused={
            "an answer that hides its age": Refusal(stats(timestamp=...), Reason.FORMAT),
            "a time in seconds": Refusal(stats(timestamp=1_704_070_000), Reason.FORMAT),
        },
        data_time=1_704_070_000,
    ),
    "hash_rate": chart_example(
        chart(daily(lambda day: 1e6 * rising(day)), unit="Hash Rate TH/s"),
        {
            "hashrate_chart_hashes_per_second": 1.364e21,
            'hashrate_chart_mean_hashes_per_second{window="7d"}': 1.361e21,
            'hashrate_chart_maximum_hashes_per_second{window="365d"}': 1.361e21,
        },
        gigahashes=Refusal(chart(daily(rising), unit="Hash Rate GH/s"), Reason.INCONSISTENT),
    ),
    "difficulty": chart_example(
        chart(daily(rising)),
        {
            "daily_difficulty": 1364,
            'difficulty_chart_growth_ratio{window="90d"}': 1364 / 1274 - 1,
            'difficulty_chart_growth_ratio{window="365d"}': 0.364,
        },
    ),
    "miners_revenue": chart_example(
        chart(daily(rising), unit="USD"),
        {
            "miner_revenue_chart_usd": 1364,
            'miner_revenue_mean_usd{window="7d"}': 1361,
            'miner_revenue_mean_usd{window="30d"}': 1349.5,
            'miner_revenue_median_usd{window="365d"}': 1182,
        },
        bitcoins=Refusal(chart(daily(rising), unit="BTC"), Reason.INCONSISTENT),
    ),
    "transaction_fees": chart_example(
        RISING,
        {
            **with_statistics("daily_fees", unit="bitcoins", mean=WEEK, median=ORDINARY),
            'daily_fees_mean_bitcoins{window="30d"}': 1349.5,
        },
    ),
    "transaction_fees_usd": chart_example(RISING, with_statistics("daily_fees", unit="usd", mean=MONTH)),
    "fees_usd_per_transaction": chart_example(
        RISING, {"fee_mean_chart_usd": 1364, 'fee_mean_median_usd{window="365d"}': 1182}
    ),
    "mempool_size": chart_example(
        chart([(NEWEST - (191 - step) * QUARTER, 1000.0 + step) for step in range(192)], period="minute"),
        {"mempool_chart_bytes": 1191, 'mempool_chart_mean_bytes{window="24h"}': 1143.5},
        data_time=NEWEST + QUARTER,
    ),
    "avg_confirmation_time": chart_example(
        chart(daily(lambda day: 10.0 + day, 30)), {"confirmation_mean_seconds": 2340}
    ),
    "median_confirmation_time": chart_example(chart(daily(lambda _: 7.5, 30)), {"confirmation_median_seconds": 450}),
    "n_transactions": chart_example(RISING, with_statistics("daily_transactions", mean=WEEK, median=ORDINARY)),
    "n_payments": chart_example(RISING, with_statistics("daily_payments", mean=WEEK, median=ORDINARY)),
    "n_unique_addresses": chart_example(RISING, with_statistics("daily_addresses", mean=WEEK, median=ORDINARY)),
    "estimated_transaction_volume_usd": chart_example(
        RISING, with_statistics("daily_transfer", unit="usd", mean=WEEK, median=ORDINARY)
    ),
    "utxo_count": chart_example(
        chart(uneven(YEAR)),
        {
            "utxos": 1547,
            'utxos_maximum{window="365d"}': 1547,
            # 135 steps of sixteen hours are ninety days.
            'utxos_growth_ratio{window="90d"}': 1547 / 1412 - 1,
        },
        data_time=NEWEST + 5000,
    ),
    "market_cap": chart_example(
        chart([(NEWEST - 50_000, 7e11), (NEWEST + 1234, 8e11)], unit="USD"),
        {'market_cap_usd{source="blockchain_com"}': 8e11},
        data_time=NEWEST + 1234,
    ),
    "market_price": chart_example(
        chart(PRICES, unit="USD"),
        {
            "daily_price_usd": 100,
            'price_volatility_ratio{window="30d"}': volatility(30),
            'price_volatility_ratio{window="365d"}': volatility(365),
            'price_median_usd{window="365d"}': 100,
            'price_maximum_usd{window="365d"}': 110,
        },
    ),
    "pools": Example(
        body=json.dumps({"Pool A": 400, "Pool B": 300, "Pool C": 200, "Pool D": 50, "Unknown": 50}),
        samples={
            'chain_pool_top_share_ratio{top="1",window="7d"}': 0.4,
            'chain_pool_top_share_ratio{top="2",window="7d"}': 0.7,
            'chain_pool_top_share_ratio{top="3",window="7d"}': 0.9,
            'chain_pools{window="7d"}': 4,
            'chain_pool_unknown_share_ratio{window="7d"}': 0.05,
        },
        refused={
            "no pools": Refusal("{}", Reason.EMPTY),
            "the blocks of another window": Refusal(json.dumps({"Pool A": 400, "Pool B": 176}), Reason.INCONSISTENT),
        },
    ),
}
