"""One test for each trap of mempool.space that holds for many paths."""

from __future__ import annotations

import pytest

from exporter.errors import Reason
from exporter.sources.mempool_space import SOURCE
from tests.unit.sources.mempool_space import mining_examples as mining
from tests.unit.sources.mempool_space.reading import endpoint, refusal, samples


def test_every_window_name_is_one_the_api_knows() -> None:
    # Any other name is answered with all blocks since 2009, under status 200.
    known = {"2h", "24h", "3d", "1w", "1m", "3m", "6m", "1y"}
    windowed = (
        "/pools/",
        "/hashrate/",
        "/blocks/fees/",
        "/blocks/rewards/",
        "/difficulty-adjustments/",
        "/statistics/",
    )
    names = {one.path.rpartition("/")[2] for one in SOURCE.endpoints if any(part in one.path for part in windowed)}
    assert names - {"latest"} <= known


def test_pools_of_an_unknown_window_are_all_blocks_since_2009_and_are_refused() -> None:
    assert refusal("pools_24h", mining.pools(mining.DAY_POOLS, 960_451)) is Reason.INCONSISTENT


def test_an_error_object_under_status_200_is_an_error() -> None:
    assert refusal("pools_1w", {"error": "Service Temporarily Unavailable"}) is Reason.ERROR_BODY


def test_plain_text_while_the_mempool_is_not_in_sync_is_no_json() -> None:
    assert refusal("fees_precise", "Service Unavailable") is Reason.FORMAT


def test_html_of_the_rate_limit_is_no_json() -> None:
    assert refusal("mempool", "<html><h1>429 Too Many Requests</h1></html>") is Reason.FORMAT


@pytest.mark.parametrize("number", ["1.07e21", "1070000000000000000000", '"1.07e+21"', '"1070000000000000000000"'])
def test_hash_rates_come_in_exponent_form_as_long_integers_and_as_strings(number: str) -> None:
    body = mining.pools(mining.DAY_POOLS, 144).replace("9.1e+20", number)
    assert samples("pools_24h", body)['hashrate_estimate_hashes_per_second{window="24h"}'] == 1.07e21


def test_v1_is_not_in_the_paths_that_only_esplora_answers() -> None:
    assert endpoint("mempool").path == "/api/mempool"
    assert endpoint("tip_height").path == "/api/blocks/tip/height"
