"""One test for each trap of mempool, fees, replacements, prices and statistics."""

from __future__ import annotations

import pytest

from exporter.errors import Reason
from exporter.spec import HOUR
from tests.unit.sources.mempool_space import chain_examples as chain
from tests.unit.sources.mempool_space import fee_examples as fees
from tests.unit.sources.mempool_space.reading import endpoint, read, refusal, samples


def test_buckets_of_the_histogram_must_add_up_to_the_size() -> None:
    body = {**fees.MEMPOOL, "fee_histogram": [[5, 500_000]]}
    parsed = read("mempool", body)
    assert parsed.rejected == {"fee_histogram": 1}
    assert samples("mempool", body)["mempool_vbytes"] == 1_000_000
    assert not [key for key in samples("mempool", body) if "band" in key]


def test_the_last_bucket_with_rate_zero_is_the_floor_and_not_free() -> None:
    assert samples("mempool", fees.MEMPOOL)['mempool_band_vbytes{band="0-1"}'] == 300_000 + 100_000


def test_a_backend_without_electrum_has_an_empty_histogram_and_a_fractional_fee() -> None:
    found = samples(
        "mempool", {"count": 3169, "vsize": 1_891_542, "total_fee": 510536864.00000006, "fee_histogram": []}
    )
    assert found["mempool_fees_bitcoins"] == pytest.approx(5.10536864)
    assert not [key for key in found if "band" in key or "median" in key]


def test_an_empty_mempool_is_zero_and_not_unknown() -> None:
    found = samples("mempool", {"count": 0, "vsize": 0, "total_fee": 0, "fee_histogram": []})
    assert found["mempool_transactions"] == found['mempool_band_vbytes{band="100+"}'] == 0
    assert "mempool_fee_mean_satoshis_per_vbyte" not in found


def test_rates_on_a_band_edge_belong_to_the_band_above() -> None:
    body = {"count": 1, "vsize": 3, "total_fee": 9, "fee_histogram": [[100, 1], [1, 2]]}
    found = samples("mempool", body)
    assert (found['mempool_band_vbytes{band="100+"}'], found['mempool_band_vbytes{band="1-2"}']) == (1, 2)


def test_the_economy_fee_came_in_2022_and_may_be_missing() -> None:
    parsed = read("fees_recommended", {"fastestFee": 3, "halfHourFee": 2, "hourFee": 1, "minimumFee": 1})
    assert parsed.rejected == {}
    assert len(parsed.samples) == 4


def test_precise_fees_may_be_below_one() -> None:
    assert samples("fees_precise", {"fastestFee": 0.5, "halfHourFee": 0.3, "hourFee": 0.2, "minimumFee": 0.1})


def test_the_last_projected_block_is_a_catch_all_and_no_block() -> None:
    found = samples("mempool_blocks", [fees.projected()] * 7 + [fees.projected(35_785_301.75)])
    assert (found["projected_blocks"], found["projected_remainder_vbytes"]) == (7, 35_785_301.75)


def test_a_last_projected_block_that_fits_in_a_block_is_one() -> None:
    found = samples("mempool_blocks", [fees.projected(), fees.projected(250_000.25)])
    assert (found["projected_blocks"], found["projected_remainder_vbytes"]) == (2, 0)


def test_no_projected_block_is_an_empty_mempool() -> None:
    found = samples("mempool_blocks", [])
    assert (found["projected_blocks"], found["projected_remainder_vbytes"]) == (0, 0)


def test_an_unreadable_last_projected_block_is_not_an_empty_remainder() -> None:
    found = samples("mempool_blocks", [fees.projected(), "strange"])
    assert "projected_remainder_vbytes" not in found
    assert "projected_blocks" not in found


@pytest.mark.parametrize("length", [1, 7, 8, 11])
def test_fee_ranges_have_seven_to_eleven_rates(length: int) -> None:
    block = {**fees.projected(), "feeRange": [float(rate) for rate in range(length)]}
    found = samples("mempool_blocks", [block])
    assert found['projected_block_maximum_fee_satoshis_per_vbyte{position="1"}'] == length - 1


def test_trees_of_replacements_nest_deep() -> None:
    tree = fees.tree(1000, interval=1)
    for number in range(27):
        tree = fees.tree(1001 + number, tree, interval=1)
    assert samples("replacements", [tree])["replacement_depth_maximum"] == 27


def test_replacements_without_end_are_refused_and_do_not_crash() -> None:
    body = '{"tx": {"fee": 1}, "time": 1760000000, "fullRbf": false, "replaces": ['
    assert refusal("replacements", "[" + body * 500 + "]}" * 500 + "]") in (Reason.FORMAT, Reason.EMPTY)


def test_the_list_of_replacements_is_capped_and_makes_no_rate() -> None:
    assert "rate" not in {metric.name for metric in endpoint("replacements").origins}
    assert samples("replacements", [fees.TREES[0]] * 25)["replacement_trees"] == 25


def test_no_replacement_is_a_count_of_zero_and_no_ratio() -> None:
    assert samples("replacements", []) == {"replacement_trees": 0}


def test_times_of_old_trees_may_be_missing_from_transactions() -> None:
    tree = fees.tree(1500, fees.tree(1000, interval=60))
    del tree["tx"]["time"]
    assert read("replacements", [tree]).rejected == {}


def test_a_price_of_minus_one_is_no_price() -> None:
    assert refusal("prices", {"time": 1_760_000_000, "USD": -1}) is Reason.EMPTY


def test_an_empty_list_of_statistics_is_a_failing_database() -> None:
    assert refusal("statistics_2h", []) is Reason.EMPTY


def test_statistics_are_newest_first_and_their_weight_is_four_times_the_size() -> None:
    assert read("statistics_2h", fees.TWO_HOURS).data_time == fees.NOW
    assert samples("statistics_1w", fees.WEEK)['mempool_maximum_vbytes{window="7d"}'] == 50_000_000


def test_statistics_without_a_row_for_hours_are_too_old() -> None:
    # No row is written while the mempool is out of sync.
    assert endpoint("statistics_2h").max_age < HOUR


def test_lightning_switched_off_is_stated() -> None:
    body = {"hostname": "node208.fra", "version": "3.4-dev", "backend": "esplora", "lightning": False}
    assert samples("backend_info", body)["mempool_space_backend_lightning"] == 0


@pytest.mark.parametrize("genesis", [chain.TESTNET_GENESIS, chain.LIQUID_GENESIS])
def test_another_network_under_the_same_paths_is_recognised_by_its_first_block(genesis: str) -> None:
    assert refusal("genesis", genesis) is Reason.WRONG_NETWORK
