"""Which recorded body answers for which endpoint, and how old its newest moment is when it is served.

Chosen: a healthy mainnet body, the newest that is whole. Where only a cut one exists it is marked trimmed.
"""

from __future__ import annotations

from functools import partial

from simulator.clock import DAY, HOUR, MINUTE
from simulator.moved_times import Form, TimeField
from simulator.recording import Recording

_BLOCK_AGE = 27 * MINUTE  # of the tip when most bodies were recorded
_EPOCH_AGE = 42_422  # of the last retarget at the same time
_SAMPLE = "documentation sample of a few rows"
_FEED_TIMES = (TimeField("", Form.RFC_822), TimeField("", Form.ISO))

_mempool = partial(Recording, "mempool_space")
_gecko = partial(Recording, "coingecko")
_blockchain = partial(Recording, "blockchain_com")
_bitnodes = partial(Recording, "bitnodes")
_monitor = partial(Recording, "forkmonitor")
_observer = partial(Recording, "fork_observer")


def _seconds(*paths: str) -> tuple[TimeField, ...]:
    return tuple(TimeField(path) for path in paths)


def _chart(name: str, file: str, *, lag: float = DAY, grid: float = DAY, points: int = 60) -> Recording:
    times, trimmed = _seconds("values[].x"), f"last {points} points of a longer series"
    return _blockchain(f"/charts/{name}", f"blockchain.info/chart-{file}.json", times, lag, grid, trimmed)


