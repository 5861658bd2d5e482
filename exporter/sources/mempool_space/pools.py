"""Blocks by mining pool, concentration of mining, hash rate estimated from the number of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.origin import Origin
from exporter.payload import HashesPerSecond, Number, Part, Payload
from exporter.sources.mempool_space.block import UNKNOWN_POOL, Slug
from exporter.sources.mempool_space.bounds import HASHRATES, SHARES
from exporter.sources.mempool_space.hashrate import ESTIMATE
from exporter.sources.mempool_space.network import refuse_other_network
from exporter.sources.mempool_space.templates import by_template
from exporter.sources.mempool_space.units import ratio, share
from exporter.spec import MINUTE, Group, Metric, Sample, Top, Unit, endpoint
from scoring.owners import by_owner
from scoring.quantities import BLOCKS_PER_DAY, BLOCKS_PER_WEEK, herfindahl, nakamoto, top_share

EXPECTED_BLOCKS: Final = {"24h": BLOCKS_PER_DAY, "7d": BLOCKS_PER_WEEK}
WINDOWS: Final = tuple(EXPECTED_BLOCKS)
TOPS: Final = ("1", "2", "3")
# A window whose name the API does not know is answered with all blocks since 2009. The limits are far wider than
# chance, which stays within 90 to 210 a day: mining that collapses must not hide the pools.
_FEWEST, _MOST = 0.1, 2.0

Blocks = Mapping[str, float]
Merged = tuple[Mapping[str, float], float]


def by_tag(blocks: Blocks) -> Merged:
    known = {pool: count for pool, count in blocks.items() if pool != UNKNOWN_POOL}
    return known, blocks.get(UNKNOWN_POOL, 0.0)


GROUPINGS: Final[Mapping[str, Callable[[Blocks], Merged]]] = {"tag": by_tag, "owner": by_owner, "template": by_template}

_NOISE: Final = "Blocks are found at random, so a small pool's number is noisy."
_GROUPING: Final = (
    "grouping=tag takes pools as they sign their blocks, owner merges pools of one owner, template merges pools that "
    "were observed to hand out another pool's block templates. Blocks of unknown pools count as one finder each."
)

BLOCKS = Metric(
    "btchealth_mining_pool_blocks",
    "Blocks found in the window by the pool that signed them, by header time. A pool without a block has no series. "
    + _NOISE,
    bounds=(0.0, 2016.0),
    labels={"pool": Top(20, kept=(UNKNOWN_POOL,)), "window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
SHARE = Metric(
    "btchealth_mining_pool_share_ratio",
    "Blocks of the pool over all blocks of the window, unknown ones included. " + _NOISE,
    Unit.RATIO,
    bounds=SHARES,
    labels={"pool": Top(20, kept=(UNKNOWN_POOL,)), "window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
POOLS = Metric(
    "btchealth_mining_pools",
    "Known pools with at least one block in the window.",
    bounds=(0.0, 1000.0),
    labels={"window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
FOUND = Metric(
    "btchealth_blocks_found",
    "Blocks found in the window, by header time. Around 144 in 24h and 1,008 in 7d, give or take 12 and 32 by chance.",
    bounds=(0.0, 2016.0),
    labels={"window": WINDOWS},
    group=Group.SECURITY,
)
EMPTY = Metric(
    "btchealth_mining_empty_blocks",
    "Blocks of the window that hold only their coinbase.",
    bounds=(0.0, 2016.0),
    labels={"window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
UNKNOWN_SHARE = Metric(
    "btchealth_mining_pool_unknown_share_ratio",
    "Blocks of unknown pools over all blocks of the window. The higher, the less the concentration figures say.",
    Unit.RATIO,
    bounds=SHARES,
    labels={"window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
HERFINDAHL = Metric(
    "btchealth_mining_pool_herfindahl_ratio",
    "Sum of the squared shares of blocks in the window, 0 to 1; 0.25 is what four equal finders have. " + _GROUPING,
    Unit.RATIO,
    bounds=SHARES,
    labels={"grouping": tuple(GROUPINGS), "window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
NAKAMOTO = Metric(
    "btchealth_mining_pool_nakamoto_pools",
    "Fewest finders that together found more than half of the blocks of the window. " + _GROUPING,
    bounds=(1.0, 2016.0),
    labels={"grouping": tuple(GROUPINGS), "window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
TOP_SHARE = Metric(
    "btchealth_mining_pool_top_share_ratio",
    "Share of the blocks of the window that the largest finder (top=1), the two or the three largest found. "
    + _GROUPING,
    Unit.RATIO,
    bounds=SHARES,
    labels={"grouping": tuple(GROUPINGS), "top": TOPS, "window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
MATCH = Metric(
    "btchealth_mining_template_match_ratio",
    "Mean over the pools, weighted by blocks, of the part of the projected block that their blocks contain. Low "
    "values mean censorship, private transactions or slow pools.",
    Unit.RATIO,
    bounds=SHARES,
    labels={"window": WINDOWS},
    group=Group.DECENTRALIZATION,
)
FEE_DELTA = Metric(
    "btchealth_mining_fee_delta_ratio",
    "Mean over the pools, weighted by blocks, of fees earned over fees of the projected block, minus 1. A little "
    "below 0 is ordinary: transactions arrive while a block is mined.",
    Unit.RATIO,
    bounds=(-1.0, 1000.0),
    labels={"window": WINDOWS},
    group=Group.DECENTRALIZATION,
)


class PoolRow(Payload):
    """There is no share; `poolId` is a row number of the backend's database; `avgFeeDelta` is a string of a ratio."""

    UNUSED = frozenset({"poolId", "name", "link", "rank", "poolUniqueId"})

    slug: Slug = None
    blockCount: Annotated[float | None, Number(0, 5e6)] = None
    emptyBlocks: Annotated[float | None, Number(0, 5e6)] = None
    avgMatchRate: Annotated[float | None, Number(0, 100, required=False)] = None
    avgFeeDelta: Annotated[float | None, Number(-1, 1000, required=False)] = None


