from __future__ import annotations

from dataclasses import replace

import pytest

from exporter import catalogue
from exporter.consensus import AGREEMENTS
from exporter.derived import PROVIDERS, declarations, enrich
from exporter.derived.declaration import Derived, FromDays
from exporter.snapshot import Accepted, Observation, Snapshot, View
from exporter.sources import registry
from exporter.spec import DAY, Days
from tests.unit.views import observation, view

NOW = 1_000_000.0
HEIGHT = observation("tip_height", 900_000, NOW, source="mempool_space")
TIP_TIME = observation("tip_timestamp_seconds", 1_750_000_000, NOW, source="mempool_space")
PRICE = observation("price_usd", 50_000, NOW, source="coingecko")
DIFFICULTY = observation("difficulty", 1e14, NOW, source="mempool_space")
SUPPLY = observation("circulating_supply_bitcoins", 20_000_000, NOW, source="coingecko")
REWARD = observation("reward_bitcoins", 500, NOW, window="144_blocks")
FEES = observation("fees_bitcoins", 50, NOW, window="144_blocks")
FOUND = observation("blocks_found", 160, NOW, window="24h")
CAPACITY = observation("lightning_capacity_bitcoins", 4000, NOW)


def enriched(*observations: Observation, snapshot: Snapshot | None = None) -> dict[str, float]:
    """Only what was not there before, without the prefix."""
    known = view(*observations)
    whole = enrich(snapshot or Snapshot(), known)
    return {key.removeprefix("btchealth_"): one.sample.value for key, one in whole.items() if key not in known}


@pytest.mark.parametrize(
    ("observations", "selector", "want"),
    [
        pytest.param([HEIGHT], "subsidy_bitcoins", 3.125, id="subsidy from the height"),
        pytest.param([HEIGHT], "halving_height", 1_050_000, id="next halving"),
        pytest.param([HEIGHT], "halving_remaining_blocks", 150_000, id="blocks to the halving"),
        pytest.param(
            [HEIGHT, TIP_TIME], "halving_timestamp_seconds", 1_750_000_000 + 150_000 * 600, id="time of the halving"
        ),
        pytest.param([HEIGHT, FOUND], 'issuance_bitcoins{window="24h"}', 500, id="coins of the blocks really found"),
        pytest.param(
            [HEIGHT, observation("chain_blocks", 100, NOW, window="24h")],
            'issuance_bitcoins{window="24h"}', 312.5, id="blocks found as the other source counts them",
        ),
        pytest.param([HEIGHT, SUPPLY], "issuance_annual_ratio", 164_250 / 20e6, id="inflation"),
        pytest.param([FEES, REWARD], 'fee_share_ratio{window="144_blocks"}', 0.1, id="fee share of a day"),
        pytest.param(
            [
                observation("block_fees_mean_bitcoins", 0.5, NOW, window="7d"),
                observation("block_rewards_mean_bitcoins", 4, NOW, window="7d"),
            ],
            'fee_share_ratio{window="7d"}', 0.125, id="fee share of a week",
        ),
        pytest.param(
            [
                observation("daily_fees_mean_usd", 1e6, NOW, window="30d"),
                observation("miner_revenue_mean_usd", 20e6, NOW, window="30d"),
            ],
            'fee_share_ratio{window="30d"}', 0.05, id="fee share of a month from the charts",
        ),
        pytest.param(
            [
                observation("block_fees_mean_bitcoins", 0.5, NOW, window="30d"),
                observation("block_rewards_mean_bitcoins", 4, NOW, window="30d"),
                observation("daily_fees_mean_usd", 1e6, NOW, window="30d"),
                observation("miner_revenue_mean_usd", 20e6, NOW, window="30d"),
            ],
            'fee_share_ratio{window="30d"}', 0.125, id="blocks go before charts",
        ),
        pytest.param([REWARD, PRICE], 'miner_revenue_usd{window="24h"}', 25e6, id="revenue of a day"),
        pytest.param(
            [REWARD, PRICE, SUPPLY], "security_budget_annual_ratio", 25e6 * 365 / 1e12, id="what security costs"
        ),
        pytest.param(
            [REWARD, DIFFICULTY], "hashprice_bitcoins_per_petahash_day",
            500 / 144 * 1e15 * 86400 / (1e14 * 2**32), id="hash price in bitcoins",
        ),
        pytest.param(
            [REWARD, DIFFICULTY, PRICE], "hashprice_usd_per_petahash_day",
            50_000 * 500 / 144 * 1e15 * 86400 / (1e14 * 2**32), id="hash price in dollars",
        ),
        pytest.param(
            [DIFFICULTY], "hashrate_expected_hashes_per_second", 1e14 * 2**32 / 600, id="hash rate of a difficulty"
        ),
        pytest.param([FOUND], 'blocks_found_expected_ratio{window="24h"}', 160 / 144, id="pace of a day"),
        pytest.param(
            [observation("blocks_found", 1008, NOW, window="7d")],
            'blocks_found_expected_ratio{window="7d"}', 1, id="pace of a week",
        ),
        pytest.param(
            [observation("mempool_vbytes", 5_500_000, NOW)], "mempool_backlog_blocks", 5.5, id="blocks to clear"
        ),
        pytest.param([FEES], 'fee_density_satoshis_per_vbyte{window="144_blocks"}', 5e9 / 144e6, id="fee density"),
        pytest.param(
            [observation("fee_mean_bitcoins", 0.0001, NOW, window="144_blocks"), PRICE],
            'fee_mean_usd{window="24h"}', 5, id="mean fee in dollars",
        ),
        pytest.param(
            [observation("fee_estimate_satoshis_per_vbyte", 10, NOW, target="hour"), PRICE],
            'payment_fee_usd{target="hour"}', 0.705, id="what a plain payment costs",
        ),
        pytest.param(
            [observation("transactions_confirmed", 432_000, NOW, window="144_blocks"), FOUND],
            'transactions_per_second{window="24h"}', 432_000 / 144 * 160 / 86400, id="transactions a second",
        ),
        pytest.param(
            [observation("chain_transactions", 432_000, NOW, window="24h")],
            'transactions_per_second{window="24h"}', 5, id="transactions a second by the other source",
        ),
        pytest.param(
            [observation("lightning_top_nodes_capacity_bitcoins", 2000, NOW, top="10"), CAPACITY],
            'lightning_top_capacity_ratio{top="10"}', 0.25, id="capacity has two ends",
        ),
        pytest.param(
            [
                observation("lightning_top_nodes_channels", 8000, NOW, top="10"),
                observation("lightning_channels", 40_000, NOW),
            ],
            'lightning_top_channels_ratio{top="10"}', 0.1, id="channels have two ends",
        ),
        pytest.param([CAPACITY, PRICE], "lightning_capacity_usd", 2e8, id="Lightning in dollars"),
        pytest.param([CAPACITY, SUPPLY], "lightning_supply_ratio", 0.0002, id="Lightning over all coins"),
    ],
)  # fmt: skip
def test_derived_quantity(observations: list[Observation], selector: str, want: float) -> None:
    assert enriched(*observations)[selector] == pytest.approx(want)


