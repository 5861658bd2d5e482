"""Blocks by pool: a second opinion on concentration, by another list of pools with names of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Count
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import BLOCKS_PER_WEEK, top_share

_WINDOW: Final[tuple[str, ...]] = ("7d",)
# The slowest week so far had 0.59 of the blocks (July 2021); the default window of four days has 0.57.
_BELIEVABLE: Final = (0.58 * BLOCKS_PER_WEEK, 2.0 * BLOCKS_PER_WEEK)

TOP_SHARE = Metric(
    "btchealth_chain_pool_top_share_ratio",
    "Share of the blocks of the window found by the largest, the two largest, the three largest pools as "
    "Blockchain.com names them, without merging pools of one owner; blocks of unknown origin count in the whole only.",
    Unit.RATIO,
    bounds=(0.0, 1.0),
    labels={"top": ("1", "2", "3"), "window": _WINDOW},
    group=Group.DECENTRALIZATION,
)
POOLS = Metric(
    "btchealth_chain_pools",
    "Pools that found a block within the window as Blockchain.com names them.",
    bounds=(1.0, 1000.0),
    labels={"window": _WINDOW},
    group=Group.DECENTRALIZATION,
)
UNKNOWN_SHARE = Metric(
    "btchealth_chain_pool_unknown_share_ratio",
    "Share of the blocks of the window whose finder Blockchain.com does not know.",
    Unit.RATIO,
    bounds=(0.0, 1.0),
    labels={"window": _WINDOW},
    group=Group.DECENTRALIZATION,
)

BlocksByPool = dict[str, Count]


@endpoint(
    "/pools?timespan=7days",
    Annotated[BlocksByPool, "name of the pool to blocks"],
    {TOP_SHARE: "body", POOLS: "body", UNKNOWN_SHARE: "body"},
    interval=HOUR,
    period=HOUR,
    max_age=DAY,
)
def pools(body: BlocksByPool) -> Iterator[Sample | None]:
    blocks = {name: count for name, count in body.items() if count}
    total = sum(blocks.values())
    if not blocks:
        raise BodyError(Reason.EMPTY, "expected a map from pools to blocks, got none")
    if not _BELIEVABLE[0] <= total <= _BELIEVABLE[1]:
        raise BodyError(Reason.INCONSISTENT, f"expected about {BLOCKS_PER_WEEK} blocks in seven days, got {total:.0f}")
    unknown = sum(count for name, count in blocks.items() if name.casefold() == "unknown")
    known = [count for name, count in blocks.items() if name.casefold() != "unknown"]
    for top in (1, 2, 3):
        yield TOP_SHARE(top_share(known, top, unknown), top=str(top), window="7d")
    yield POOLS(len(known), window="7d")
    yield UNKNOWN_SHARE(unknown / total, window="7d")