class Pools(Payload):
    """`lastEstimatedHashrate` in H/s over as many blocks as 24 hours gave; 0 means that the node does not answer."""

    pools: Annotated[list[Annotated[PoolRow | None, Part()]] | None, Part()] = None
    blockCount: Annotated[float | None, Number(0, 5e6)] = None
    lastEstimatedHashrate: HashesPerSecond = None
    lastEstimatedHashrate3d: Annotated[float | None, Number(*HASHRATES, required=False)] = None
    lastEstimatedHashrate1w: Annotated[float | None, Number(*HASHRATES, required=False)] = None


ORIGINS: Final[dict[Metric, Origin]] = {
    BLOCKS: "blockCount",
    SHARE: "blockCount",
    POOLS: "pools",
    FOUND: "blockCount",
    EMPTY: "emptyBlocks",
    UNKNOWN_SHARE: "blockCount",
    HERFINDAHL: "blockCount",
    NAKAMOTO: "blockCount",
    TOP_SHARE: "blockCount",
    MATCH: "avgMatchRate",
    FEE_DELTA: ("avgFeeDelta", "blockCount"),
}


@endpoint(
    "/api/v1/mining/pools/24h",
    Pools,
    {
        **ORIGINS,
        ESTIMATE: {
            "24h": "lastEstimatedHashrate",
            "3d": "lastEstimatedHashrate3d",
            "7d": "lastEstimatedHashrate1w",
        },
    },
    interval=5 * MINUTE,
    period=10 * MINUTE,
)
def pools_24h(body: Pools) -> Iterator[Sample | None]:
    yield from _pools(body, "24h")
    yield ESTIMATE(body.lastEstimatedHashrate, window="24h")
    yield ESTIMATE(body.lastEstimatedHashrate3d, window="3d")
    yield ESTIMATE(body.lastEstimatedHashrate1w, window="7d")


@endpoint("/api/v1/mining/pools/1w", Pools, ORIGINS, interval=5 * MINUTE, period=10 * MINUTE)
def pools_1w(body: Pools) -> Iterator[Sample | None]:
    yield from _pools(body, "7d")


def _pools(body: Pools, window: str) -> Iterator[Sample | None]:
    rows = body.pools or []
    refuse_other_network(hashrate=body.lastEstimatedHashrate)
    if rows and all(row and row.slug == UNKNOWN_POOL for row in rows):
        raise BodyError(Reason.WRONG_NETWORK, "no pool is known, which only happens on test networks")
    total = body.blockCount
    if total is None:
        return
    expected = EXPECTED_BLOCKS[window]
    if not _FEWEST * expected <= total <= _MOST * expected:
        raise BodyError(Reason.INCONSISTENT, f"{total:.0f} blocks in {window}, expected about {expected}")
    yield FOUND(total, window=window)
    yield from _rows(rows, total, window)


def _rows(rows: list[PoolRow | None], total: float, window: str) -> Iterator[Sample | None]:
    """A row with a bad field costs the indexes, which need all rows, but not the other rows."""
    blocks: dict[str, float] = {}
    for row in rows:
        if row and row.slug is not None and row.blockCount is not None:
            blocks[row.slug] = blocks.get(row.slug, 0.0) + row.blockCount
    for pool, count in blocks.items():
        yield BLOCKS(count, pool=pool, window=window)
        yield SHARE(share(count, total), pool=pool, window=window)
    if any(row is None or row.slug is None or row.blockCount is None for row in rows):
        return
    if math.fsum(blocks.values()) != total:
        raise BodyError(Reason.INCONSISTENT, f"pools add up to {math.fsum(blocks.values()):.0f} of {total:.0f} blocks")
    yield POOLS(sum(count > 0 for pool, count in blocks.items() if pool != UNKNOWN_POOL), window=window)
    yield UNKNOWN_SHARE(share(blocks.get(UNKNOWN_POOL, 0.0), total), window=window)
    yield from _concentration(blocks, window)
    yield from _quality([row for row in rows if row], window)


def _concentration(blocks: Blocks, window: str) -> Iterator[Sample | None]:
    for grouping, merge in GROUPINGS.items():
        known, unknown = merge(blocks)
        yield HERFINDAHL(herfindahl(known.values(), unknown), grouping=grouping, window=window)
        yield NAKAMOTO(nakamoto(known.values(), unknown), grouping=grouping, window=window)
        for top in TOPS:
            yield TOP_SHARE(top_share(known.values(), int(top), unknown), grouping=grouping, top=top, window=window)


def _quality(rows: list[PoolRow], window: str) -> Iterator[Sample | None]:
    empty = [row.emptyBlocks for row in rows if row.emptyBlocks is not None]
    yield EMPTY(sum(empty) if len(empty) == len(rows) else None, window=window)
    yield MATCH(ratio(_weighted([(row.avgMatchRate, row.blockCount) for row in rows])), window=window)
    yield FEE_DELTA(_weighted([(row.avgFeeDelta, row.blockCount) for row in rows]), window=window)


def _weighted(pairs: list[tuple[float | None, float | None]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if value is not None and weight is not None]
    return share(sum(value * weight for value, weight in known), sum(weight for _, weight in known))