@pytest.mark.parametrize("missing", ["reward", "difficulty", "price"])
def test_a_derived_quantity_is_absent_when_any_input_is(missing: str) -> None:
    inputs = {"reward": REWARD, "difficulty": DIFFICULTY, "price": PRICE}
    del inputs[missing]
    assert "hashprice_usd_per_petahash_day" not in enriched(*inputs.values())


def test_the_agreed_price_goes_before_any_single_one() -> None:
    prices = [
        observation("price_usd", value, NOW, source=source)
        for source, value in (("coingecko", 50_000), ("mempool_space", 51_000))
    ]
    assert enriched(CAPACITY, *prices)["lightning_capacity_usd"] == 4000 * 50_500


def test_a_derived_value_is_as_old_as_its_oldest_input_and_leaves_with_the_first() -> None:
    old = observation("price_usd", 50_000, NOW - 1800, source="coingecko")
    made = enrich(Snapshot(), view(CAPACITY, old))["btchealth_lightning_capacity_usd"]
    assert (made.data_time, made.fetched_at, made.expires_at) == (old.data_time, old.fetched_at, old.expires_at)
    assert made.provenance == "made_up/endpoint@host coingecko/endpoint@host"


def test_an_impossible_result_is_absent() -> None:
    more_than_all = observation("lightning_top_nodes_capacity_bitcoins", 9000, NOW, top="10")
    assert 'lightning_top_capacity_ratio{top="10"}' not in enriched(more_than_all, CAPACITY)


def test_nothing_to_divide_by_is_absent() -> None:
    empty = replace(CAPACITY, sample=replace(CAPACITY.sample, value=0.0))
    top = observation("lightning_top_nodes_capacity_bitcoins", 0, NOW, top="10")
    assert 'lightning_top_capacity_ratio{top="10"}' not in enriched(top, empty)


