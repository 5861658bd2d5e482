"""Every body recorded from mempool.space, good and bad, and what the exporter makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.errors import Reason
from exporter.sources.mempool_space import SOURCE
from tests.recorded.reading import Bad, Good, check

FOLDER: Final = "mempool.space"


def rates(name: str, *values: float) -> dict[str, float]:
    targets = ("next_block", "half_hour", "hour", "economy", "minimum")
    return {
        f'{name}_satoshis_per_vbyte{{target="{target}"}}': value for target, value in zip(targets, values, strict=True)
    }


WANTED: Final[dict[str, Good | Bad]] = {
    "backend-info.1.json": Good("backend_info", {"mempool_space_backend_lightning": 0}),
    "backend-info.2.json": Good(
        "backend_info",
        {
            'mempool_space_backend_info{backend="esplora",core_version="/Satoshi:30.0.0(@wiz)/",'
            'hostname="node204.va1.mempool.space",version="3.4-dev"}': 1
        },
    ),
    "block-v1-stale.1.json": Bad("blocks", Reason.FORMAT),
    "blocks-tip-height.1.txt": Good("tip_height", {'tip_height{source="mempool_space"}': 698_767}),
    "blocks-v1.1.json": Good(
        "blocks",
        {
            "block_height": 967_731,
            "block_reward_bitcoins": 3.17529947,
            "block_fees_bitcoins": 0.05029947,
            "block_weight_ratio": 0.9982285,
            "block_template_match_ratio": 0.9968,
            'block_pool_info{pool="foundryusa"}': 1,
            'difficulty{source="mempool_space"}': 132_757_073_449_487.5,
            'tip_timestamp_seconds{source="mempool_space"}': 1_789_842_486,
        },
        absent=("block_interval_recent_seconds", 'blocks_fullness_ratio{window="15_blocks"}'),
    ),
    "blocks-v1.2.json": Good(
        "blocks",
        {"block_height": 837_050, "block_reward_bitcoins": 6.35929414, "block_transactions": 2659},
        absent=("block_interval_recent_seconds", 'blocks_fullness_ratio{window="15_blocks"}'),
    ),
    "blocks-v1.3.json": Good(
        "blocks",
        {"block_height": 890_447, 'block_pool_info{pool="braiinspool"}': 1, "block_outputs": 5665},
        absent=("block_interval_recent_seconds",),
    ),
    "chain-tips.1.json": Good(
        "chain_tips",
        {
            'chain_tips{status="active"}': 1,
            'chain_tips{status="invalid"}': 0,
            'stale_blocks{window="30d"}': 0,
            'stale_blocks{window="90d"}': 1,
            "stale_block_last_height": 951_052,
        },
    ),
    "difficulty-adjustment.1.json": Good(
        "difficulty_adjustment",
        {
            "difficulty_expected_change_ratio": -0.05975736194371207,
            "difficulty_epoch_start_timestamp_seconds": 1_789_801_745,
            "block_interval_epoch_seconds": 829.039,
            "block_interval_adjusted_seconds": 639.401,
            "difficulty_retarget_timestamp_seconds": 1_791_100_448.965,
        },
        data_time=1_789_844_026,
    ),
    "difficulty-adjustment.3.json": Good(
        "difficulty_adjustment", {"difficulty_remaining_blocks": 1720}, data_time=1_791_193_302
    ),
    "difficulty-adjustment.4.json": Good(
        "difficulty_adjustment", {"difficulty_next_retarget_height": 838_656}, data_time=1_711_855_108
    ),
    "difficulty-adjustment.5-docs-inconsistent.json": Bad(
        "difficulty_adjustment", Reason.INCONSISTENT, "remainingTime 665977 ms"
    ),
    "difficulty-adjustment.6.json": Good(
        "difficulty_adjustment", {"difficulty_expected_change_ratio": -0.06016939006042577}, data_time=1_789_844_167
    ),
    "error-429.1.html": Bad("mempool", Reason.FORMAT, "Invalid JSON"),
    "error-500.1.json": Bad("lightning_countries", Reason.ERROR_BODY, "Failed to get node"),
    "error-503.1.json": Bad("difficulty_adjustment", Reason.ERROR_BODY, "Service Temporarily Unavailable"),
    "error-503.2.txt": Bad("fees_recommended", Reason.FORMAT, "Service Unavailable"),
    "fees-mempool-blocks.1.json": Good(
        "mempool_blocks",
        {
            "projected_blocks": 3,
            'projected_block_median_fee_satoshis_per_vbyte{position="1"}': 3.6957388787183953,
            'projected_block_minimum_fee_satoshis_per_vbyte{position="3"}': 0.3970149253731343,
            "projected_remainder_vbytes": 35_785_301.75,
            "projected_remainder_transactions": 57_434,
        },
    ),
    "fees-mempool-blocks.3.json": Good("mempool_blocks", {"projected_blocks": 7}),
    "fees-mempool-blocks.4.json": Good(
        "mempool_blocks",
        {"projected_blocks": 1, "projected_remainder_vbytes": 0},
        absent=('projected_block_vbytes{position="2"}', "projected_remainder_median_fee_satoshis_per_vbyte"),
    ),
    "fees-mempool-blocks.5.json": Good("mempool_blocks", {"projected_blocks": 4}),
    "fees-mempool-blocks.6.json": Good(
        "mempool_blocks", {"projected_blocks": 7, "projected_remainder_vbytes": 35_887_382.75}
    ),
    "fees-precise.1.json": Good("fees_precise", rates("fee_estimate", 2.023, 1.094, 0.502, 0.2, 0.1)),
    "fees-precise.2.json": Good("fees_precise", rates("fee_estimate", 4.19, 3.099, 1.689, 0.2, 0.1)),
    "fees-recommended.1.json": Good("fees_recommended", rates("fee_recommended", 4, 4, 1, 1, 1)),
    "fees-recommended.3.json": Good("fees_recommended", rates("fee_recommended", 5, 4, 1, 1, 1)),
    "fees-recommended.4.json": Good("fees_recommended", rates("fee_recommended", 7, 7, 7, 2, 1)),
    "fees-recommended.5-no-economyFee.json": Good(
        "fees_recommended",
        {'fee_recommended_satoshis_per_vbyte{target="minimum"}': 1},
        absent=('fee_recommended_satoshis_per_vbyte{target="economy"}',),
    ),
    "fees-recommended.6.json": Good("fees_recommended", rates("fee_recommended", 8, 8, 8, 4, 2)),
    "fullrbf-replacements.1.json": Good(
        "full_replacements",
        {"full_replacement_trees": 2, "full_replacement_interval_seconds": 990, "full_replacement_span_seconds": 38},
    ),
    "fullrbf-replacements.2.json": Good("full_replacements", {"full_replacement_interval_seconds": 29}),
    "lightning-nodes-countries.1.json": Good(
        "lightning_countries",
        {'lightning_country_share_ratio{top="1"}': 0.3047, 'lightning_country_share_ratio{top="3"}': 0.5484},
        absent=("lightning_countries", "lightning_located_nodes"),
    ),
    "lightning-nodes-countries.2.json": Good(
        "lightning_countries",
        {'lightning_country_share_ratio{top="1"}': 0.3453},
        absent=('lightning_country_share_ratio{top="3"}',),
    ),
    "lightning-nodes-isp-ranking.1.json": Good(
        "lightning_isps",
        {'lightning_provider_share_ratio{top="1"}': 177_420_870_991 / 2 / 374_460_475_874, "lightning_providers": 8},
    ),
    "lightning-nodes-isp-ranking.2.json": Good(
        "lightning_isps", {"lightning_tor_capacity_ratio": 36_605_381_932 / 460_438_412_959}
    ),
    "lightning-nodes-rankings-connectivity.1.json": Good(
        "lightning_connectivity", {'lightning_top_nodes_channels{top="1"}': 2908}, data_time=1_661_812_116
    ),
    "lightning-nodes-rankings-connectivity.2-testnet.json": Good(
        "lightning_connectivity",
        {'lightning_top_nodes_channels{top="1"}': 489},
        absent=('lightning_top_nodes_channels{top="10"}',),
        data_time=1_662_035_238,
    ),
    "lightning-nodes-rankings-connectivity.3-signet.json": Good(
        "lightning_connectivity", {'lightning_top_nodes_channels{top="1"}': 15}, data_time=1_662_440_260
    ),
    "lightning-nodes-rankings-liquidity.1.json": Good(
        "lightning_liquidity",
        {'lightning_top_nodes_capacity_bitcoins{top="1"}': 543.61697486},
        absent=('lightning_top_nodes_capacity_bitcoins{top="10"}',),
        data_time=1_661_814_056,
    ),
    "lightning-nodes-rankings-liquidity.2-testnet.json": Good(
        "lightning_liquidity",
        {'lightning_top_nodes_capacity_bitcoins{top="1"}': 171.55095532},
        data_time=1_662_035_238,
    ),
    "lightning-nodes-rankings-liquidity.3-signet.json": Good(
        "lightning_liquidity", {'lightning_top_nodes_capacity_bitcoins{top="1"}': 0.66577093}, data_time=1_662_440_260
    ),
    "lightning-nodes-rankings.1.json": Good(
        "lightning_rankings",
        {"lightning_node_capacity_maximum_bitcoins": 425.15679181, "lightning_node_channels_maximum": 1836},
    ),
    "lightning-nodes-rankings.2.json": Good("lightning_rankings", {"lightning_node_channels_maximum": 2908}),
    "lightning-statistics-3m.1.json": Good(
        "lightning_history",
        {"lightning_history_rows": 12},
        absent=(
            'lightning_capacity_maximum_bitcoins{window="365d"}',
            'lightning_capacity_change_ratio{window="30d"}',
        ),
        data_time=1_788_048_000,
    ),
    "lightning-statistics-latest.1-stale.json": Good(
        "lightning_latest",
        {
            "lightning_nodes": 16_230,
            "lightning_capacity_bitcoins": 3753.79668018,
            'lightning_class_nodes{class="unannounced"}': 2018,
            "lightning_fee_rate_mean_ratio": 0.000823,
            "lightning_base_fee_median_satoshis": 0.5,
        },
        absent=('lightning_capacity_change_ratio{window="7d"}',),
        data_time=1_788_048_000,
    ),
    "lightning-statistics-latest.5.json": Good(
        "lightning_latest", {"lightning_channels": 81_690}, data_time=1_661_817_600
    ),
    "mempool.1.json": Good(
        "mempool",
        {"mempool_transactions": 85_971, "mempool_vbytes": 42_737_121, "mempool_fees_bitcoins": 0.1299039},
        absent=('mempool_band_vbytes{band="0-1"}', "mempool_median_fee_satoshis_per_vbyte"),
        rejected={"fee_histogram": 1},
    ),
    "mempool.4.json": Good("mempool", {"mempool_transactions": 3169}, absent=('mempool_band_vbytes{band="0-1"}',)),
    "mempool.5-signet.json": Good(
        "mempool", {'mempool_band_vbytes{band="1-2"}': 8008, "mempool_median_fee_satoshis_per_vbyte": 1}
    ),
    "mining-blocks-audit-score.1.json": Bad("audit_scores", Reason.FORMAT),
    "mining-blocks-audit-scores.1.json": Good(
        "audit_scores",
        {'template_audits{window="16_blocks"}': 2},
        absent=('template_audit_match_ratio{window="16_blocks"}',),
    ),
    "mining-blocks-audit-scores.2.json": Good(
        "audit_scores",
        {
            'template_audit_match_ratio{window="16_blocks"}': 0.9744125,
            'template_audit_match_minimum_ratio{window="16_blocks"}': 0.8293,
        },
    ),
    "mining-blocks-fee-rates.1-old.json": Bad("block_fees_24h", Reason.EMPTY),
    "mining-blocks-fees-1w.1.json": Bad("block_fees_1w", Reason.INCONSISTENT, "0.04 days"),
    "mining-blocks-fees-1w.4-old-shape.json": Bad("block_fees_1w", Reason.INCONSISTENT, "0.04 days"),
    "mining-blocks-rewards-1d.2-INVALID-WINDOW.json": Bad("block_rewards_24h", Reason.INCONSISTENT, "866.55 days"),
    "mining-blocks-rewards-1w.1.json": Bad("block_rewards_1w", Reason.INCONSISTENT, "0.04 days"),
    "mining-difficulty-adjustments-1m.2.json": Good(
        "retargets",
        {"difficulty_last_change_ratio": 0.06983, "difficulty_last_retarget_height": 822_528},
        absent=('difficulty_change_minimum_ratio{window="365d"}',),
    ),
    "mining-difficulty-adjustments-1m.3-testnet.json": Bad("retargets", Reason.WRONG_NETWORK, "factor of 1.05075e+08"),
    "mining-difficulty-adjustments-1y.1.json": Good(
        "retargets",
        {
            "difficulty_last_change_ratio": 0.04163,
            'difficulty_change_minimum_ratio{window="365d"}': -0.111553,
            'difficulty_change_maximum_ratio{window="365d"}': 0.14725,
            'difficulty_retargets{window="365d"}': 26,
        },
    ),
    "mining-hashrate-3m.1.json": Good(
        "hashrate_3m",
        {
            'hashrate_hashes_per_second{window="24h"}': 953_853_671_470_482_800_000,
            'hashrate_estimate_hashes_per_second{window="1008_blocks"}': 933_299_493_326_075_100_000,
        },
        absent=(
            'hashrate_hashes_per_second{window="7d"}',
            'hashrate_maximum_hashes_per_second{window="90d"}',
        ),
        data_time=1_789_776_000,
    ),
    "mining-hashrate.2-old-shape.json": Good(
        "hashrate_3m",
        {'hashrate_hashes_per_second{window="24h"}': 189_877_203_506_913_000_000},
        data_time=1_652_659_200,
    ),
    "mining-hashrate.3-signet.json": Bad("hashrate_3m", Reason.WRONG_NETWORK, "difficulty 0.00286"),
    "mining-pools-1w.1.json": Good(
        "pools_1w",
        {
            'blocks_found{window="7d"}': 1025,
            'mining_pools{window="7d"}': 16,
            'mining_pool_blocks{pool="foundryusa",window="7d"}': 257,
            'mining_pool_share_ratio{pool="unknown",window="7d"}': 13 / 1025,
            'mining_empty_blocks{window="7d"}': 2,
            'mining_pool_top_share_ratio{grouping="tag",top="2",window="7d"}': 460 / 1025,
            'mining_pool_nakamoto_pools{grouping="tag",window="7d"}': 3,
            'mining_pool_top_share_ratio{grouping="template",top="1",window="7d"}': (
                (203 + 44 + 28 + 18 + 17 + 13 + 4 + 1) / 1025
            ),
        },
    ),
    "mining-pools-1w.2.json": Good("pools_1w", {'blocks_found{window="7d"}': 1024}),
    "mining-pools-1w.3.json": Good("pools_1w", {'blocks_found{window="7d"}': 984}),
    "mining-pools-1w.4-trimmed.json": Bad("pools_1w", Reason.INCONSISTENT, "668 of 994"),
    "mining-pools-1w.5-old-shape.json": Bad("pools_1w", Reason.INCONSISTENT, "486 of 1005"),
    "mining-pools-1w.6-mutinynet-nulls.json": Bad("pools_1w", Reason.WRONG_NETWORK),
    "mining-reward-stats-100.2.json": Bad("reward_stats", Reason.INCONSISTENT, "expected 144"),
    "mining-reward-stats-100.3-testnet.json": Bad("reward_stats", Reason.INCONSISTENT, "expected 144"),
    "mining-reward-stats-144.1.json": Good(
        "reward_stats",
        {
            'reward_bitcoins{window="144_blocks"}': 452.70908142,
            'fees_bitcoins{window="144_blocks"}': 2.70908142,
            'transactions_confirmed{window="144_blocks"}': 688_065,
        },
    ),
    "prices.1.json": Good("prices", {'price_usd{source="mempool_space"}': 81_445}, data_time=1_789_843_805),
    "prices.3.json": Good("prices", {'price_usd{source="mempool_space"}': 43_753}, data_time=1_703_252_411),
    "prices.4.json": Good("prices", {'price_usd{source="mempool_space"}': 69_880}, data_time=1_711_854_906),
    "replacements.1.json": Good(
        "replacements",
        {"replacement_trees": 1, "replacement_interval_seconds": 63, "replacement_fee_increase_ratio": 2245 / 1415 - 1},
    ),
    "replacements.2.json": Good("replacements", {"replacement_full_ratio": 0, "replacement_interval_seconds": 69}),
    "replacements.3.json": Good("replacements", {"replacement_full_ratio": 1, "replacement_mined_ratio": 1}),
    "replacements.4.json": Good("replacements", {"replacement_trees": 2, "replacement_span_seconds": 188}),
    "statistics-live2h-row.2-old.json": Bad("statistics_2h", Reason.FORMAT),
    "statistics.1-partial.json": Good(
        "statistics_2h",
        {
            "mempool_inflow_vbytes_per_second": 1492.5,
            "mempool_minimum_fee_satoshis_per_vbyte": 0.10000000149011612,
        },
        absent=('mempool_inflow_mean_vbytes_per_second{window="2h"}',),
        data_time=1_762_231_232,
        rejected={"mempool_byte_weight": 1, "total_fee": 1},
    ),
}


def test_every_recorded_body_has_an_expectation(recorded: Path) -> None:
    assert {file.name for file in (recorded / FOLDER).iterdir()} == WANTED.keys()


@pytest.mark.parametrize(("name", "want"), WANTED.items(), ids=list(WANTED))
def test_a_recorded_body_becomes_what_is_expected(recorded: Path, name: str, want: Good | Bad) -> None:
    check(SOURCE, recorded / FOLDER / name, want)
