"""Every path that the simulated sources answer, and a way to ask for one without HTTP."""

from __future__ import annotations

import json
from typing import Any

from simulator.answers.answer import Answer
from simulator.scenario import Stage, parse
from simulator.upstream import Simulated
from simulator.view import World

NOW = 1_790_000_123.0  # 2026-09-21 14:15:23 UTC

_WINDOWS = ("24h", "1w", "1m", "1y")
_CHARTS = (
    *("hash-rate", "difficulty", "n-transactions", "n-payments", "n-unique-addresses", "transaction-fees"),
    *("transaction-fees-usd", "fees-usd-per-transaction", "miners-revenue", "market-price", "market-cap"),
    *("mempool-size", "avg-confirmation-time", "median-confirmation-time", "estimated-transaction-volume-usd"),
    *("estimated-transaction-volume", "output-volume", "avg-block-size", "n-transactions-per-block", "utxo-count"),
)
PRICE = (
    "/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_market_cap=true&include_24hr_vol=true"
    "&include_24hr_change=true&include_last_updated_at=true"
)

ENDPOINTS = {
    "mempool_space": (
        "/api/mempool",
        "/api/v1/fees/recommended",
        "/api/v1/fees/precise",
        "/api/v1/fees/mempool-blocks",
        "/api/v1/difficulty-adjustment",
        "/api/v1/mining/pools",
        *(f"/api/v1/mining/pools/{window}" for window in ("24h", "3d", "1w", "weekly")),
        *(f"/api/v1/mining/hashrate/{window}" for window in ("3d", "1m", "3m", "6m", "1y", "2y", "3y")),
        "/api/v1/mining/hashrate/pools/1m",
        "/api/v1/mining/reward-stats/144",
        *(f"/api/v1/mining/blocks/fees/{window}" for window in _WINDOWS),
        "/api/v1/mining/blocks/rewards/24h",
        "/api/v1/mining/blocks/fee-rates/1w",
        "/api/v1/mining/blocks/sizes-weights/1w",
        "/api/v1/mining/difficulty-adjustments",
        "/api/v1/mining/difficulty-adjustments/1y",
        "/api/v1/mining/blocks/audit/scores",
        "/api/v1/mining/blocks/audit/scores/950000",
        "/api/v1/blocks",
        "/api/v1/blocks/950000",
        "/api/v1/blocks/tip/height",
        "/api/blocks",
        "/api/blocks/tip/height",
        "/api/blocks/tip/hash",
        "/api/block-height/0",
        "/api/block-height/950000",
        "/api/v1/chain-tips",
        "/api/v1/stale-tips",
        "/api/v1/stale-tips/960000",
        "/api/v1/lightning/statistics/latest",
        "/api/v1/lightning/statistics/3m",
        "/api/v1/lightning/nodes/rankings",
        "/api/v1/lightning/nodes/rankings/liquidity",
        "/api/v1/lightning/nodes/rankings/connectivity",
        "/api/v1/lightning/nodes/isp-ranking",
        "/api/v1/lightning/nodes/countries",
        "/api/v1/replacements",
        "/api/v1/fullrbf/replacements",
        "/api/v1/prices",
        "/api/v1/statistics/2h",
        "/api/v1/statistics/1w",
        "/api/v1/backend-info",
    ),
    "coingecko": (PRICE, "/api/v3/coins/bitcoin"),
    "blockchain_com": (
        "/stats",
        "/pools?timespan=5days",
        *(f"/charts/{name}?timespan=60days&format=json&sampled=false" for name in _CHARTS),
    ),
    "bitnodes": (
        "/api/v1/snapshots/?limit=3",
        "/api/v1/snapshots/latest/",
        "/api/v1/snapshots/latest/?field=top",
        "/api/v1/snapshots/latest/?field=user_agents",
        "/api/v1/snapshots/latest/?field=coordinates",
        "/api/v1/nodes/leaderboard/",
    ),
    "forkmonitor": (
        "/feeds/stale_candidates/btc.rss",
        "/feeds/orphan_candidates/btc.rss",
        "/feeds/invalid_blocks/btc.rss",
        "/feeds/btc/blocks/invalid.rss",
        "/feeds/inflated_blocks/btc.rss",
        "/feeds/lagging_nodes.rss",
        "/feeds/nodes/unreachable.rss",
        "/api/v1/chaintips",
        "/api/v1/stale_candidates",
        "/api/v1/blocks/max_height",
    ),
    "fork_observer": (
        "/api/networks.json",
        "/api/1/data.json",
        "/api/2/data.json",
        "/api/1/stale.json",
        "/rss/1/forks.xml",
        "/rss/1/invalid.xml",
        "/rss/1/lagging.xml",
        "/rss/1/unreachable.xml",
    ),
}
ALL = tuple((source, path) for source, paths in ENDPOINTS.items() for path in paths)


def ask(world: World, source: str, path_and_query: str, now: float = NOW, *scenarios: str) -> Answer:
    """The answer while these scenarios have been running for a minute."""
    stage = Stage()
    for name in scenarios:
        stage.start(parse(name, {}, now - 60))
    return ask_on(stage, world, source, path_and_query, now)


def ask_on(stage: Stage, world: World, source: str, path_and_query: str, now: float = NOW) -> Answer:
    path, _, query = path_and_query.partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    answer = Simulated(world).answer(source, path, pairs, now, stage)
    assert answer is not None, f"{source} does not know {path}"
    return answer


def told(world: World, source: str, path_and_query: str, now: float = NOW, *scenarios: str) -> Any:
    """The same as Python values."""
    return json.loads(ask(world, source, path_and_query, now, *scenarios).body)
