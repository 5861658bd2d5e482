"""Each incident shows in the fields it is about, at once, and leaves nothing but a replaced branch behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.clock import DAY, HOUR, midnight
from simulator.incidents import collapse
from simulator.scenario import INCIDENTS, Stage, parse
from simulator.view import World
from tests.unit.simulator.endpoints import ALL, NOW, ask, ask_on, told

Read = Callable[[Any], float]
MEMPOOL = "mempool_space"
LATEST = "/api/v1/lightning/statistics/latest"
RANKINGS = "/api/v1/lightning/nodes/rankings"


def _top_share(body: Any) -> float:
    return float(body["pools"][0]["blockCount"] / body["blockCount"])


def _newest_day(body: Any) -> float:
    return float(body["hashrates"][-1]["avgHashrate"])


def _seven_days(body: Any) -> float:
    return float(sum(row["avgHashrate"] for row in body["hashrates"][-7:]) / 7)


def _gap(body: Any) -> float:
    return float((body[0]["timestamp"] - body[-1]["timestamp"]) / (len(body) - 1))


# Incident, source, path, how to read one number, and the range of (number with it / number without it).
SHOWS: list[tuple[str, str, str, Read, tuple[float, float]]] = [
    ("hashrate-collapse", MEMPOOL, "/api/v1/mining/hashrate/3m", _newest_day, (0.35, 0.65)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/mining/hashrate/3m", _seven_days, (0.45, 0.55)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/mining/hashrate/3m", lambda b: b["currentHashrate"], (0.47, 0.53)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/mining/pools/24h", lambda b: b["lastEstimatedHashrate"], (0.35, 0.65)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/mining/pools/24h", lambda b: b["blockCount"], (0.35, 0.65)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/blocks", _gap, (1.9, 2.1)),
    ("hashrate-collapse", MEMPOOL, "/api/v1/difficulty-adjustment", lambda b: b["adjustedTimeAvg"], (1.5, 2.1)),
    ("hashrate-collapse", "blockchain_com", "/stats", lambda b: b["hash_rate"], (0.35, 0.65)),
    ("hashrate-collapse", "blockchain_com", "/charts/hash-rate", lambda b: b["values"][-1]["y"], (0.3, 0.7)),
    ("pool-majority", MEMPOOL, "/api/v1/mining/pools/24h", _top_share, (1.6, 3.5)),
    ("pool-majority", MEMPOOL, "/api/v1/mining/pools/1w", _top_share, (1.6, 3.5)),
    ("fee-spike", MEMPOOL, "/api/v1/fees/recommended", lambda b: b["fastestFee"], (20, 60)),
    ("fee-spike", MEMPOOL, "/api/v1/fees/precise", lambda b: b["hourFee"], (20, 60)),
    ("fee-spike", MEMPOOL, "/api/v1/fees/mempool-blocks", lambda b: b[0]["medianFee"], (20, 60)),
    ("fee-spike", MEMPOOL, "/api/mempool", lambda b: b["total_fee"], (10, 60)),
    ("fee-spike", MEMPOOL, "/api/v1/blocks", lambda b: b[0]["extras"]["totalFees"], (44.9, 45.1)),
    ("fee-spike", MEMPOOL, "/api/v1/mining/reward-stats/144", lambda b: int(b["totalFee"]), (30, 45.1)),
    ("fee-spike", MEMPOOL, "/api/v1/mining/blocks/fees/24h", lambda b: b[-1]["avgFees"], (44.9, 45.1)),
    ("fee-spike", "blockchain_com", "/stats", lambda b: b["total_fees_btc"], (40, 45.1)),
    ("mempool-flood", MEMPOOL, "/api/mempool", lambda b: b["vsize"], (8.9, 9.1)),
    ("mempool-flood", MEMPOOL, "/api/mempool", lambda b: b["count"], (8.9, 9.1)),
    ("mempool-flood", MEMPOOL, "/api/v1/fees/precise", lambda b: b["minimumFee"], (29, 31)),
    ("mempool-flood", MEMPOOL, "/api/v1/statistics/2h", lambda b: b[0]["mempool_byte_weight"], (8.9, 9.1)),
    ("mempool-flood", "blockchain_com", "/charts/mempool-size", lambda b: b["values"][-1]["y"], (8.9, 9.1)),
    ("lightning-exodus", MEMPOOL, LATEST, lambda b: b["latest"]["total_capacity"], (0.54, 0.56)),
    ("lightning-exodus", MEMPOOL, LATEST, lambda b: b["latest"]["channel_count"], (0.5, 0.7)),
    ("lightning-exodus", MEMPOOL, LATEST, lambda b: b["latest"]["node_count"], (0.6, 0.8)),
    ("lightning-exodus", MEMPOOL, LATEST, lambda b: b["previous"]["total_capacity"], (1, 1)),
    ("lightning-exodus", MEMPOOL, "/api/v1/lightning/statistics/3m", lambda b: b[0]["total_capacity"], (0.54, 0.56)),
    ("lightning-exodus", MEMPOOL, RANKINGS, lambda b: b["topByCapacity"][0]["capacity"], (0.54, 0.56)),
]


@pytest.mark.parametrize(("incident", "source", "path", "read", "bounds"), SHOWS)
def test_an_incident_shows_in_the_first_answer_after_it_began(
    world: World, incident: str, source: str, path: str, read: Read, bounds: tuple[float, float]
) -> None:
    change = read(told(world, source, path, NOW, incident)) / read(told(world, source, path))
    assert bounds[0] <= change <= bounds[1]


def test_a_majority_is_more_than_half_of_every_recent_window(world: World) -> None:
    for window in ("24h", "3d", "1w"):
        body = told(world, MEMPOOL, f"/api/v1/mining/pools/{window}", NOW, "pool-majority")
        assert body["pools"][0]["slug"] == "foundryusa"
        assert 0.51 < _top_share(body) < 0.75


def test_the_largest_pool_stays_below_a_third_without_the_incident(world: World) -> None:
    assert _top_share(told(world, MEMPOOL, "/api/v1/mining/pools/1w")) < 0.33


def test_a_collapse_does_not_move_the_tip_when_it_begins_and_halves_its_pace(world: World) -> None:
    stage = Stage()
    before = int(ask_on(stage, world, MEMPOOL, "/api/blocks/tip/height").body)
    stage.start(parse("hashrate-collapse", {}, NOW))
    assert int(ask_on(stage, world, MEMPOOL, "/api/blocks/tip/height").body) == before
    after = [int(ask_on(stage, world, MEMPOOL, "/api/blocks/tip/height", NOW + day * DAY).body) for day in (1, 2, 3, 4)]
    assert 60 < (after[-1] - before) / 4 < 84


@pytest.mark.parametrize("days", [-40.0, -15.0, -14.9, -7.6, -7.5, -7.4, -0.1, 0.0, 0.1, 30.0])
def test_slowed_time_can_be_turned_back(days: float) -> None:
    slowed = collapse(NOW)
    time = NOW + days * DAY
    assert slowed.real_time(slowed.chain_time(time)) == pytest.approx(time, abs=1e-3)
    assert slowed.chain_time(slowed.real_time(time)) == pytest.approx(time, abs=1e-3)


def test_blocks_come_at_half_the_pace_after_a_collapse_began(world: World) -> None:
    stage = Stage()
    stage.start(parse("hashrate-collapse", {}, NOW))
    blocks = json.loads(ask_on(stage, world, MEMPOOL, "/api/v1/blocks", NOW + 4 * DAY).body)
    heights = [block["height"] for block in blocks]
    calm = world.chain.arrival(heights[0]) - world.chain.arrival(heights[-1])
    assert blocks[0]["timestamp"] - blocks[-1]["timestamp"] == pytest.approx(2 * calm, abs=200)
    assert all(block["timestamp"] <= NOW + 4 * DAY + 30 for block in blocks)


def test_a_flood_widens_the_catch_all_block_and_lifts_the_lowest_rates(world: World) -> None:
    blocks = told(world, MEMPOOL, "/api/v1/fees/mempool-blocks", NOW, "mempool-flood")
    assert blocks[-1]["blockVSize"] > 150e6
    assert min(blocks[-1]["feeRange"]) >= 3


def test_a_reorg_replaces_three_blocks_and_leaves_the_losers_as_a_branch(world: World) -> None:
    stage = Stage()
    old = told(world, MEMPOOL, "/api/v1/blocks")
    stage.start(parse("reorg", {}, NOW))
    new = [ask_on(stage, world, MEMPOOL, f"/api/block-height/{block['height']}").body.decode() for block in old]
    replaced = [block["height"] for block, block_hash in zip(old, new, strict=True) if block["id"] != block_hash]
    assert replaced == [old[0]["height"] - step for step in range(3)]
    tips = told(world, MEMPOOL, "/api/v1/chain-tips", NOW + 1, "reorg")
    assert tips[1] == {"height": old[0]["height"], "hash": old[0]["id"], "branchlen": 3, "status": "valid-fork"}


def test_every_observer_sees_the_branch_that_a_reorg_left(world: World) -> None:
    losers = told(world, MEMPOOL, "/api/v1/blocks")[:3]
    height = losers[0]["height"]
    stale = told(world, "fork_observer", "/api/1/stale.json", NOW, "reorg")["stale_blocks"]
    assert [block["hash"] for block in stale[:3]] == [block["id"] for block in losers]
    assert (
        f"Fork at height {height - 3}<" in ask(world, "fork_observer", "/rss/1/forks.xml", NOW, "reorg").body.decode()
    )
    tips = told(world, "fork_observer", "/api/1/data.json", NOW, "reorg")["nodes"][0]["tips"]
    assert tips[1] == {"hash": losers[0]["id"], "status": "valid-fork", "height": height}
    feed = ask(world, "forkmonitor", "/feeds/stale_candidates/btc.rss", NOW, "reorg").body.decode()
    assert feed.index(f"There are 2 distinct blocks at height {height}<") < feed.index("Mon, 21 Sep 2026 14:1")
    candidates = told(world, "forkmonitor", "/api/v1/stale_candidates", NOW, "reorg")
    assert candidates == [{"height": height - step, "n_children": 2} for step in range(3)]


def test_a_second_reorg_replaces_the_blocks_of_the_first(world: World) -> None:
    stage = Stage()
    stage.start(parse("reorg", {}, NOW))
    once = ask_on(stage, world, MEMPOOL, "/api/blocks/tip/hash", NOW + 1).body
    stage.start(parse("reorg", {}, NOW + 2))
    assert ask_on(stage, world, MEMPOOL, "/api/blocks/tip/hash", NOW + 3).body != once


@pytest.mark.parametrize("incident", [name for name in INCIDENTS if name != "reorg"])
def test_an_ended_incident_leaves_no_trace_in_any_answer(world: World, incident: str) -> None:
    stage = Stage()
    stage.start(parse(incident, {}, NOW - 100))
    stage.end(NOW - 1)
    for place in ALL:
        assert ask_on(stage, world, *place).body == ask(world, *place).body


def test_an_ended_reorg_leaves_only_the_replaced_blocks(world: World) -> None:
    stage = Stage()
    stage.start(parse("reorg", {}, NOW - 100))
    during = ask_on(stage, world, MEMPOOL, "/api/blocks/tip/hash", NOW - 50).body
    stage.end(NOW - 1)
    assert stage.listed(NOW) == []
    assert ask_on(stage, world, MEMPOOL, "/api/blocks/tip/hash", NOW - 50).body == during
    tips = [(tip.get("height"), tip["status"]) for tip in _chain_tips(stage, world)]
    assert tips == [(tip["height"], tip["status"]) for tip in told(world, MEMPOOL, "/api/v1/chain-tips")]


def _chain_tips(stage: Stage, world: World) -> Any:
    return json.loads(ask_on(stage, world, MEMPOOL, "/api/v1/chain-tips").body)


@pytest.mark.parametrize(("offset", "runs"), [(0, False), (599, False), (600, True), (1_199, True), (1_200, False)])
def test_after_and_for_bound_an_incident_to_the_second(world: World, offset: int, runs: bool) -> None:
    stage = Stage()
    stage.start(parse("mempool-flood", {"after": "600", "for": "600"}, NOW))
    now = NOW + offset
    calm = ask(world, MEMPOOL, "/api/v1/fees/precise", now).body
    assert (ask_on(stage, world, MEMPOOL, "/api/v1/fees/precise", now).body != calm) is runs


def test_incidents_can_run_together(world: World) -> None:
    fees = told(world, MEMPOOL, "/api/v1/fees/precise", NOW, "fee-spike", "mempool-flood", "hashrate-collapse")
    assert fees["minimumFee"] == 3.0
    assert fees["fastestFee"] > 100
    pools = told(world, MEMPOOL, "/api/v1/mining/pools/24h", NOW, "pool-majority", "hashrate-collapse", "reorg")
    assert pools["blockCount"] < 100
    assert _top_share(pools) > 0.51


def test_an_exodus_shows_only_from_two_days_before_it_was_started(world: World) -> None:
    rows = told(world, MEMPOOL, "/api/v1/lightning/statistics/3m", NOW, "lightning-exodus")
    calm = told(world, MEMPOOL, "/api/v1/lightning/statistics/3m")
    fallen = [row["added"] for row, old in zip(rows, calm, strict=True) if row != old]
    assert fallen == [midnight(NOW), midnight(NOW) - DAY]


def test_a_quiet_month_has_no_day_that_looks_like_an_incident(world: World) -> None:
    for step in range(0, 30 * 24, 5):
        now = NOW + step * HOUR
        assert told(world, MEMPOOL, "/api/v1/fees/precise", now)["fastestFee"] < 15
        assert 10e6 < told(world, MEMPOOL, "/api/mempool", now)["vsize"] < 80e6
        assert _top_share(told(world, MEMPOOL, "/api/v1/mining/pools/1w", now)) < 0.34