_MEMPOOL_SPACE = (
    _mempool("/api/mempool", "mempool.space/mempool.1.json", trimmed="rows of fee_histogram left out"),
    _mempool("/api/v1/fees/recommended", "mempool.space/fees-recommended.1.json"),
    _mempool("/api/v1/fees/precise", "mempool.space/fees-precise.2.json"),
    _mempool("/api/v1/fees/mempool-blocks", "mempool.space/fees-mempool-blocks.6.json"),
    _mempool(
        "/api/v1/difficulty-adjustment",
        "mempool.space/difficulty-adjustment.6.json",
        (TimeField("previousTime"), TimeField("estimatedRetargetDate", Form.MILLISECONDS)),
        _EPOCH_AGE,
        note="not the newest, but of the same minutes as the other bodies",
    ),
    _mempool("/api/v1/mining/pools/1w", "mempool.space/mining-pools-1w.1.json"),
    _mempool(
        "/api/v1/mining/hashrate/3m",
        "mempool.space/mining-hashrate-3m.1.json",
        _seconds("hashrates[].timestamp", "difficulty[].time"),
        grid=DAY,
        trimmed="last 5 days of hashrates",
    ),
    _mempool("/api/v1/mining/reward-stats/144", "mempool.space/mining-reward-stats-144.1.json"),
    _mempool(
        "/api/v1/mining/reward-stats/100",
        "mempool.space/mining-reward-stats-100.2.json",
        note="of 2022: subsidy 6.25",
    ),
    _mempool(
        "/api/v1/mining/blocks/fees/1w",
        "mempool.space/mining-blocks-fees-1w.1.json",
        _seconds("[].timestamp"),
        _BLOCK_AGE,
        trimmed="last 5 rows",
    ),
    _mempool(
        "/api/v1/mining/blocks/rewards/1w",
        "mempool.space/mining-blocks-rewards-1w.1.json",
        _seconds("[].timestamp"),
        _BLOCK_AGE,
        trimmed="last 5 rows",
    ),
    _mempool(
        "/api/v1/mining/blocks/fee-rates/1m",
        "mempool.space/mining-blocks-fee-rates.1-old.json",
        _seconds("[].timestamp"),
        _BLOCK_AGE,
        trimmed=_SAMPLE,
        note="of 2022",
    ),
    _mempool(
        "/api/v1/mining/difficulty-adjustments/1y",
        "mempool.space/mining-difficulty-adjustments-1y.1.json",
        _seconds("[][0]"),
        _EPOCH_AGE,
    ),
    _mempool(
        "/api/v1/mining/difficulty-adjustments/1m",
        "mempool.space/mining-difficulty-adjustments-1m.2.json",
        _seconds("[][0]"),
        DAY,
        note="of 2023",
    ),
    _mempool(
        "/api/v1/blocks",
        "mempool.space/blocks-v1.1.json",
        _seconds("[].timestamp", "[].mediantime"),
        _BLOCK_AGE,
        trimmed="1 of 15 blocks",
        note="coinbaseSignatureAscii left out",
    ),
    _mempool("/api/blocks/tip/height", "mempool.space/blocks-tip-height.1.txt", note="documentation sample of 2021"),
    _mempool(
        "/api/v1/chain-tips", "mempool.space/chain-tips.1.json", trimmed="3 rows", note="some days older than the rest"
    ),
    _mempool("/api/v1/mining/blocks/audit/scores", "mempool.space/mining-blocks-audit-scores.2.json"),
    _mempool(
        "/api/v1/mining/blocks/audit/score/000000000000000000032535698c5b0c48283b792cf86c1c6e36ff84464de785",
        "mempool.space/mining-blocks-audit-score.1.json",
    ),
    _mempool(
        "/api/v1/lightning/statistics/latest",
        "mempool.space/lightning-statistics-latest.5.json",
        (TimeField("latest.added", Form.ISO),),
        grid=DAY,
        note="of 2022; the newer recording was 20 days stale when it was made",
    ),
    _mempool(
        "/api/v1/lightning/statistics/3m",
        "mempool.space/lightning-statistics-3m.1.json",
        _seconds("[].added"),
        grid=DAY,
        note="20 days stale when it was recorded; served with the usual lag",
    ),
    _mempool(
        "/api/v1/lightning/nodes/rankings",
        "mempool.space/lightning-nodes-rankings.1.json",
        trimmed="3 and 2 of 6 rows",
    ),
    _mempool(
        "/api/v1/lightning/nodes/rankings/liquidity",
        "mempool.space/lightning-nodes-rankings-liquidity.1.json",
        _seconds("[].updatedAt", "[].firstSeen"),
        HOUR,
        trimmed=_SAMPLE,
        note="of 2022",
    ),
    _mempool(
        "/api/v1/lightning/nodes/rankings/connectivity",
        "mempool.space/lightning-nodes-rankings-connectivity.1.json",
        _seconds("[].updatedAt", "[].firstSeen"),
        HOUR,
        trimmed=_SAMPLE,
        note="of 2022",
    ),
    _mempool(
        "/api/v1/lightning/nodes/isp-ranking",
        "mempool.space/lightning-nodes-isp-ranking.1.json",
        trimmed="8 rows",
    ),
    _mempool(
        "/api/v1/lightning/nodes/countries",
        "mempool.space/lightning-nodes-countries.1.json",
        trimmed="3 rows",
    ),
    _mempool(
        "/api/v1/replacements",
        "mempool.space/replacements.1.json",
        _seconds("**.time"),
        47,
        trimmed="1 of 25 trees",
    ),
    _mempool(
        "/api/v1/fullrbf/replacements",
        "mempool.space/fullrbf-replacements.1.json",
        _seconds("**.time"),
        64,
        trimmed="2 of 25 trees",
    ),
    _mempool("/api/v1/prices", "mempool.space/prices.1.json", _seconds("time"), 5 * MINUTE),
    _mempool(
        "/api/v1/statistics/1w",
        "mempool.space/statistics.1-partial.json",
        _seconds("[].added"),
        5 * MINUTE,
        trimmed="1 row, 2 of 39 bands, two keys left out",
        note="the window was not named",
    ),
    _mempool("/api/v1/backend-info", "mempool.space/backend-info.2.json"),
)

