"""Ways in which fork-observer's answers mislead, each with the body that does it."""

from __future__ import annotations

import pytest

from exporter.errors import BodyError, Reason
from exporter.sources import fork_observer
from exporter.sources.block_header import read_header, target_of
from exporter.spec import Endpoint
from tests.unit.sources.feeds import item, rss
from tests.unit.sources.fork_observer import examples
from tests.unit.sources.fork_observer.examples import DAY, HEIGHT, NOW, data, node, stale, stale_block, tip


def values(endpoint: Endpoint, body: str, read_at: float | None = None) -> dict[str, float]:
    parsed = endpoint.read(body.encode(), read_at)
    return {sample.key.removeprefix("btchealth_"): sample.value for sample in parsed.samples}


def test_an_unknown_network_gives_empty_lists_under_status_200_and_is_no_quiet_network() -> None:
    with pytest.raises(BodyError, match="is network 1 known there") as caught:
        fork_observer.data.read(b'{"header_infos":[],"nodes":[]}')
    assert caught.value.reason is Reason.EMPTY


def test_a_fork_feed_names_the_height_below_the_competing_blocks() -> None:
    body = rss([item(f"Fork at height {HEIGHT - 1}")], "Recent Forks - mainnet")
    assert values(fork_observer.forks_feed, body)["fork_observer_fork_last_height"] == HEIGHT


def test_feeds_without_dates_are_what_is_now_and_need_no_time_of_the_read() -> None:
    parsed = fork_observer.lagging_feed.read(rss([item("Node 'A' is lagging behind")]).encode())
    assert parsed.rejected == {}
    assert parsed.data_time is None


def test_a_feed_without_forks_has_no_last_height() -> None:
    assert values(fork_observer.forks_feed, rss([])) == {"fork_observer_feed_forks": 0}


def test_two_question_marks_in_the_link_do_not_matter() -> None:
    assert "?a=1?b=2" in rss([])
    assert values(fork_observer.invalid_feed, rss([])) == {"fork_observer_feed_invalid_blocks": 0}


def test_a_node_on_a_forked_chain_does_not_move_the_tip() -> None:
    nodes = [node(tip(HEIGHT)), node(tip(HEIGHT)), node(tip(HEIGHT + 6000, block="forked"))]
    found = values(fork_observer.data, data(*nodes))
    assert found['tip_height{source="fork_observer"}'] == HEIGHT
    assert found["fork_observer_lagging_nodes"] == 0
    assert found["fork_observer_tip_spread_blocks"] == 6000


def test_without_a_reachable_node_there_is_no_tip() -> None:
    found = values(fork_observer.data, data(node(tip(HEIGHT), reachable=False)))
    assert found == {"fork_observer_nodes": 1, "fork_observer_reachable_nodes": 0}


def test_a_tip_whose_header_is_not_listed_has_a_height_and_no_time() -> None:
    found = values(fork_observer.data, data(node(tip(HEIGHT)), headers=()))
    assert found['tip_height{source="fork_observer"}'] == HEIGHT
    assert 'tip_timestamp_seconds{source="fork_observer"}' not in found


def test_a_last_change_of_zero_means_never_and_is_not_read() -> None:
    assert "last_changed_timestamp" in fork_observer.Node.UNUSED


def test_far_too_many_stale_headers_are_refused_and_not_believed() -> None:
    flood = stale(*(stale_block(NOW - minute * 60) for minute in range(300)))
    with pytest.raises(BodyError) as caught:
        fork_observer.stale.read(flood.encode(), NOW)
    assert caught.value.reason is Reason.FORMAT


def test_a_forged_header_costs_only_itself() -> None:
    forged = {**stale_block(NOW - DAY), "height": HEIGHT + 1, "hash": examples.name_of("forged")}
    parsed = fork_observer.stale.read(stale(forged, stale_block(NOW - DAY)).encode(), NOW)
    assert parsed.rejected == {"header": 1}
    assert [sample.value for sample in parsed.samples] == [1, 1]


def test_no_stale_block_is_good_news() -> None:
    assert values(fork_observer.stale, stale(), NOW) == {
        'fork_observer_stale_blocks{window="30d"}': 0,
        'fork_observer_stale_blocks{window="90d"}': 0,
    }


def test_the_genesis_header_is_read_as_everybody_knows_it() -> None:
    header = (
        "01000000"
        + "00" * 32
        + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
        + "29ab5f49ffff001d1dac2b7c"
    )
    genesis = read_header(header, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
    assert genesis is not None
    assert (genesis.time, genesis.difficulty) == (1_231_006_505, 1)
    assert read_header(header, "00" * 32) is None
    assert read_header(header[:-2], "00" * 32) is None
    assert read_header("no hex", "00" * 32) is None


def test_a_header_without_a_target_is_none() -> None:
    block = stale_block(NOW, bits=0)
    assert read_header(block["header"], block["hash"]) is None


@pytest.mark.parametrize(("bits", "target"), [(0x1D00FFFF, 0xFFFF << 208), (0x03123456, 0x123456), (0x01120000, 0x12)])
def test_compact_targets(bits: int, target: int) -> None:
    assert target_of(bits) == target
