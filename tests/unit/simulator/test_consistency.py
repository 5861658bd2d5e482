"""Facts that hold inside one body, or between two bodies of one source."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import pytest

from simulator.chain import subsidy
from simulator.clock import DAY, midnight
from simulator.view import EARLIEST, World
from tests.unit.simulator.endpoints import NOW, PRICE, ask, told

TIMES = [NOW + step * 7_777 for step in range(12)]


@pytest.mark.parametrize("now", TIMES)
def test_bucket_sizes_of_the_fee_histogram_add_up_to_the_whole_mempool(world: World, now: float) -> None:
    body = told(world, "mempool_space", "/api/mempool", now)
    rates = [rate for rate, _ in body["fee_histogram"]]
    sizes = [size for _, size in body["fee_histogram"]]
    assert sum(sizes) == body["vsize"]
    assert rates == sorted(rates, reverse=True)
    assert 60 < len(rates) < 320
    assert all(size >= 50_000 for size in sizes[:-1])
    assert rates[-1] == 0.0
    lowest = sum(rate * size for rate, size in body["fee_histogram"])
    assert 0.9 * body["total_fee"] < lowest < body["total_fee"]


@pytest.mark.parametrize("now", TIMES)
def test_projected_blocks_hold_the_whole_mempool_best_first(world: World, now: float) -> None:
    blocks = told(world, "mempool_space", "/api/v1/fees/mempool-blocks", now)
    mempool = told(world, "mempool_space", "/api/mempool", now)
    assert len(blocks) == 8
    assert sum(block["blockVSize"] for block in blocks) == pytest.approx(mempool["vsize"], abs=2)
    assert sum(block["totalFees"] for block in blocks) == pytest.approx(mempool["total_fee"], abs=8)
    assert all(earlier["medianFee"] > later["medianFee"] for earlier, later in pairwise(blocks))
    assert all(block["feeRange"] == sorted(block["feeRange"]) for block in blocks)
    assert [len(block["feeRange"]) for block in blocks] == [7] * 7 + [11]
    assert blocks[-1]["blockVSize"] > 5e6


@pytest.mark.parametrize("now", TIMES)
def test_fee_estimates_fall_with_the_wait_and_recommended_ones_are_whole(world: World, now: float) -> None:
    names = ["fastestFee", "halfHourFee", "hourFee", "economyFee", "minimumFee"]
    precise = told(world, "mempool_space", "/api/v1/fees/precise", now)
    recommended = told(world, "mempool_space", "/api/v1/fees/recommended", now)
    assert list(precise) == list(recommended) == names
    rates = [precise[name] for name in names]
    assert rates == sorted(rates, reverse=True)
    assert all(isinstance(recommended[name], int) and recommended[name] >= 1 for name in names)
    assert all(recommended[name] >= precise[name] for name in names)
    first = told(world, "mempool_space", "/api/v1/fees/mempool-blocks", now)[0]
    assert precise["fastestFee"] == pytest.approx(first["medianFee"], rel=0.02)


@pytest.mark.parametrize("count", [144, 1000])
def test_rewards_less_fees_are_the_subsidy_of_so_many_blocks(world: World, count: int) -> None:
    body = told(world, "mempool_space", f"/api/v1/mining/reward-stats/{count}")
    assert all(isinstance(body[name], str) for name in ("totalReward", "totalFee", "totalTx"))
    assert body["endBlock"] - body["startBlock"] + 1 == count
    assert int(body["totalReward"]) - int(body["totalFee"]) == count * 312_500_000


def test_rewards_over_a_halving_count_both_subsidies(world: World) -> None:
    halving = world.chain.arrival(840_049)
    body = told(world, "mempool_space", "/api/v1/mining/reward-stats/100", halving)
    assert int(body["totalReward"]) - int(body["totalFee"]) == 50 * 625_000_000 + 50 * 312_500_000


def test_the_lightning_node_classes_add_up_and_both_rows_are_midnights_a_week_apart(world: World) -> None:
    body = told(world, "mempool_space", "/api/v1/lightning/statistics/latest")
    for row in body.values():
        classes = ("tor_nodes", "clearnet_nodes", "unannounced_nodes", "clearnet_tor_nodes")
        assert sum(row[name] for name in classes) == row["node_count"]
        assert row["avg_capacity"] == row["total_capacity"] // row["channel_count"]
    assert [row["added"] for row in body.values()] == ["2026-09-21T00:00:00.000Z", "2026-09-14T00:00:00.000Z"]


def test_lightning_history_is_newest_first_without_node_counts_and_ends_with_the_latest_row(world: World) -> None:
    rows = told(world, "mempool_space", "/api/v1/lightning/statistics/1y")
    latest = told(world, "mempool_space", "/api/v1/lightning/statistics/latest")["latest"]
    assert [row["added"] for row in rows] == [midnight(NOW) - back * DAY for back in range(365)]
    assert "node_count" not in rows[0]
    assert {name: latest[name] for name in rows[0] if name != "added"} == {
        name: value for name, value in rows[0].items() if name != "added"
    }


def test_lightning_places_count_each_channel_at_both_ends(world: World) -> None:
    total = told(world, "mempool_space", "/api/v1/lightning/statistics/latest")["latest"]["total_capacity"]
    operators = told(world, "mempool_space", "/api/v1/lightning/nodes/isp-ranking")
    countries = told(world, "mempool_space", "/api/v1/lightning/nodes/countries")
    parts = ("clearnetCapacity", "torCapacity", "unknownCapacity")
    assert sum(operators[name] for name in parts) == total
    assert 1.2 * total < sum(row[2] for row in operators["ispRanking"]) < 2 * total
    assert all(isinstance(row["capacity"], str) for row in countries)
    assert int(countries[0]["capacity"]) > total
    assert 99 < sum(row["share"] for row in countries) <= 100


def test_the_top_hundred_is_sorted_and_holds_less_than_all(world: World) -> None:
    total = told(world, "mempool_space", "/api/v1/lightning/statistics/latest")["latest"]["total_capacity"]
    rich = told(world, "mempool_space", "/api/v1/lightning/nodes/rankings/liquidity")
    busy = told(world, "mempool_space", "/api/v1/lightning/nodes/rankings/connectivity")
    short = told(world, "mempool_space", "/api/v1/lightning/nodes/rankings")
    assert len(rich) == len(busy) == 100
    assert [row["capacity"] for row in rich] == sorted((row["capacity"] for row in rich), reverse=True)
    assert [row["channels"] for row in busy] == sorted((row["channels"] for row in busy), reverse=True)
    assert 0.5 * total < sum(row["capacity"] for row in rich) < 2 * total
    assert [row["publicKey"] for row in short["topByCapacity"]] == [row["publicKey"] for row in rich[:6]]
    assert all(row["firstSeen"] < row["updatedAt"] <= NOW for row in rich)


@pytest.mark.parametrize(("window", "low", "high"), [("24h", 90, 210), ("3d", 350, 520), ("1w", 850, 1200)])
def test_pool_rows_add_up_to_the_blocks_of_the_window(world: World, window: str, low: int, high: int) -> None:
    body = told(world, "mempool_space", f"/api/v1/mining/pools/{window}")
    counts = [pool["blockCount"] for pool in body["pools"]]
    assert sum(counts) == body["blockCount"]
    assert low < body["blockCount"] < high
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0
    assert [pool["rank"] for pool in body["pools"]] == list(range(1, len(counts) + 1))
    assert not any("share" in pool for pool in body["pools"])
    assert all(isinstance(pool["avgFeeDelta"], str) for pool in body["pools"])


def test_twenty_pools_and_more_find_a_block_within_a_week(world: World) -> None:
    pools = told(world, "mempool_space", "/api/v1/mining/pools/1w")["pools"]
    assert len(pools) >= 20
    assert {"foundryusa", "antpool", "viabtc", "f2pool", "unknown"} <= {pool["slug"] for pool in pools}
    assert len({pool["poolUniqueId"] for pool in pools}) == len(pools)


@pytest.mark.parametrize("window", ["1d", "7d", "weekly", "144"])
def test_an_unknown_window_means_all_time_as_at_the_real_source(world: World, window: str) -> None:
    body = told(world, "mempool_space", f"/api/v1/mining/pools/{window}")
    tip = int(ask(world, "mempool_space", "/api/blocks/tip/height").body)
    assert body["blockCount"] == pytest.approx(tip, abs=50)
    assert body["pools"][0]["slug"] == "unknown"
    assert sum(pool["blockCount"] for pool in body["pools"]) == body["blockCount"]


@pytest.mark.parametrize(("window", "days"), [("3d", 3), ("1m", 30), ("1y", 365), ("3y", 1095)])
def test_daily_hash_rates_are_midnights_oldest_first(world: World, window: str, days: int) -> None:
    body = told(world, "mempool_space", f"/api/v1/mining/hashrate/{window}")
    stamps = [row["timestamp"] for row in body["hashrates"]]
    assert stamps == [midnight(NOW) - back * DAY for back in reversed(range(days))]
    assert all(row["avgHashrate"] > 1e20 for row in body["hashrates"])
    assert all(NOW - days * DAY < row["time"] <= NOW for row in body["difficulty"])


def test_a_window_without_a_retarget_has_an_empty_difficulty_list(world: World) -> None:
    retarget = told(world, "mempool_space", "/api/v1/difficulty-adjustment")["previousTime"]
    quiet = told(world, "mempool_space", "/api/v1/mining/hashrate/3d", retarget + 5 * DAY)
    fresh = told(world, "mempool_space", "/api/v1/mining/hashrate/3d", retarget + DAY)
    assert (quiet["difficulty"], len(fresh["difficulty"])) == ([], 1)


def test_large_hash_rates_are_written_as_javascript_writes_them(world: World) -> None:
    text = ask(world, "mempool_space", "/api/v1/mining/hashrate/1y").body.decode()
    assert "e+21" in text
    assert "e+20" not in text
    assert ".0," not in text


@pytest.mark.parametrize("now", TIMES)
def test_the_difficulty_adjustment_is_arithmetic_of_its_own_fields(world: World, now: float) -> None:
    body = told(world, "mempool_space", "/api/v1/difficulty-adjustment", now)
    done = 2016 - body["remainingBlocks"]
    assert body["progressPercent"] == pytest.approx(done / 2016 * 100)
    assert body["remainingTime"] == body["adjustedTimeAvg"] * body["remainingBlocks"]
    assert body["estimatedRetargetDate"] == int(now * 1000) + body["remainingTime"]
    assert body["expectedBlocks"] == pytest.approx((now - body["previousTime"]) / 600)
    assert body["difficultyChange"] == pytest.approx((600_000 / body["adjustedTimeAvg"] - 1) * 100, abs=0.01)
    assert body["nextRetargetHeight"] % 2016 == 0


def test_retargets_are_newest_first_and_match_the_adjustment_in_progress(world: World) -> None:
    rows = told(world, "mempool_space", "/api/v1/mining/difficulty-adjustments/1y")
    body = told(world, "mempool_space", "/api/v1/difficulty-adjustment")
    assert 24 <= len(rows) <= 28
    assert all(later[0] > earlier[0] and later[1] - earlier[1] == 2016 for later, earlier in pairwise(rows))
    assert all(later[2] / earlier[2] == pytest.approx(later[3], rel=1e-5) for later, earlier in pairwise(rows))
    assert rows[0][:2] == [body["previousTime"], body["nextRetargetHeight"] - 2016]
    assert (rows[0][3] - 1) * 100 == pytest.approx(body["previousRetarget"], abs=1e-3)


@pytest.mark.parametrize(("window", "rows"), [("24h", 110), ("1w", 600), ("1m", 1_000), ("1y", 1_090)])
def test_block_fees_are_oldest_first_and_rewards_are_more_by_the_subsidy(world: World, window: str, rows: int) -> None:
    fees = told(world, "mempool_space", f"/api/v1/mining/blocks/fees/{window}")
    rewards = told(world, "mempool_space", f"/api/v1/mining/blocks/rewards/{window}")
    assert len(fees) == len(rewards) >= rows
    assert [row["avgHeight"] for row in fees] == sorted(row["avgHeight"] for row in fees)
    for fee, reward in zip(fees, rewards, strict=True):
        assert reward["avgRewards"] - fee["avgFees"] == 312_500_000
        assert (reward["timestamp"], reward["USD"]) == (fee["timestamp"], fee["USD"])


def test_blocks_walk_down_from_the_tip_or_from_a_height(world: World) -> None:
    newest = told(world, "mempool_space", "/api/v1/blocks")
    tip = newest[0]["height"]
    assert [block["height"] for block in newest] == list(range(tip, tip - 15, -1))
    assert told(world, "mempool_space", f"/api/v1/blocks/{tip - 3}")[0] == newest[3]
    assert [block["height"] for block in told(world, "mempool_space", "/api/v1/blocks/0")] == [0]
    assert [block["id"] for block in told(world, "mempool_space", "/api/blocks")] == [b["id"] for b in newest[:10]]


def test_a_block_is_linked_hashed_and_paid_as_its_fields_say(world: World) -> None:
    blocks = told(world, "mempool_space", "/api/v1/blocks")
    for block, parent in pairwise(blocks):
        assert block["previousblockhash"] == parent["id"]
    for block in blocks:
        extras: dict[str, Any] = block["extras"]
        raw = bytes.fromhex(extras["header"])
        assert hashlib.sha256(hashlib.sha256(raw).digest()).digest()[::-1].hex() == block["id"]
        assert int.from_bytes(raw[68:72], "little") == block["timestamp"]
        assert int.from_bytes(raw[72:76], "little") == block["bits"]
        assert extras["reward"] - extras["totalFees"] == subsidy(block["height"])
        assert extras["virtualSize"] * 4 == block["weight"] <= 4_000_000
        assert extras["segwitTotalTxs"] <= block["tx_count"]
        assert block["timestamp"] > block["mediantime"] or block["tx_count"] == 1


def test_block_sums_agree_with_the_reward_statistics(world: World) -> None:
    blocks = told(world, "mempool_space", "/api/v1/blocks")
    stats = told(world, "mempool_space", "/api/v1/mining/reward-stats/15")
    assert sum(block["extras"]["totalFees"] for block in blocks) == int(stats["totalFee"])
    assert sum(block["tx_count"] for block in blocks) == int(stats["totalTx"])


def test_the_genesis_hash_is_the_real_one(world: World) -> None:
    answer = ask(world, "mempool_space", "/api/block-height/0")
    assert answer.body == b"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert answer.content_type.startswith("text/plain")


def test_audit_scores_are_sixteen_oldest_first(world: World) -> None:
    scores = told(world, "mempool_space", "/api/v1/mining/blocks/audit/scores")
    assert len(scores) == 16
    assert scores[-1]["hash"] == ask(world, "mempool_space", "/api/blocks/tip/hash").body.decode()
    assert told(world, "mempool_space", f"/api/v1/mining/blocks/audit/score/{scores[3]['hash']}") == scores[3]


@pytest.mark.parametrize(("window", "rows", "spacing"), [("2h", 120, 60), ("24h", 1_440, 60), ("1w", 2_016, 300)])
def test_statistics_are_newest_first_with_bands_that_add_up(world: World, window: str, rows: int, spacing: int) -> None:
    body = told(world, "mempool_space", f"/api/v1/statistics/{window}")
    assert len(body) == rows
    assert all(earlier["added"] - later["added"] == spacing for earlier, later in pairwise(body))
    assert 0 <= NOW - body[0]["added"] < spacing + 10
    assert all(len(row["vsizes"]) == 39 and sum(row["vsizes"]) * 4 == row["mempool_byte_weight"] for row in body)


def test_raw_statistics_have_whole_counts_and_averaged_ones_need_not(world: World) -> None:
    raw = told(world, "mempool_space", "/api/v1/statistics/2h")
    averaged = told(world, "mempool_space", "/api/v1/statistics/1w")
    assert all(isinstance(row["count"], int) for row in raw)
    assert any(isinstance(row["count"], float) for row in averaged)


@pytest.mark.parametrize(
    ("path", "unsignalled"), [("/api/v1/replacements", None), ("/api/v1/fullrbf/replacements", True)]
)
def test_replacement_trees_are_25_newest_first_and_each_pays_more(
    world: World, path: str, unsignalled: bool | None
) -> None:
    trees = told(world, "mempool_space", path)
    times = [tree["time"] for tree in trees]
    assert len(trees) == 25
    assert times == sorted(times, reverse=True)
    assert times[0] <= NOW
    for tree in trees:
        assert tree["replaces"][0]["tx"]["rate"] < tree["tx"]["rate"]
        assert tree["time"] - tree["replaces"][0]["time"] == tree["replaces"][0]["interval"]
        assert unsignalled is None or tree["fullRbf"] is unsignalled


def test_a_simple_price_has_the_keys_that_were_asked_for(world: World) -> None:
    assert list(told(world, "coingecko", "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd")["bitcoin"]) == ["usd"]
    assert list(told(world, "coingecko", PRICE)["bitcoin"]) == [
        "usd",
        "usd_market_cap",
        "usd_24h_vol",
        "usd_24h_change",
        "last_updated_at",
    ]
    assert told(world, "coingecko", "/api/v3/simple/price?ids=chainlink&vs_currencies=usd") == {}


def test_blockchain_com_counts_in_satoshi_and_gigahashes_whatever_the_names_say(world: World) -> None:
    body = told(world, "blockchain_com", "/stats")
    assert body["n_btc_mined"] == body["n_blocks_mined"] * 312_500_000
    assert body["miners_revenue_btc"] == (body["n_btc_mined"] + body["total_fees_btc"]) // 100_000_000
    assert 5e11 < body["hash_rate"] < 2e12
    assert body["timestamp"] == NOW // 300 * 300 * 1000
    assert (body["nextretarget"] + 1) % 2016 == 0
    assert body["minutes_between_blocks"] == pytest.approx(1440 / body["n_blocks_mined"], abs=1e-4)


_MIDNIGHT = ("hash-rate", "difficulty", "n-transactions", "transaction-fees", "miners-revenue", "market-price")


@pytest.mark.parametrize("name", _MIDNIGHT)
def test_daily_charts_end_with_the_last_complete_day(world: World, name: str) -> None:
    body = told(world, "blockchain_com", f"/charts/{name}?timespan=1year&format=json&sampled=false")
    assert body["status"] == "ok"
    assert [point["x"] for point in body["values"]] == [midnight(NOW) - back * DAY for back in range(365, 0, -1)]


@pytest.mark.parametrize(("timespan", "days"), [("30days", 30), ("5weeks", 35), ("1year", 365), ("2years", 730)])
def test_charts_honour_the_time_span(world: World, timespan: str, days: int) -> None:
    body = told(world, "blockchain_com", f"/charts/n-transactions?timespan={timespan}&sampled=false")
    assert len(body["values"]) == days


def test_sampling_thins_a_long_chart_but_keeps_its_newest_point(world: World) -> None:
    whole = told(world, "blockchain_com", "/charts/mempool-size?timespan=1year&sampled=false")["values"]
    sampled = told(world, "blockchain_com", "/charts/mempool-size?timespan=1year")["values"]
    assert len(sampled) <= 1_500 < len(whole)
    assert sampled[-1] == whole[-1]


def test_a_chart_as_csv_is_text_dates_without_a_header(world: World) -> None:
    answer = ask(world, "blockchain_com", "/charts/hash-rate?timespan=30days&format=csv")
    lines = answer.body.decode().splitlines()
    assert (len(lines), lines[-1].partition(",")[0]) == (30, "2026-09-20 00:00:00")


def test_large_fractions_of_charts_are_written_with_a_capital_e(world: World) -> None:
    assert b"E8}" in ask(world, "blockchain_com", "/charts/hash-rate?timespan=30days").body


def test_pools_of_blockchain_com_add_up_to_the_blocks_of_the_days(world: World) -> None:
    body = told(world, "blockchain_com", "/pools?timespan=7days")
    assert sum(body.values()) == told(world, "mempool_space", "/api/v1/mining/pools/1w")["blockCount"]
    assert sum(told(world, "blockchain_com", "/pools?timespan=90days").values()) < 1_700


def test_all_views_of_a_node_snapshot_agree(world: World) -> None:
    top = told(world, "bitnodes", "/api/v1/snapshots/latest/?field=top")
    full = told(world, "bitnodes", "/api/v1/snapshots/latest/")
    listed = told(world, "bitnodes", "/api/v1/snapshots/?limit=1")["results"][0]
    for name in ("timestamp", "total_nodes", "latest_height"):
        assert top[name] == full[name] == listed[name]
    rows = full["nodes"].values()
    assert len(rows) == full["total_nodes"] == sum(top["metadata"]["networks"].values())
    assert all(len(row) == 13 for row in rows)
    assert sum(row[11] == "TOR" for row in rows) == top["metadata"]["networks"]["tor"]
    assert sum(row[11] == "TOR" for row in rows) == sum(".onion:" in address for address in full["nodes"])
    agent, percent, _ = top["top"]["top_user_agents"][0]
    assert sum(row[1] == agent for row in rows) / len(rows) * 100 == pytest.approx(percent, abs=0.006)


def test_node_rows_have_the_shape_of_their_network(world: World) -> None:
    full = told(world, "bitnodes", "/api/v1/snapshots/latest/")
    assert all(row[5:11] == [None, None, None, 0.0, 0.0, None] for row in full["nodes"].values() if row[11] == "TOR")
    clearnet = [row for row in full["nodes"].values() if row[11].startswith("AS")]
    assert all(row[7] and row[10] and row[12] for row in clearnet)
    assert {None} < {row[6] for row in clearnet}
    assert all(row[2] <= full["timestamp"] for row in full["nodes"].values())
    heights = [row[4] for row in full["nodes"].values()]
    assert heights.count(full["latest_height"]) > 0.95 * len(heights)
    assert 0 in heights
    assert max(heights) > full["latest_height"] + 1_000


def test_snapshots_come_about_every_ten_minutes_and_pages_follow_each_other(world: World) -> None:
    pages = [told(world, "bitnodes", f"/api/v1/snapshots/?limit=5&page={page}")["results"] for page in (1, 2)]
    times = [row["timestamp"] for page in pages for row in page]
    assert all(500 < earlier - later < 700 for earlier, later in pairwise(times))
    assert len({row["total_nodes"] for page in pages for row in page}) > 3


def test_leaderboard_indexes_are_strings_that_fall_with_the_rank(world: World) -> None:
    rows = told(world, "bitnodes", "/api/v1/nodes/leaderboard/?limit=5")["results"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(isinstance(row["vi"], str) and 9 < float(row["peer_index"]) <= 10 for row in rows)


@pytest.mark.parametrize(
    ("source", "path", "rows"),
    [
        ("blockchain_com", "/charts/hash-rate?timespan=all&sampled=false", "values"),
        ("mempool_space", "/api/v1/mining/hashrate/3y", "hashrates"),
        ("mempool_space", "/api/v1/mining/hashrate/all", "hashrates"),
    ],
)
def test_a_chart_that_reaches_before_the_world_begins_with_it(world: World, source: str, path: str, rows: str) -> None:
    points = told(world, source, path, EARLIEST + DAY)[rows]
    assert 360 < len(points) <= 367
    assert min(next(value for name, value in point.items() if name in ("y", "avgHashrate")) for point in points) > 0


@pytest.mark.parametrize(
    ("source", "path", "status", "words"),
    [
        ("mempool_space", "/api/block-height/99999999", 404, b"Block not found"),
        ("mempool_space", "/api/v1/blocks/tip", 404, b"Not Found"),
        ("mempool_space", f"/api/v1/mining/blocks/audit/score/{'0' * 64}", 404, b"not been audited"),
        ("coingecko", "/api/v3/simple/price?ids=bitcoin", 422, b"vs_currencies"),
        ("blockchain_com", "/charts/no-such-chart", 404, b"No chart with name no-such-chart"),
        ("bitnodes", "/api/v1/snapshots/1600000000/", 404, b"Not found."),
        ("forkmonitor", "/feeds/stale_candidates/btc.rss?page=0", 422, b""),
        ("fork_observer", "/rss/77/lagging.xml", 404, b"Unknown network."),
    ],
)
def test_what_the_real_api_refuses_is_refused(world: World, source: str, path: str, status: int, words: bytes) -> None:
    answer = ask(world, source, path)
    assert answer.status == status
    assert words in answer.body


def test_an_old_snapshot_can_be_asked_for_by_its_time(world: World) -> None:
    listed = told(world, "bitnodes", "/api/v1/snapshots/?limit=3")["results"][2]
    assert told(world, "bitnodes", f"{listed['url']}?field=top")["total_nodes"] == listed["total_nodes"]


def test_parts_of_the_coin_page_can_be_left_out(world: World) -> None:
    page = told(world, "coingecko", "/api/v3/coins/bitcoin?community_data=false&developer_data=false")
    assert "market_data" in page
    assert not page.keys() & {"community_data", "developer_data"}


def test_a_world_may_have_as_many_nodes_as_the_real_network() -> None:
    body = told(World.of(seed=3, nodes=25_000), "bitnodes", "/api/v1/snapshots/latest/")
    assert 24_000 < len(body["nodes"]) == body["total_nodes"] < 26_000
