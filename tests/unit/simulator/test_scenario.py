from __future__ import annotations

import pytest

from simulator.scenario import FAULTS, INCIDENTS, SOURCES, ScenarioError, Stage, parse

NOW = 1_000.0

BAD = [
    ("earthquake", {}, "no scenario 'earthquake'; there are hashrate-collapse"),
    ("outage", {"source": "kraken"}, "source 'kraken' is not known; there are mempool_space"),
    ("outage:kraken", {}, "source 'kraken' is not known"),
    ("fee-spike", {"source": "coingecko"}, "fee-spike is an incident of the network and takes neither source nor path"),
    ("reorg:mempool_space", {}, "reorg is an incident of the network"),
    ("fee-spike", {"path": "/stats"}, "takes neither source nor path"),
    ("outage", {"after": "soon"}, "after='soon' is not a number of seconds"),
    ("outage", {"for": "-1"}, "for='-1' is not a number of seconds"),
    ("outage", {"for": "inf"}, "for='inf' is not a number of seconds"),
    ("outage", {"how": "gently"}, "how='gently' is none of close, 502, 503"),
    ("slow", {"how": "close"}, "slow has no parameter 'how'; there are seconds, after, for"),
    ("slow", {"seconds": "ten"}, "seconds='ten' is not a number of seconds"),
    ("reorg", {"depth": "9"}, "reorg has no parameter 'depth'; there are after, for"),
]


@pytest.mark.parametrize(("name", "query", "message"), BAD)
def test_a_mistake_is_named_with_what_would_be_right(name: str, query: dict[str, str], message: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse(name, query, NOW)
    assert message in str(error.value)


def test_the_six_incidents_and_six_faults_exist() -> None:
    assert len(INCIDENTS) == len(FAULTS) == 6


@pytest.mark.parametrize(
    ("name", "query", "source"),
    [
        ("outage", {}, "mempool_space"),
        ("outage:coingecko", {}, "coingecko"),
        ("outage", {"source": "bitnodes"}, "bitnodes"),
        ("outage", {"source": "all"}, "all"),
    ],
)
def test_a_fault_is_of_mempool_space_unless_it_names_another_source(
    name: str, query: dict[str, str], source: str
) -> None:
    assert parse(name, query, NOW).source == source


def test_a_fault_of_all_sources_touches_each() -> None:
    stage = Stage()
    stage.start(parse("slow:all", {}, NOW))
    assert all("slow" in stage.faults(source, "/any", NOW) for source in SOURCES)


def test_a_fault_may_touch_one_path_or_a_pattern_of_paths() -> None:
    stage = Stage()
    stage.start(parse("garbage", {"path": "/api/v1/mining/*"}, NOW))
    assert "garbage" in stage.faults("mempool_space", "/api/v1/mining/pools/24h", NOW)
    assert not stage.faults("mempool_space", "/api/mempool", NOW)
    assert not stage.faults("coingecko", "/api/v1/mining/pools/24h", NOW)


def test_starting_a_running_scenario_again_replaces_it() -> None:
    stage = Stage()
    stage.start(parse("slow", {"seconds": "5"}, NOW))
    stage.start(parse("slow", {"seconds": "9"}, NOW + 1))
    stage.start(parse("slow:coingecko", {}, NOW + 1))
    assert [running.options for running in stage.listed(NOW + 2)] == [{"seconds": "9"}, {}]


def test_ending_one_scenario_leaves_the_others() -> None:
    stage = Stage()
    for name in ("fee-spike", "outage", "outage:bitnodes"):
        stage.start(parse(name, {}, NOW))
    stage.end(NOW + 5, "outage")
    assert [running.name for running in stage.listed(NOW + 6)] == ["fee-spike"]


def test_a_scenario_that_was_to_begin_later_never_does_once_ended() -> None:
    stage = Stage()
    stage.start(parse("frozen", {"after": "100"}, NOW))
    stage.end(NOW + 50)
    assert not stage.faults("mempool_space", "/", NOW + 150)
    assert stage.listed(NOW + 50) == []
