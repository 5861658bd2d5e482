"""CoinGecko: price with the extra keys that the query asks for, and the long coin page."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.answers.answer import Answer, Routes, as_json, failure
from simulator.chain import supply
from simulator.clock import DAY, HOUR, MINUTE, iso_milliseconds
from simulator.market import RATES
from simulator.view import View

routes = Routes()

_CACHE = MINUTE
_LAG = 15  # seconds from a price to its appearance
_CHANGES = {"7d": 7, "14d": 14, "30d": 30, "60d": 60, "200d": 200, "1y": 365}


def _updated(view: View) -> int:
    """Time of the price shown: the cache holds it for a minute."""
    return int((view.now - _LAG) // _CACHE) * _CACHE


def _wanted(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "false").lower() == "true"


@routes("/api/v3/simple/price")
def simple_price(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    if not query.get("vs_currencies"):
        return failure(422, {"error": "Missing parameter vs_currencies"})
    if "bitcoin" not in query.get("ids", "").split(","):
        return as_json({})
    row: dict[str, object] = {}
    for currency in query["vs_currencies"].lower().split(","):
        if currency.upper() in RATES:
            row |= _quote(view, currency, query)
    if _wanted(query, "include_last_updated_at"):
        row["last_updated_at"] = _updated(view)
    return as_json({"bitcoin": row})


def _quote(view: View, currency: str, query: Mapping[str, str]) -> dict[str, object]:
    time, rate = _updated(view), RATES[currency.upper()]
    price = view.price(time)
    row: dict[str, object] = {currency: round(price * rate)}
    if _wanted(query, "include_market_cap"):
        row[f"{currency}_market_cap"] = price * rate * supply(view.tip) / 1e8
    if _wanted(query, "include_24hr_vol"):
        row[f"{currency}_24h_vol"] = view.world.market.volume(time) * rate
    if _wanted(query, "include_24hr_change"):
        row[f"{currency}_24h_change"] = (price / view.price(time - DAY) - 1) * 100
    return row


@routes("/api/v3/coins/bitcoin")
def coin(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    updated = iso_milliseconds(_updated(view) + 0.269)
    unwanted = {part for part in ("market_data", "community_data", "developer_data") if query.get(part) == "false"}
    page = {
        "id": "bitcoin",
        "symbol": "btc",
        "name": "Bitcoin",
        "asset_platform_id": None,
        "block_time_in_minutes": 10,
        "hashing_algorithm": "SHA-256",
        "genesis_date": "2009-01-03",
        "market_cap_rank": 1,
        "market_data": _market_data(view) | {"last_updated": updated},
        "community_data": {"facebook_likes": None, "reddit_subscribers": None},
        "developer_data": {"forks": 38_200, "stars": 87_400, "commit_count_4_weeks": 231},
        "last_updated": updated,
    }
    return as_json({name: value for name, value in page.items() if name not in unwanted})


def _market_data(view: View) -> dict[str, object]:
    time = _updated(view)
    price, before = view.price(time), view.price(time - DAY)
    hours = [view.price(time - back * HOUR) for back in range(25)]
    coins = supply(view.tip) / 1e8
    changes = {
        f"price_change_percentage_{name}": round((price / view.price(time - days * DAY) - 1) * 100, 5)
        for name, days in _CHANGES.items()
    }
    return {
        "current_price": _in_currencies(price),
        "ath": _in_currencies(126_080),
        "ath_change_percentage": {"usd": round((price / 126_080 - 1) * 100, 5)},
        "ath_date": {"usd": "2025-10-06T18:57:42.558Z"},
        "atl": {"usd": 67.81},
        "atl_change_percentage": {"usd": round((price / 67.81 - 1) * 100, 5)},
        "atl_date": {"usd": "2013-07-06T00:00:00.000Z"},
        "market_cap": _in_currencies(price * coins),
        "fully_diluted_valuation": _in_currencies(price * 21_000_000),
        "total_volume": _in_currencies(view.world.market.volume(time)),
        "high_24h": _in_currencies(max(hours)),
        "low_24h": _in_currencies(min(hours)),
        "price_change_24h": price - before,
        "price_change_percentage_24h": round((price / before - 1) * 100, 5),
        **changes,
        "price_change_percentage_1h_in_currency": {"usd": round((price / view.price(time - HOUR) - 1) * 100, 5)},
        "price_change_24h_in_currency": {"usd": price - before},
        "market_cap_rank": 1,
        "market_cap_change_24h": (price - before) * coins,
        "market_cap_change_percentage_24h": round((price / before - 1) * 100, 5),
        "total_supply": coins,
        "max_supply": 21000000.0,
        "circulating_supply": coins,
    }


def _in_currencies(dollars: float) -> dict[str, int]:
    return {currency.lower(): round(dollars * rate) for currency, rate in RATES.items()}
