"""Ways in which CoinGecko's answers mislead, each with the body that does it."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.errors import BodyError, Reason
from exporter.sources.coingecko import SOURCE, coin, simple_price
from exporter.spec import MINUTE
from tests.unit.sources.coingecko import examples


def values(body: str) -> dict[str, float]:
    return {sample.key: sample.value for sample in simple_price.read(body.encode()).samples}


def test_a_429_body_under_status_200_is_a_rate_limit() -> None:
    body = b'{"status":{"error_code":429,"error_message":"You are too fast"}}'
    with pytest.raises(BodyError, match="You are too fast") as caught:
        simple_price.read(body)
    assert caught.value.reason is Reason.RATE_LIMITED


@pytest.mark.parametrize("change", [None, ..., "-2.5%", True, 1e9], ids=str)
def test_a_change_that_is_null_or_strange_costs_only_itself(change: Any) -> None:
    parsed = simple_price.read(examples.simple(usd_24h_change=change).encode())
    assert len(parsed.samples) == 3
    assert parsed.rejected == {"usd_24h_change": 1}


def test_a_missing_key_is_no_zero() -> None:
    parsed = simple_price.read(examples.simple(usd=...).encode())
    assert all("price_usd" not in sample.key for sample in parsed.samples)
    assert parsed.rejected == {"usd": 1}


def test_the_change_is_a_percentage() -> None:
    assert values(examples.simple(usd_24h_change=-50))['btchealth_price_change_ratio{window="24h"}'] == -0.5


def test_only_what_was_asked_for_comes_back() -> None:
    for parameter in ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at"):
        assert f"{parameter}=true" in simple_price.path


def test_sixty_currencies_are_no_schema_drift() -> None:
    maps = {name: {"aed": 1, "usd": 2, "xdr": 3} for name in ("ath", "high_24h", "low_24h", "current_price", "atl")}
    parsed = coin.read(examples.coin(**maps).encode())
    assert parsed.unknown_fields == 0
    assert parsed.rejected == {}


def test_community_figures_that_are_null_do_not_matter() -> None:
    body = examples.coin().replace('"market_data"', '"community_data": {"facebook_likes": null}, "market_data"')
    assert coin.read(body.encode()).rejected == {}


def test_a_map_that_is_no_map_costs_only_itself() -> None:
    parsed = coin.read(examples.coin(ath=80_000).encode())
    assert parsed.rejected == {"ath": 1}
    assert len(parsed.samples) == 10


def test_polling_stays_below_five_calls_a_minute_and_above_the_cache_of_a_minute() -> None:
    assert sum(MINUTE / one.interval for one in SOURCE.endpoints) <= MINUTE / SOURCE.budget.every == 5
    assert all(one.interval >= MINUTE for one in SOURCE.endpoints)
