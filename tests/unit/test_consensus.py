from __future__ import annotations

import pytest

from exporter.consensus import AGREEMENTS, agree
from exporter.snapshot import Observation
from exporter.spec import HOUR, MINUTE
from tests.unit.views import observation, view

NOW = 1_000_000.0


def price(source: str, value: float, data_time: float = NOW) -> Observation:
    return observation("price_usd", value, data_time, source=source)


def height(source: str, value: float, data_time: float = NOW) -> Observation:
    return observation("tip_height", value, data_time, source=source)


def difficulty(source: str, value: float, data_time: float = NOW) -> Observation:
    return observation("difficulty", value, data_time, source=source)


def agreed(*observations: Observation) -> dict[str, float]:
    return {one.sample.metric.name.removeprefix("btchealth_"): one.sample.value for one in agree(view(*observations))}


@pytest.mark.parametrize(
    ("observations", "want"),
    [
        pytest.param([], {}, id="nobody says anything"),
        pytest.param([price("coingecko", 100.0)], {}, id="one source alone agrees with nobody"),
        pytest.param(
            [price("coingecko", 100.0), price("mempool_space", 102.0)],
            {"price_consensus_usd": 101.0, "price_disagreement_ratio": 2 / 101},
            id="two sources within the tolerance",
        ),
        pytest.param(
            [price("coingecko", 100.0), price("mempool_space", 110.0)],
            {"price_disagreement_ratio": 10 / 105},
            id="two sources that contradict: no price, only how far apart",
        ),
        pytest.param(
            [price("coingecko", 100.0), price("mempool_space", 101.0), price("blockchain_com", 500.0)],
            {"price_consensus_usd": 100.5, "price_disagreement_ratio": 400 / 101},
            id="a liar is outvoted and still seen",
        ),
        pytest.param(
            [price("coingecko", 100.0), price("mempool_space", 101.0, NOW - 3 * HOUR)],
            {},
            id="a price of three hours ago is not compared with one of now",
        ),
        pytest.param(
            [price("coingecko", 100.0, NOW + 3 * HOUR), price("mempool_space", 101.0), price("blockchain_com", 101.0)],
            {"price_consensus_usd": 101.0, "price_disagreement_ratio": 0.0},
            id="a clock that runs ahead does not push the others out",
        ),
        pytest.param(
            [height("mempool_space", 900_000), height("blockchain_com", 899_998)],
            {"tip_height_consensus": 900_000, "tip_height_disagreement_blocks": 2},
            id="of two heights the higher: lagging is ordinary",
        ),
        pytest.param(
            [height("mempool_space", 900_000), height("forkmonitor", 900_000), height("fork_observer", 906_000)],
            {"tip_height_consensus": 900_000, "tip_height_disagreement_blocks": 6000},
            id="a forked chain has no say",
        ),
        pytest.param(
            [height("mempool_space", 900_000), height("forkmonitor", 899_000)],
            {"tip_height_disagreement_blocks": 1000},
            id="heights a thousand blocks apart",
        ),
        pytest.param(
            [difficulty("mempool_space", 132757073449487.5), difficulty("fork_observer", 132757073449487.0)],
            {"difficulty_consensus": 132757073449487.25, "difficulty_disagreement_ratio": 0.5 / 132757073449487.25},
            id="difficulty differs by rounding",
        ),
        pytest.param(
            [difficulty("mempool_space", 132.0e12), difficulty("blockchain_com", 127.0e12)],
            {"difficulty_disagreement_ratio": 5 / 129.5},
            id="a retarget that one has not seen yet",
        ),
    ],
)
def test_agreement(observations: list[Observation], want: dict[str, float]) -> None:
    assert agreed(*observations) == pytest.approx(want)


def test_the_agreed_value_is_as_old_as_the_oldest_and_leaves_with_the_first() -> None:
    old, new = price("mempool_space", 100.0, NOW - MINUTE), price("coingecko", 100.0)
    (consensus,) = (one for one in agree(view(old, new)) if one.sample.metric.name.endswith("consensus_usd"))
    assert consensus.data_time == old.data_time
    assert consensus.fetched_at == old.fetched_at
    assert consensus.expires_at == old.expires_at
    assert consensus.provenance == "mempool_space/endpoint@host coingecko/endpoint@host"


def test_a_source_without_a_say_does_not_age_the_agreed_value() -> None:
    liar = price("blockchain_com", 500.0, NOW - HOUR)
    found = {
        one.sample.metric.name: one
        for one in agree(view(liar, price("mempool_space", 100.0), price("coingecko", 100.0)))
    }
    assert found["btchealth_price_consensus_usd"].data_time == NOW
    assert found["btchealth_price_disagreement_ratio"].data_time == NOW - HOUR


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda one: one.quantity.name)
def test_declarations_fit_together(agreement: object) -> None:
    declared = next(one for one in AGREEMENTS if one is agreement)
    assert 2 <= declared.quorum <= len(list(declared.quantity.selectors()))
    assert declared.value.unit is declared.quantity.unit
    assert declared.value.bounds == declared.quantity.bounds
