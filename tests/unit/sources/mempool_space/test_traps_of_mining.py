"""One test for each trap of difficulty, pools, hash rate and rewards."""

from __future__ import annotations

import pytest

from exporter.errors import Reason
from exporter.spec import Top
from tests.unit.sources.mempool_space import lightning_examples as lightning
from tests.unit.sources.mempool_space import mining_examples as mining
from tests.unit.sources.mempool_space import reward_examples as rewards
from tests.unit.sources.mempool_space.reading import endpoint, read, refusal, samples


def test_retarget_date_is_in_milliseconds_and_epoch_start_in_seconds() -> None:
    found = samples("difficulty_adjustment", mining.ADJUSTMENT)
    assert found["difficulty_retarget_timestamp_seconds"] == 1_760_922_320
    assert found["difficulty_epoch_start_timestamp_seconds"] == 1_759_690_000


def test_seconds_where_milliseconds_belong_are_refused_field_by_field() -> None:
    body = {**mining.ADJUSTMENT, "estimatedRetargetDate": 1_760_922_320}
    parsed = read("difficulty_adjustment", body)
    assert parsed.rejected == {"estimatedRetargetDate": 1}
    assert parsed.data_time is None


def test_the_estimate_moves_while_no_block_is_found_and_carries_the_time_of_the_answer() -> None:
    later = {**mining.ADJUSTMENT, "estimatedRetargetDate": mining.ADJUSTMENT["estimatedRetargetDate"] + 141_000}
    assert read("difficulty_adjustment", later).data_time == 1_760_000_141


def test_a_testnet_retarget_by_a_factor_of_millions_is_another_network() -> None:
    assert refusal("retargets", [[1_703_429_523, 2_544_008, 1.05e8, 105_075_000]]) is Reason.WRONG_NETWORK
    assert refusal("retargets", [[1_703_426_009, 2_544_005, 1, 0]]) is Reason.WRONG_NETWORK


def test_a_month_of_retargets_says_nothing_of_the_year() -> None:
    found = samples("retargets", mining.RETARGETS[:3])
    assert "difficulty_last_change_ratio" in found
    assert not [key for key in found if "365d" in key]


def test_a_short_row_costs_the_year_and_not_the_newest_retarget() -> None:
    parsed = read("retargets", [*mining.RETARGETS[:-1], [1, 2]])
    assert parsed.rejected == {"body": 1}
    assert {sample.metric.name for sample in parsed.samples} == {
        "btchealth_difficulty_last_change_ratio",
        "btchealth_difficulty_last_retarget_timestamp_seconds",
        "btchealth_difficulty_last_retarget_height",
    }


def test_shares_are_computed_because_no_share_comes() -> None:
    assert samples("pools_24h", mining.pools(mining.DAY_POOLS, 144))[
        'mining_pool_share_ratio{pool="foundryusa",window="24h"}'
    ] == pytest.approx(50 / 144)


def test_the_label_is_the_slug_and_never_a_name_link_or_row_number() -> None:
    renamed = [{**row, "name": "Renamed", "link": "x", "poolId": 999} for row in mining.DAY_POOLS]
    assert samples("pools_24h", mining.pools(renamed, 144)) == samples("pools_24h", mining.pools(mining.DAY_POOLS, 144))


def test_the_pool_label_is_bounded_and_unknown_is_always_kept() -> None:
    for metric in endpoint("pools_24h").origins:
        if "pool" in metric.labels:
            assert metric.labels["pool"] == Top(20, kept=("unknown",))


def test_every_row_is_yielded_so_that_the_frame_can_fold_them() -> None:
    many = [mining.pool(f"pool{number}", 2) for number in range(72)]
    found = samples("pools_24h", mining.pools(many, 144))
    assert len([key for key in found if key.startswith("mining_pool_blocks{")]) == 72


def test_unknown_blocks_count_as_one_finder_each_in_the_indexes() -> None:
    rows = [mining.pool("f2pool", 60), mining.pool("unknown", 84)]
    found = samples("pools_24h", mining.pools(rows, 144))
    assert found['mining_pool_herfindahl_ratio{grouping="tag",window="24h"}'] == pytest.approx((60**2 + 84) / 144**2)
    assert found['mining_pool_nakamoto_pools{grouping="tag",window="24h"}'] == 1 + 13
    assert found['mining_pools{window="24h"}'] == 1


def test_zero_hash_rates_mean_that_the_node_does_not_answer() -> None:
    body = mining.pools(
        mining.DAY_POOLS, 144, lastEstimatedHashrate=0, lastEstimatedHashrate3d=0, lastEstimatedHashrate1w=0
    )
    parsed = read("pools_24h", body)
    assert parsed.rejected == {"lastEstimatedHashrate": 1, "lastEstimatedHashrate3d": 1, "lastEstimatedHashrate1w": 1}
    assert not [sample for sample in parsed.samples if "hashrate" in sample.metric.name]


def test_the_fee_delta_is_a_string_and_match_rates_may_be_null() -> None:
    found = samples("pools_24h", mining.pools([mining.pool("f2pool", 144, avgFeeDelta="-0.02532693")], 144))
    assert found['mining_fee_delta_ratio{window="24h"}'] == pytest.approx(-0.02532693)
    assert 'mining_template_match_ratio{window="24h"}' not in found


