"""Made-up answers of CoinGecko."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

PRICE: Final[Mapping[str, Any]] = {
    "usd": 50_000,
    "usd_market_cap": 1e12,
    "usd_24h_vol": 2.5e10,
    "usd_24h_change": -2.5,
    "last_updated_at": 1_700_000_000,
}

MARKET: Final[Mapping[str, Any]] = {
    "current_price": {"usd": 50_000, "eur": 45_000},
    "ath": {"eur": 60_000, "usd": 80_000},
    "ath_change_percentage": {"eur": -24, "usd": -37.5},
    "ath_date": {"eur": "2023-01-01T00:00:00.000Z", "usd": "2023-06-01T12:00:00.500Z"},
    "high_24h": {"usd": 51_000},
    "low_24h": {"usd": 49_000},
    "price_change_percentage_7d": 5,
    "price_change_percentage_30d": -10,
    "price_change_percentage_1y": 150,
    "market_cap_change_percentage_24h": -1.5,
    "circulating_supply": 19_500_000.0,
    "max_supply": 21_000_000,
    "last_updated": "2023-11-14T22:13:20.000Z",
}


def simple(**changes: Any) -> str:
    """A key set to `...` is left out."""
    price = {name: value for name, value in {**PRICE, **changes}.items() if value is not ...}
    return json.dumps({"bitcoin": price})


def coin(**changes: Any) -> str:
    market = {name: value for name, value in {**MARKET, **changes}.items() if value is not ...}
    return json.dumps({"id": "bitcoin", "genesis_date": "2009-01-03", "market_data": market})


EXAMPLES: Final = {
    "simple_price": Example(
        body=simple(),
        samples={
            'price_usd{source="coingecko"}': 50_000,
            'market_cap_usd{source="coingecko"}': 1e12,
            'market_volume_usd{window="24h"}': 2.5e10,
            'price_change_ratio{window="24h"}': -0.025,
        },
        refused={
            "an unknown coin is answered with an empty object": Refusal("{}", Reason.EMPTY),
            "another coin than the one asked for": Refusal(json.dumps({"ether": PRICE}), Reason.EMPTY),
            "the rate limit may be reported under status 200": Refusal(
                json.dumps({"status": {"error_code": 429, "error_message": "Too many"}}), Reason.RATE_LIMITED
            ),
            "a key for the other host is refused": Refusal(
                json.dumps({"status": {"error_code": 10010, "error_message": "other host"}}), Reason.ERROR_BODY
            ),
            "an unknown path has another shape of error": Refusal('{"error": "coin not found"}', Reason.ERROR_BODY),
            "a price that hides its age": Refusal(simple(last_updated_at=...), Reason.FORMAT),
            "a time in milliseconds": Refusal(simple(last_updated_at=1_700_000_000_000), Reason.FORMAT),
        },
        data_time=1_700_000_000,
    ),
    "coin": Example(
        body=coin(),
        samples={
            'circulating_supply_bitcoins{source="coingecko"}': 19_500_000,
            "supply_limit_bitcoins": 21_000_000,
            'price_change_ratio{window="7d"}': 0.05,
            'price_change_ratio{window="30d"}': -0.1,
            'price_change_ratio{window="365d"}': 1.5,
            'market_cap_change_ratio{window="24h"}': -0.015,
            'price_high_usd{window="24h"}': 51_000,
            'price_low_usd{window="24h"}': 49_000,
            "price_all_time_high_usd": 80_000,
            "price_all_time_high_change_ratio": -0.375,
            "price_all_time_high_timestamp_seconds": 1_685_620_800.5,
        },
        refused={
            "no market data": Refusal('{"id": "bitcoin"}', Reason.EMPTY),
            "data that hide their age": Refusal(coin(last_updated=...), Reason.FORMAT),
            "a time without a zone": Refusal(coin(last_updated="2023-11-14T22:13:20"), Reason.FORMAT),
        },
        data_time=1_700_000_000,
    ),
}
