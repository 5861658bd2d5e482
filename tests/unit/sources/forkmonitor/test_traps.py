"""Ways in which ForkMonitor's answers mislead, each with the body that does it."""

from __future__ import annotations

import pytest

from exporter.errors import BodyError
from exporter.sources import forkmonitor
from exporter.spec import Endpoint
from tests.unit.sources.feeds import item, rss
from tests.unit.sources.forkmonitor.examples import DAY, HEIGHT, HISTORY, HOUR, NOW, chain_tips, tip

FEEDS = [endpoint for endpoint in forkmonitor.SOURCE.endpoints if endpoint.events]


def values(endpoint: Endpoint, body: str, read_at: float = NOW) -> dict[str, float]:
    parsed = endpoint.read(body.encode(), read_at)
    return {sample.key.removeprefix("btchealth_"): sample.value for sample in parsed.samples}


def test_feeds_are_histories_and_old_items_do_not_count() -> None:
    old = rss([item("Block 1 marked invalid", NOW - days * DAY) for days in (31, 400, 1900)])
    assert values(forkmonitor.invalid_blocks_feed, old) == {'invalid_blocks{window="30d"}': 0}


def test_an_unchanged_feed_read_again_lets_items_leave_the_window() -> None:
    found = [values(forkmonitor.invalid_blocks_feed, HISTORY, NOW + days * DAY) for days in (0, 25, 31)]
    assert [one['invalid_blocks{window="30d"}'] for one in found] == [2, 1, 0]


@pytest.mark.parametrize("endpoint", FEEDS, ids=lambda one: one.name)
def test_the_time_of_a_feed_is_that_of_its_read_and_not_of_its_newest_item(endpoint: Endpoint) -> None:
    assert endpoint.read(HISTORY.encode(), NOW + DAY).data_time == NOW + DAY
    with pytest.raises(ValueError, match="expected the time of the read"):
        endpoint.read(HISTORY.encode())


def test_an_empty_feed_is_the_good_news_of_no_event() -> None:
    assert values(forkmonitor.inflated_blocks_feed, rss([])) == {'inflated_blocks{window="30d"}': 0}
    assert values(forkmonitor.stale_candidates, rss([])) == {
        'stale_candidates{window="30d"}': 0,
        'stale_candidates{window="90d"}': 0,
    }


def test_build_dates_that_are_no_rss_dates_do_not_matter() -> None:
    assert "<lastBuildDate>2025-06-15T15:06:40Z</lastBuildDate>" in HISTORY
    assert forkmonitor.stale_candidates.read(HISTORY.encode(), NOW).rejected == {}


@pytest.mark.parametrize(
    "date", ["", "2025-06-15T15:06:40Z", "Sun, 15 Jun 2025 15:06:40", "Sun, 99 Jun 2025 15:06:40 +0000"]
)
def test_one_unreadable_date_costs_only_its_item(date: str) -> None:
    body = rss([item("Block 1", date=date), item("Block 2", NOW - HOUR)])
    parsed = forkmonitor.invalid_blocks_feed.read(body.encode(), NOW)
    assert parsed.rejected == {"pubDate": 1}
    assert [sample.value for sample in parsed.samples] == [1]


def test_items_from_the_future_are_no_events_yet() -> None:
    body = rss([item("Block 1", NOW + HOUR), item("Block 2", NOW + 3 * HOUR)])
    assert values(forkmonitor.invalid_blocks_feed, body) == {'invalid_blocks{window="30d"}': 1}


def test_dates_with_another_zone_are_the_same_moment() -> None:
    body = rss([item("Block 1", date="Sun, 15 Jun 2025 17:06:39 +0200")])
    assert values(forkmonitor.lagging_nodes_feed, body) == {'forkmonitor_lagging_nodes{window="24h"}': 1}


def test_a_title_without_a_height_still_counts() -> None:
    found = values(forkmonitor.stale_candidates, rss([item("Something happened", NOW - HOUR)]))
    assert found['stale_candidates{window="30d"}'] == 1
    assert "stale_candidate_last_height" not in found


def test_an_ampersand_that_is_not_escaped_breaks_the_feed_and_is_counted() -> None:
    with pytest.raises(BodyError, match="not well-formed"):
        values(forkmonitor.lagging_nodes_feed, rss([item("Node A & B is 3 blocks behind", NOW)]))


def test_several_tips_may_be_a_lag_and_no_split() -> None:
    found = values(forkmonitor.chain_tips, chain_tips(tip(HEIGHT, NOW, 5), tip(HEIGHT - 3, NOW - 1800, 1)))
    assert found["forkmonitor_chain_tips"] == 2
    assert found["forkmonitor_competing_tips"] == 1


def test_no_recent_candidate_is_the_normal_state_of_the_list() -> None:
    assert values(forkmonitor.stale_candidates_listed, "[]") == {"stale_candidates_listed": 0}


def test_a_tip_without_a_height_costs_only_itself() -> None:
    broken = tip(HEIGHT, NOW, 2)
    broken["block"]["height"] = "high"
    parsed = forkmonitor.chain_tips.read(chain_tips(broken, tip(HEIGHT - 1, NOW, 5)).encode())
    assert parsed.rejected == {"height": 1}
    assert {sample.key: sample.value for sample in parsed.samples}[
        'btchealth_tip_height{source="forkmonitor"}'
    ] == HEIGHT - 1
