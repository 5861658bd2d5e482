"""Every body recorded from CoinGecko, good and bad, and what the exporter makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.errors import Reason
from exporter.sources.coingecko import SOURCE
from tests.recorded.reading import Bad, Good, check

FOLDER: Final = "coingecko"

WANTED: Final[dict[str, Good | Bad]] = {
    "coins-bitcoin.1.json": Good(
        "coin",
        {
            'circulating_supply_bitcoins{source="coingecko"}': 19_244_518,
            "supply_limit_bitcoins": 21_000_000,
            'price_change_ratio{window="7d"}': 0.0220493,
            'price_change_ratio{window="365d"}': -0.6699366,
            'price_high_usd{window="24h"}': 16_961.42,
            "price_all_time_high_usd": 69_045,
            "price_all_time_high_change_ratio": -0.7568881,
            "price_all_time_high_timestamp_seconds": 1_636_554_251.849,
        },
        data_time=1_672_158_479.014,
    ),
    "coins-bitcoin.2.json": Good(
        "coin",
        {
            'circulating_supply_bitcoins{source="coingecko"}': 19_311_162,
            'price_change_ratio{window="30d"}': -0.0526198,
            'market_cap_change_ratio{window="24h"}': -0.0124314,
            'price_low_usd{window="24h"}': 22_011,
        },
        data_time=1_678_222_691.269,
    ),
    "error-404.1.json": Bad("coin", Reason.ERROR_BODY, "coin not found"),
    "error-429.1.json": Bad("simple_price", Reason.RATE_LIMITED, "exceeded the Rate Limit"),
    "simple-price.1.json": Good(
        "simple_price",
        {
            'price_usd{source="coingecko"}': 95_762,
            'market_cap_usd{source="coingecko"}': 1_894_933_171_851.5771,
            'market_volume_usd{window="24h"}': 72_577_902_328.1925,
            'price_change_ratio{window="24h"}': -0.014798130904104033,
        },
        data_time=1_733_146_977,
    ),
    "simple-price.2.json": Good(
        "simple_price",
        {'price_usd{source="coingecko"}': 34_664, 'price_change_ratio{window="24h"}': 0.026519150329293882},
        data_time=1_698_262_594,
    ),
    # Without the parameter for it the answer has no time, and a price may be old under status 200.
    "simple-price.3-usd-only.json": Bad("simple_price", Reason.FORMAT, "last_updated_at"),
    "simple-price.4-other-coin.json": Bad("simple_price", Reason.EMPTY, "'bitcoin'"),
    "simple-price.5-unknown-id.json": Bad("simple_price", Reason.EMPTY, "'bitcoin'"),
}


def test_every_recorded_body_has_an_expectation(recorded: Path) -> None:
    assert {file.name for file in (recorded / FOLDER).iterdir()} == WANTED.keys()


@pytest.mark.parametrize(("name", "want"), WANTED.items(), ids=list(WANTED))
def test_a_recorded_body_becomes_what_is_expected(recorded: Path, name: str, want: Good | Bad) -> None:
    check(SOURCE, recorded / FOLDER / name, want)