def test_a_pool_without_a_block_is_listed_and_not_counted() -> None:
    found = samples("pools_24h", mining.pools([mining.pool("f2pool", 144), mining.pool("viabtc", 0)], 144))
    assert found['mining_pools{window="24h"}'] == 1


def test_a_collapse_of_mining_does_not_hide_the_pools() -> None:
    found = samples("pools_24h", mining.pools([mining.pool("f2pool", 20), mining.pool("viabtc", 10)], 30))
    assert found['mining_pool_top_share_ratio{grouping="tag",top="1",window="24h"}'] == pytest.approx(2 / 3)


def test_a_bad_row_costs_the_indexes_but_not_the_other_pools() -> None:
    rows = [*mining.DAY_POOLS[:-1], mining.pool("unknown", 4, blockCount="strange")]
    parsed = read("pools_24h", mining.pools(rows, 144))
    assert parsed.rejected == {"blockCount": 1}
    names = {sample.metric.name for sample in parsed.samples}
    assert "btchealth_mining_pool_share_ratio" in names
    assert "btchealth_mining_pool_herfindahl_ratio" not in names


def test_only_the_unknown_pool_is_another_network() -> None:
    assert refusal("pools_1w", mining.pools([mining.pool("unknown", 1008)], 1008)) is Reason.WRONG_NETWORK


def test_three_meanings_of_share_in_one_interface() -> None:
    countries = samples("lightning_countries", lightning.COUNTRIES)
    assert countries['lightning_country_share_ratio{top="1"}'] == 0.5


def test_difficulty_rows_are_empty_on_most_days_and_are_not_needed() -> None:
    assert samples("hashrate_3m", mining.hashrates(mining.QUARTER, difficulty=[]))


def test_old_difficulty_rows_name_the_time_otherwise_and_have_no_adjustment() -> None:
    rows = [{"timestamp": mining.MIDNIGHT, "difficulty": 3.1e13, "height": 736_249}]
    parsed = read("hashrate_1y", mining.hashrates(mining.YEAR, difficulty=rows))
    assert (parsed.rejected, parsed.unknown_fields) == ({}, 0)


def test_zero_difficulty_and_hash_rate_mean_that_the_node_does_not_answer() -> None:
    parsed = read("hashrate_3m", mining.hashrates(mining.QUARTER, currentHashrate=0, currentDifficulty=0))
    assert parsed.rejected == {"currentHashrate": 1, "currentDifficulty": 1}
    assert not [sample for sample in parsed.samples if "estimate" in sample.metric.name]


def test_the_stamp_of_a_daily_row_is_the_midnight_that_ends_the_day() -> None:
    # The backend indexes, at that midnight, the blocks of the 24 hours before it: nothing is to be added.
    assert read("hashrate_3m", mining.hashrates(mining.QUARTER)).data_time == mining.MIDNIGHT


def test_a_missing_day_leaves_the_week_absent_and_not_shorter() -> None:
    found = samples("hashrate_3m", mining.hashrates(mining.QUARTER[:3] + mining.QUARTER[4:]))
    assert 'hashrate_hashes_per_second{window="24h"}' in found
    assert 'hashrate_hashes_per_second{window="7d"}' not in found


def test_a_maximum_needs_four_fifths_of_the_days() -> None:
    key = 'hashrate_maximum_hashes_per_second{window="90d"}'
    assert key in samples("hashrate_3m", mining.hashrates(mining.QUARTER[:72]))
    assert key not in samples("hashrate_3m", mining.hashrates(mining.QUARTER[:71]))


def test_totals_are_strings_and_the_reward_contains_the_fees() -> None:
    found = samples("reward_stats", rewards.reward_stats())
    assert found['reward_bitcoins{window="144_blocks"}'] - found['fees_bitcoins{window="144_blocks"}'] == 450


def test_the_subsidy_is_derived_from_the_height_across_a_halving() -> None:
    across = 44 * 312_500_000 + 100 * 156_250_000
    assert samples("reward_stats", rewards.reward_stats(subsidy=across, start=1_049_956, end=1_050_099))
    assert refusal("reward_stats", rewards.reward_stats(start=1_049_956, end=1_050_099)) is Reason.INCONSISTENT


def test_miners_may_claim_less_than_the_subsidy() -> None:
    assert samples("reward_stats", rewards.reward_stats(subsidy=144 * rewards.SUBSIDY - 5))


def test_a_price_may_be_missing_from_rows_of_fees() -> None:
    rows = [{"avgHeight": 1, "timestamp": time, "avgFees": 1} for time in rewards.times(24, rewards.HOUR)]
    parsed = read("block_fees_24h", rows)
    assert (parsed.rejected, parsed.unknown_fields) == ({}, 0)


def test_rows_of_the_window_1d_are_years_old_and_refused() -> None:
    assert refusal("block_rewards_24h", rewards.rewards([1_571_438_412, 1_646_308_374])) is Reason.INCONSISTENT
