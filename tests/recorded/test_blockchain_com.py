"""Every body recorded from Blockchain.com, good and bad, and what the exporter makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.errors import Reason
from exporter.sources.blockchain_com import SOURCE
from exporter.spec import DAY
from tests.recorded.reading import Bad, Good, check

FOLDER: Final = "blockchain.info"


def web_export(endpoint: str) -> Bad:
    """What the website exports is another shape than the interface, with milliseconds and averages."""
    return Bad(endpoint, Reason.FORMAT, "values: expected a list of points")


WANTED: Final[dict[str, Good | Bad]] = {
    "chart-EMPTY.1.json": Bad("hash_rate", Reason.EMPTY, "none of 0 points"),
    # Sixty of the points, three days apart: no window of days is covered.
    "chart-avg-confirmation-time.DERIVED.json": Good(
        "avg_confirmation_time",
        {"confirmation_mean_seconds": 124.68820756759294 * 60},
        data_time=1_679_184_000 + DAY,
    ),
    # The last day holds a retarget, so its mean lies between two difficulties.
    "chart-difficulty.1.json": Good(
        "difficulty",
        {"daily_difficulty": 22_464_723_406_485.65},
        absent=('difficulty_chart_growth_ratio{window="90d"}',),
        data_time=1_638_057_600 + DAY,
    ),
    "chart-difficulty.2.json": Good(
        "difficulty", {"daily_difficulty": 125_807_076_547_198.11}, data_time=1_787_702_400 + DAY
    ),
    "chart-estimated-transaction-volume-usd.DERIVED.json": Good(
        "estimated_transaction_volume_usd",
        {"daily_transfer_usd": 9_703_541_846.825617, 'daily_transfer_mean_usd{window="7d"}': 6_234_639_569.197113},
        absent=('daily_transfer_median_usd{window="365d"}',),
        data_time=1_620_345_600 + DAY,
    ),
    "chart-estimated-transaction-volume-usd.csv": Bad(
        "estimated_transaction_volume_usd", Reason.FORMAT, "Invalid JSON"
    ),
    # Believed as a body; that it ends twenty-five days before it was fetched is for the frame to refuse.
    "chart-hash-rate.1-stale.json": Good(
        "hash_rate",
        {"hashrate_chart_hashes_per_second": 9.130699396855934e20},
        absent=('hashrate_chart_mean_hashes_per_second{window="7d"}',),
        data_time=1_787_702_400 + DAY,
    ),
    "chart-hash-rate.2.json": Good(
        "hash_rate", {"hashrate_chart_hashes_per_second": 9.012606438668482e20}, data_time=1_773_619_200 + DAY
    ),
    "chart-hash-rate.3.json": Good(
        "hash_rate", {"hashrate_chart_hashes_per_second": 1.0323658474243727e21}, data_time=1_771_286_400 + DAY
    ),
    "chart-market-cap.1.json": Good(
        "market_cap", {'market_cap_usd{source="blockchain_com"}': 1_064_477_822_100}, data_time=1_638_139_157
    ),
    "chart-market-price.1.json": Good(
        "market_price",
        {"daily_price_usd": 23_856.25},
        absent=('price_volatility_ratio{window="30d"}',),
        data_time=1_659_052_800 + DAY,
    ),
    "chart-median-confirmation-time.DERIVED.json": Good(
        "median_confirmation_time",
        {"confirmation_median_seconds": 7.191071428571425 * 60},
        data_time=1_663_113_600 + DAY,
    ),
    "chart-median-confirmation-time.csv": Bad("median_confirmation_time", Reason.FORMAT, "Invalid JSON"),
    "chart-mempool-size.DERIVED.json": Good(
        "mempool_size",
        {"mempool_chart_bytes": 6_687_786.557291667},
        absent=('mempool_chart_mean_bytes{window="24h"}',),
        data_time=1_746_909_900 + 900,
    ),
    "chart-miners-revenue.1.json": Good(
        "miners_revenue",
        {
            "miner_revenue_chart_usd": 47_788_162.453428775,
            'miner_revenue_mean_usd{window="7d"}': 49_793_316.53160799,
            'miner_revenue_mean_usd{window="30d"}': 56_913_872.79651945,
        },
        absent=('miner_revenue_median_usd{window="365d"}',),
        data_time=1_638_057_600 + DAY,
    ),
    "chart-miners-revenue.2.json": Good(
        "miners_revenue", {"miner_revenue_chart_usd": 32_579_946.41959805}, data_time=1_784_505_600 + DAY
    ),
    "chart-n-transactions.1.json": Good(
        "n_transactions", {"daily_transactions": 188_330}, data_time=1_442_534_400 + DAY
    ),
    "chart-n-unique-addresses.DERIVED.json": Good(
        "n_unique_addresses", {"daily_addresses": 473_222}, data_time=1_771_545_600 + DAY
    ),
    "chart-transaction-fees.DERIVED.json": Good(
        "transaction_fees", {"daily_fees_bitcoins": 5.51228636}, data_time=1_746_057_600 + DAY
    ),
    "chart-utxo-count.DERIVED.json": Good(
        "utxo_count",
        {"utxos": 179_552_779.8309026},
        absent=('utxos_growth_ratio{window="90d"}', 'utxos_maximum{window="365d"}'),
        data_time=1_743_857_735,
    ),
    "pools.1-shape.json": Bad("pools", Reason.INCONSISTENT, "got 400"),
    # Broken at the source: fees are minus the new coins, revenue is zero.
    "stats.1.json": Good(
        "stats",
        {
            'tip_height{source="blockchain_com"}': 969_990,
            'price_usd{source="blockchain_com"}': 86_303.18,
            'circulating_supply_bitcoins{source="blockchain_com"}': 20_093_718.75,
            'chain_issuance_bitcoins{window="24h"}': 518.75,
            "hashrate_blockchain_com_hashes_per_second": 1.095159811329552e21,
        },
        absent=('chain_fees_bitcoins{window="24h"}', 'chain_miner_revenue_usd{window="24h"}'),
        data_time=1_791_193_160,
        rejected={"total_fees_btc": 1, "miners_revenue_usd": 1, "miners_revenue_btc": 1},
    ),
    "stats.2.json": Good(
        "stats",
        {
            'chain_fees_bitcoins{window="24h"}': 116.4843753,
            'chain_miner_revenue_bitcoins{window="24h"}': 1803,
            'chain_block_interval_seconds{window="24h"}': 591.042,
            'difficulty{source="blockchain_com"}': 6_702_169_884_349,
        },
        data_time=1_557_646_525,
    ),
    "stats.3.json": Good(
        "stats",
        {
            "hashrate_blockchain_com_hashes_per_second": 1.8410989266292909e18,
            'chain_transfer_usd{window="24h"}': 123_429_768.68108143,
            'chain_blocks{window="24h"}': 164,
        },
        data_time=1_474_035_340,
    ),
    "stats.4-partial.json": Bad("stats", Reason.FORMAT, "timestamp"),
    "web-export-avg-confirmation-time.1.json": web_export("avg_confirmation_time"),
    "web-export-difficulty.1.json": web_export("difficulty"),
    "web-export-hash-rate.1.json": web_export("hash_rate"),
    "web-export-hash-rate.2.json": web_export("hash_rate"),
    "web-export-hash-rate.3.json": web_export("hash_rate"),
    "web-export-mempool-size.1.json": web_export("mempool_size"),
    "web-export-mempool-size.2.json": web_export("mempool_size"),
    "web-export-miners-revenue.1.json": web_export("miners_revenue"),
    "web-export-n-transactions.1.json": web_export("n_transactions"),
    "web-export-n-transactions.2.json": web_export("n_transactions"),
    "web-export-n-unique-addresses.1.json": web_export("n_unique_addresses"),
    "web-export-transaction-fees.1.json": web_export("transaction_fees"),
    "web-export-utxo-count.1.json": web_export("utxo_count"),
}


def test_every_recorded_body_has_an_expectation(recorded: Path) -> None:
    assert {file.name for file in (recorded / FOLDER).iterdir()} == WANTED.keys()


@pytest.mark.parametrize(("name", "want"), WANTED.items(), ids=list(WANTED))
def test_a_recorded_body_becomes_what_is_expected(recorded: Path, name: str, want: Good | Bad) -> None:
    check(SOURCE, recorded / FOLDER / name, want)
