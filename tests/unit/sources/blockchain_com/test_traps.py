"""Ways in which Blockchain.com's answers mislead, each with the body that does it."""

from __future__ import annotations

import json

import pytest

from exporter.errors import BodyError, Reason
from exporter.sources import blockchain_com
from exporter.sources.blockchain_com import mining, usage
from exporter.sources.blockchain_com.pools import pools
from exporter.sources.blockchain_com.stats import stats
from exporter.spec import DAY, HOUR, Endpoint
from tests.unit.sources.blockchain_com import examples
from tests.unit.sources.blockchain_com.examples import NEWEST, daily, rising


def values(endpoint: Endpoint, body: str) -> dict[str, float]:
    return {sample.key.removeprefix("btchealth_"): sample.value for sample in endpoint.read(body.encode()).samples}


def test_stats_broken_at_the_source_cost_only_the_broken_fields() -> None:
    body = examples.stats(total_fees_btc=-90_000_000_000, miners_revenue_usd=0.0, miners_revenue_btc=0)
    parsed = stats.read(body.encode())
    assert parsed.rejected == {"total_fees_btc": 1, "miners_revenue_usd": 1, "miners_revenue_btc": 1}
    assert len(parsed.samples) == 15


def test_satoshis_in_spite_of_the_name() -> None:
    found = values(stats, examples.stats(n_btc_mined=90_000_000_000, miners_revenue_btc=1100))
    assert found['chain_issuance_bitcoins{window="24h"}'] == 900
    assert found['chain_miner_revenue_bitcoins{window="24h"}'] == 1100, "this one is in bitcoins"


def test_stats_give_gigahashes_and_charts_terahashes() -> None:
    same = 5e20
    from_stats = values(stats, examples.stats(hash_rate=same / 1e9))
    from_chart = values(mining.hash_rate_chart, examples.chart([(NEWEST, same / 1e12)], unit="Hash Rate TH/s"))
    assert from_stats["hashrate_blockchain_com_hashes_per_second"] == same
    assert from_chart["hashrate_chart_hashes_per_second"] == same


def test_stats_give_milliseconds_and_charts_seconds() -> None:
    assert stats.read(examples.stats(timestamp=1_704_070_000_000).encode()).data_time == 1_704_070_000
    assert mining.difficulty_chart.read(examples.RISING.encode()).data_time == NEWEST + DAY


def test_numbers_with_a_capital_e_are_numbers() -> None:
    body = examples.stats().replace("500000000000.0", "5.0E11")
    assert "5.0E11" in body
    assert values(stats, body)["hashrate_blockchain_com_hashes_per_second"] == 5e20
    point = examples.chart([(NEWEST, 1)], unit="USD").replace('"y": 1', '"y": 3.25E7')
    assert values(mining.miners_revenue_chart, point)["miner_revenue_chart_usd"] == 3.25e7


def test_next_retarget_is_left_out_because_it_is_one_less_than_what_others_mean() -> None:
    assert values(stats, examples.stats(nextretarget=1)) == values(stats, examples.stats())


@pytest.mark.parametrize(
    "endpoint", [mining.hash_rate_chart, usage.utxo_count_chart, usage.n_transactions_chart], ids=lambda one: one.name
)
def test_empty_values_are_no_data_and_not_zero(endpoint: Endpoint) -> None:
    with pytest.raises(BodyError) as caught:
        endpoint.read(examples.chart([]).encode())
    assert caught.value.reason is Reason.EMPTY


def test_a_chart_that_stands_still_under_status_200_says_how_old_it_is() -> None:
    still = examples.chart([(NEWEST - 25 * DAY, 1e9)], unit="Hash Rate TH/s")
    parsed = mining.hash_rate_chart.read(still.encode())
    assert parsed.data_time == NEWEST - 24 * DAY
    assert mining.hash_rate_chart.max_age == 2 * DAY + 3 * HOUR, "so that the frame refuses it"


def test_the_web_export_of_a_chart_is_another_shape_and_refused() -> None:
    export = {
        "metric1": "n-transactions",
        "metric2": "market-price",
        "n-transactions": [{"x": NEWEST * 1000, "y": 321_134.857}],
        "market-price": [{"x": NEWEST * 1000, "y": 42_000}],
        "type": "linear",
        "average": "7D",
        "timespan": "all",
    }
    with pytest.raises(BodyError, match="values") as caught:
        usage.n_transactions_chart.read(json.dumps(export).encode())
    assert caught.value.reason is Reason.FORMAT


def test_sampling_is_switched_off_because_it_thins_to_steps_of_days() -> None:
    for module in (mining, usage):
        charts = [one for one in vars(module).values() if isinstance(one, Endpoint)]
        assert charts
        assert all("sampled=false" in one.path and "format=json" in one.path for one in charts)


def test_a_zero_in_a_chart_costs_only_that_day() -> None:
    points = daily(rising)
    points[-2] = (points[-2][0], 0)
    parsed = usage.n_transactions_chart.read(examples.chart(points).encode())
    assert parsed.rejected == {"y": 1}
    assert len(parsed.daily) == 364
    assert {sample.key: sample.value for sample in parsed.samples}["btchealth_daily_transactions"] == 1364


def test_the_newest_day_is_complete_at_its_end() -> None:
    assert usage.n_transactions_chart.read(examples.chart([(NEWEST, 5)]).encode()).data_time == NEWEST + DAY


def test_points_of_capitalisation_and_outputs_are_moments_and_not_days() -> None:
    assert usage.market_cap_chart.read(examples.chart([(NEWEST + 1234, 8e11)]).encode()).data_time == NEWEST + 1234
    assert usage.utxo_count_chart.read(examples.chart([(NEWEST + 1234, 1.7e8)]).encode()).data_time == NEWEST + 1234


def test_medians_of_a_year_are_absent_when_a_fifth_of_the_days_is_missing() -> None:
    enough, too_few = examples.chart(daily(rising)[73:]), examples.chart(daily(rising)[74:])
    assert 'daily_transactions_median{window="365d"}' in values(usage.n_transactions_chart, enough)
    assert 'daily_transactions_median{window="365d"}' not in values(usage.n_transactions_chart, too_few)


def test_points_in_any_order_and_twice_are_read_the_same() -> None:
    points = daily(rising)
    mixed = examples.chart([*reversed(points), points[0]])
    assert values(usage.n_payments_chart, mixed) == values(usage.n_payments_chart, examples.RISING)


def test_pools_of_a_week_as_slow_as_the_slowest_are_believed() -> None:
    found = values(pools, json.dumps({"Foundry USA": 250, "AntPool": 345}))
    assert found['chain_pool_top_share_ratio{top="1",window="7d"}'] == 345 / 595


def test_pools_of_another_window_are_refused() -> None:
    with pytest.raises(BodyError, match="expected about 1008 blocks") as caught:
        pools.read(json.dumps({"Foundry USA": 250, "AntPool": 150}).encode())
    assert caught.value.reason is Reason.INCONSISTENT


def test_unknown_finders_count_in_the_whole_but_never_as_a_pool() -> None:
    found = values(pools, json.dumps({"unknown": 600, "Pool A": 400}))
    assert found['chain_pool_top_share_ratio{top="1",window="7d"}'] == 0.4
    assert found['chain_pools{window="7d"}'] == 1


def test_calls_are_ten_seconds_apart() -> None:
    assert blockchain_com.SOURCE.budget.spacing == 10