def accepted(source: str, endpoint: str, observations: View, days: Days = (), host: str = "host") -> Snapshot:
    owner = registry.source(source)
    one = next(one for one in owner.endpoints if one.name == endpoint)
    return Snapshot().with_accepted(
        Accepted(owner, one, tuple(observations.values()), NOW, NOW, NOW, position=0, host=host, daily=days)
    )


def charts(days: int) -> tuple[Snapshot, View]:
    """Revenue rises by a million a day, the hash rate is one exahash."""
    revenue = observation("miner_revenue_chart_usd", 1e6, NOW)
    hashrate = observation("hashrate_chart_hashes_per_second", 1e18, NOW)
    first = accepted(
        "blockchain_com", "miners_revenue", view(revenue), tuple((day * DAY, 1e6 * (day + 1)) for day in range(days))
    )
    both = accepted("blockchain_com", "hash_rate", view(hashrate), tuple((day * DAY, 1e18) for day in range(days)))
    return Snapshot({**first.accepted, **both.accepted}), view(revenue, hashrate)


def test_the_hash_price_of_an_ordinary_day_joins_two_charts_day_by_day() -> None:
    snapshot, known = charts(365)
    found = enriched(*known.values(), snapshot=snapshot)
    assert found['hashprice_median_usd_per_petahash_day{window="365d"}'] == pytest.approx(183e6 / 1000)


@pytest.mark.parametrize("days", [0, 200])
def test_the_hash_price_of_a_year_needs_most_of_its_days(days: int) -> None:
    snapshot, known = charts(days)
    assert 'hashprice_median_usd_per_petahash_day{window="365d"}' not in enriched(*known.values(), snapshot=snapshot)


def test_days_behind_a_series_that_has_left_are_not_used() -> None:
    snapshot, known = charts(365)
    only_revenue = [one for one in known.values() if "revenue" in one.sample.key]
    assert enriched(*only_revenue, snapshot=snapshot) == {}
    assert enriched(*known.values()) == {}, "nor without the days"


def test_nodes_say_which_host_counted_them_while_anything_from_it_is_shown() -> None:
    nodes = observation("nodes_reachable", 20_000, NOW)
    snapshot = accepted("bitnodes", "summary", view(nodes), host="crawler.example")
    assert enriched(nodes, snapshot=snapshot) == {'nodes_provider_info{host="crawler.example"}': 1}
    assert enriched(snapshot=snapshot) == {}


def test_counts_of_crawlers_are_not_comparable_so_the_series_say_which_host() -> None:
    assert set(PROVIDERS) == {"bitnodes"}


def test_what_was_read_is_never_replaced() -> None:
    read = observation("mempool_vbytes", 1, NOW)
    assert enrich(Snapshot(), view(read))[read.sample.key] is read


@pytest.mark.parametrize("declared", declarations(), ids=lambda one: f"{one.metric.name} {dict(one.labels)}")
def test_inputs_and_outputs_are_series_that_can_exist(declared: Derived | FromDays) -> None:
    choices = declared.inputs if isinstance(declared, Derived) else tuple((one,) for one in declared.witnesses)
    for selector in (selector for choice in choices for selector in choice):
        assert catalogue.resolve(selector).name == selector.partition("{")[0]
    assert declared.labels.keys() == declared.metric.labels.keys()
    for label, value in declared.labels.items():
        assert value in declared.metric.labels[label]  # type: ignore[operator]  # derived labels are closed tuples


def test_every_declared_window_has_a_declaration() -> None:
    made = {(one.metric.name, tuple(one.labels.values())) for one in declarations()}
    wanted = {selector for one in declarations() for selector in one.metric.selectors()}
    assert len(made) == len(wanted)


@pytest.mark.parametrize(
    ("source", "endpoint"), [place for one in declarations() if isinstance(one, FromDays) for place in one.endpoints]
)
def test_joined_days_come_from_endpoints_that_keep_them(source: str, endpoint: str) -> None:
    assert next(one for one in registry.source(source).endpoints if one.name == endpoint).daily is not None


def test_agreed_values_go_before_single_ones_in_every_choice() -> None:
    agreed = {one.value.name for one in AGREEMENTS}
    for declared in declarations():
        for choice in declared.inputs if isinstance(declared, Derived) else ():
            assert not agreed & {selector.partition("{")[0] for selector in choice[1:]}