_OTHERS = (
    _gecko(
        "/api/v3/simple/price",
        "coingecko/simple-price.1.json",
        _seconds("bitcoin.last_updated_at"),
        30,
        note="with all include_* parameters",
    ),
    _gecko(
        "/api/v3/coins/bitcoin",
        "coingecko/coins-bitcoin.2.json",
        (TimeField("last_updated", Form.ISO), TimeField("market_data.last_updated", Form.ISO)),
        MINUTE,
        trimmed="usd only, long texts left out",
    ),
    _blockchain(
        "/stats",
        "blockchain.info/stats.2.json",
        (TimeField("timestamp", Form.MILLISECONDS),),
        2 * MINUTE,
        note="of 2019; the newer recording is broken at its source",
    ),
    _chart("hash-rate", "hash-rate.2", points=1),
    _chart("difficulty", "difficulty.1"),
    _chart("miners-revenue", "miners-revenue.1"),
    _chart("n-transactions", "n-transactions.1", points=1),
    _chart("market-price", "market-price.1", points=1),
    _chart("market-cap", "market-cap.1", lag=12 * HOUR, grid=1),
    _chart("mempool-size", "mempool-size.DERIVED", lag=10 * MINUTE, grid=15 * MINUTE),
    _chart("utxo-count", "utxo-count.DERIVED", lag=16 * HOUR, grid=1),
    _chart("n-unique-addresses", "n-unique-addresses.DERIVED"),
    _chart("transaction-fees", "transaction-fees.DERIVED"),
    _chart("avg-confirmation-time", "avg-confirmation-time.DERIVED"),
    _chart("median-confirmation-time", "median-confirmation-time.DERIVED"),
    _chart("estimated-transaction-volume-usd", "estimated-transaction-volume-usd.DERIVED"),
    _blockchain("/pools", "blockchain.info/pools.1-shape.json"),
    _bitnodes(
        "/api/v1/snapshots/latest/",
        "bitnodes/successor-snapshots-latest-top.1.json",
        _seconds("timestamp", "metadata.validated_at"),
        5 * MINUTE,
        query={"field": "top"},
    ),
    _bitnodes(
        "/api/v1/snapshots/latest/",
        "bitnodes/snapshots-latest.3-DERIVED.json",
        _seconds("timestamp", "nodes.*[2]"),
        5 * MINUTE,
        trimmed="400 of 14410 nodes",
        note="rows of 2022",
    ),
    _bitnodes(
        "/api/v1/snapshots/",
        "bitnodes/successor-snapshots-list.4.json",
        _seconds("results[].timestamp"),
        5 * MINUTE,
    ),
    _bitnodes("/api/v1/nodes/leaderboard/", "bitnodes/nodes-leaderboard.2.json", trimmed="2 of 5 results"),
    _monitor(
        "/feeds/stale_candidates/btc.rss",
        "forkmonitor/stale_candidates.1-RECONSTRUCTED.rss",
        _FEED_TIMES,
        271 * DAY,
        trimmed="one item",
        note="the item is real and keeps the age it had when it was quoted",
    ),
    _monitor("/feeds/invalid_blocks/btc.rss", "forkmonitor/invalid_blocks.1-RECONSTRUCTED-empty.rss"),
    _monitor(
        "/feeds/lagging_nodes.rss",
        "forkmonitor/lagging_nodes.1-RECONSTRUCTED.rss",
        _FEED_TIMES[:1],
        270 * DAY,
    ),
    _monitor(
        "/feeds/nodes/unreachable.rss",
        "forkmonitor/unreachable_nodes.1-RECONSTRUCTED.rss",
        _FEED_TIMES[:1],
        270 * DAY,
    ),
    _monitor(
        "/api/v1/chaintips",
        "forkmonitor/chaintips.1-RECONSTRUCTED.json",
        (TimeField("[].block.timestamp"), TimeField("[].block.created_at", Form.ISO)),
        _BLOCK_AGE,
        note="the block is real",
    ),
    _monitor("/api/v1/stale_candidates", "forkmonitor/stale_candidates.1-RECONSTRUCTED.json"),
    _observer("/api/networks.json", "fork-observer/networks.1-RECONSTRUCTED.json"),
    _observer(
        "/api/1/data.json",
        "fork-observer/data.1-RECONSTRUCTED.json",
        _seconds("header_infos[].time", "nodes[].last_changed_timestamp"),
        _BLOCK_AGE,
        trimmed="2 of some hundred headers",
        note="the headers are real",
    ),
    _observer("/api/1/stale.json", "fork-observer/stale.1-RECONSTRUCTED.json", trimmed="one block"),
    _observer("/rss/1/forks.xml", "fork-observer/rss-forks.1-RECONSTRUCTED.xml", trimmed="one item"),
    _observer("/rss/1/lagging.xml", "fork-observer/rss-lagging.1-RECONSTRUCTED.xml", trimmed="one item"),
)

RECORDINGS = _MEMPOOL_SPACE + _OTHERS
