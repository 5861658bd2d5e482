"""Different sources look at one world."""

from __future__ import annotations

import re

import pytest

from simulator.clock import DAY
from simulator.view import World
from tests.unit.simulator.endpoints import NOW, PRICE, ask, told

TIMES = [NOW + step * 11_111 for step in range(8)]


@pytest.mark.parametrize("now", TIMES)
def test_sources_agree_on_the_tip(world: World, now: float) -> None:
    height = int(ask(world, "mempool_space", "/api/blocks/tip/height", now).body)
    assert told(world, "forkmonitor", "/api/v1/chaintips", now)[0]["block"]["height"] == height
    tip = told(world, "fork_observer", "/api/1/data.json", now)["nodes"][0]["tips"][0]
    block_hash = ask(world, "mempool_space", "/api/blocks/tip/hash", now).body.decode()
    assert (tip["height"], tip["hash"], tip["status"]) == (height, block_hash, "active")
    assert told(world, "mempool_space", "/api/v1/chain-tips", now)[0]["hash"] == block_hash
    assert 0 <= height - told(world, "blockchain_com", "/stats", now)["n_blocks_total"] <= 4
    assert 0 <= height - told(world, "bitnodes", "/api/v1/snapshots/latest/?field=top", now)["latest_height"] <= 7


@pytest.mark.parametrize("now", TIMES)
def test_sources_agree_on_the_price_within_one_percent(world: World, now: float) -> None:
    gecko = told(world, "coingecko", PRICE, now)["bitcoin"]["usd"]
    assert told(world, "mempool_space", "/api/v1/prices", now)["USD"] == pytest.approx(gecko, rel=0.01)
    assert told(world, "blockchain_com", "/stats", now)["market_price_usd"] == pytest.approx(gecko, rel=0.01)
    page = told(world, "coingecko", "/api/v3/coins/bitcoin", now)["market_data"]
    assert page["current_price"]["usd"] == gecko
    assert page["low_24h"]["usd"] <= gecko <= page["high_24h"]["usd"]


def test_price_times_are_as_old_as_each_source_lets_them_become(world: World) -> None:
    for now in TIMES:
        assert 15 <= now - told(world, "coingecko", PRICE, now)["bitcoin"]["last_updated_at"] < 76
        assert 0 <= now - told(world, "mempool_space", "/api/v1/prices", now)["time"] < 3_600
        assert 0 <= now - told(world, "blockchain_com", "/stats", now)["timestamp"] / 1000 < 300


def test_sources_agree_on_difficulty_and_supply(world: World) -> None:
    difficulty = told(world, "mempool_space", "/api/v1/mining/hashrate/3d")["currentDifficulty"]
    stats = told(world, "blockchain_com", "/stats")
    assert stats["difficulty"] == round(difficulty)
    assert told(world, "fork_observer", "/api/1/data.json")["header_infos"][-1]["difficulty_int"] > 1e13
    coins = told(world, "coingecko", "/api/v3/coins/bitcoin")["market_data"]["circulating_supply"]
    assert coins * 1e8 == pytest.approx(stats["totalbc"], rel=1e-6)


def test_estimates_of_the_hash_rate_agree_within_their_noise(world: World) -> None:
    weekly = told(world, "mempool_space", "/api/v1/mining/pools/1w")["lastEstimatedHashrate1w"]
    assert told(world, "mempool_space", "/api/v1/mining/hashrate/3d")["currentHashrate"] == pytest.approx(
        weekly, rel=0.1
    )
    assert told(world, "blockchain_com", "/stats")["hash_rate"] * 1e9 == pytest.approx(weekly, rel=0.3)
    days = told(world, "blockchain_com", "/charts/hash-rate?timespan=7days&sampled=false")["values"]
    assert sum(day["y"] for day in days) / 7 * 1e12 == pytest.approx(weekly, rel=0.1)


def test_daily_fees_and_transactions_are_the_sums_of_the_blocks(world: World) -> None:
    rows = told(world, "mempool_space", "/api/v1/mining/blocks/fees/3d")
    day = told(world, "blockchain_com", "/charts/transaction-fees?timespan=1days&sampled=false")["values"][0]
    blocks = [row["avgFees"] for row in rows if day["x"] < row["timestamp"] <= day["x"] + DAY]
    assert sum(blocks) / 1e8 == pytest.approx(day["y"], rel=0.02)
    stats = told(world, "blockchain_com", "/stats")
    last = told(world, "mempool_space", "/api/v1/mining/reward-stats/144")
    assert stats["n_tx"] / stats["n_blocks_mined"] == pytest.approx(int(last["totalTx"]) / 144, rel=0.1)


def test_sources_agree_on_the_size_of_the_mempool(world: World) -> None:
    vsize = told(world, "mempool_space", "/api/mempool")["vsize"]
    assert told(world, "forkmonitor", "/api/v1/chaintips")[0]["nodes"][0]["mempool_bytes"] == vsize
    newest = told(world, "blockchain_com", "/charts/mempool-size?timespan=2days&sampled=false")["values"][-1]
    assert newest["y"] == pytest.approx(vsize, rel=0.2)


def test_every_observer_of_forks_knows_the_same_stale_blocks(world: World) -> None:
    tips = [tip for tip in told(world, "mempool_space", "/api/v1/chain-tips") if tip["status"] != "active"]
    assert 5 <= len(tips) <= 30
    stale = told(world, "fork_observer", "/api/1/stale.json")["stale_blocks"]
    assert [(block["height"], block["hash"]) for block in stale] == [(tip["height"], tip["hash"]) for tip in tips]
    feed = ask(world, "forkmonitor", "/feeds/stale_candidates/btc.rss").body.decode()
    assert [int(height) for height in re.findall(r"blocks at height (\d+)", feed)] == [tip["height"] for tip in tips]
    assert all(tip["hash"] in feed for tip in tips)
    forks = ask(world, "fork_observer", "/rss/1/forks.xml").body.decode()
    assert [int(height) + 1 for height in re.findall(r"Fork at height (\d+)", forks)] == [t["height"] for t in tips]
    valid = [tip["hash"] for tip in tips if tip["status"] == "valid-fork"]
    pages = told(world, "mempool_space", "/api/v1/stale-tips")
    assert [page["stale"]["id"] for page in pages] == valid
    assert all(page["stale"]["id"] != page["canonical"]["id"] for page in pages)


def test_feeds_of_trouble_are_empty_or_hold_only_old_items(world: World) -> None:
    for path in ("/feeds/invalid_blocks/btc.rss", "/feeds/btc/blocks/invalid.rss", "/feeds/inflated_blocks/btc.rss"):
        assert b"<item>" not in ask(world, "forkmonitor", path).body
    for path in ("/feeds/lagging_nodes.rss", "/feeds/nodes/unreachable.rss"):
        body = ask(world, "forkmonitor", path).body.decode()
        assert body.count("<item>") == 1
        assert "2025" in body


def test_fork_headers_are_linked_by_their_ids(world: World) -> None:
    headers = told(world, "fork_observer", "/api/1/data.json")["header_infos"]
    by_id = {header["id"]: header for header in headers}
    linked = [header for header in headers if header["prev_id"] != header["id"]]
    assert len(linked) > 0.8 * len(headers)
    assert all(by_id[header["prev_id"]]["hash"] == header["prev_blockhash"] for header in linked)
    assert sum(header["miner"] == "" for header in headers) == 5


def test_networks_beyond_mainnet_are_empty_and_unknown_feeds_are_refused(world: World) -> None:
    assert told(world, "fork_observer", "/api/77/data.json") == {"header_infos": [], "nodes": []}
    answer = ask(world, "fork_observer", "/rss/77/forks.xml")
    assert (answer.status, answer.content_type[:10]) == (404, "text/plain")
