"""Chain tips, forks and stale blocks as the node behind one backend knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Height, Number, Part, Payload, Text
from exporter.sources.mempool_space.block import Block
from exporter.sources.mempool_space.bounds import HEIGHTS, MONEY, SHARES, TIMES
from exporter.sources.mempool_space.units import bitcoins
from exporter.sources.quantities import TIP_HEIGHT
from exporter.spec import MINUTE, Facts, Group, Metric, Sample, Unit, endpoint

STATUSES: Final = ("active", "valid-fork", "valid-headers", "headers-only", "invalid")
STALE_STATUSES: Final = frozenset({"valid-fork", "valid-headers", "headers-only"})
# Days as blocks of ten minutes.
WINDOW_BLOCKS: Final = {"30d": 4320, "90d": 12960}

_ONE_NODE: Final = (
    "One node's view: nodes do not tell one another of stale blocks, so the number jumps when another backend answers."
)

CHAIN_TIPS = Metric(
    "btchealth_chain_tips",
    "Ends of block chains by status as in Bitcoin Core's getchaintips, since the node's first day. "
    "One is active, the rest are forks. " + _ONE_NODE,
    bounds=(0.0, 1e5),
    labels={"status": STATUSES},
    group=Group.SECURITY,
)
STALE_BLOCKS = Metric(
    "btchealth_stale_blocks",
    "Blocks that were found and then abandoned, at heights of the last 4,320 blocks (30d) or 12,960 blocks (90d); "
    "known by header is "
    "enough. " + _ONE_NODE,
    bounds=(0.0, 12960.0),
    labels={"window": tuple(WINDOW_BLOCKS)},
    group=Group.SECURITY,
)
STALE_RATIO = Metric(
    "btchealth_stale_blocks_ratio",
    "Stale blocks over the blocks of the window, 4,320 (30d) or 12,960 (90d). " + _ONE_NODE,
    Unit.RATIO,
    bounds=SHARES,
    labels={"window": tuple(WINDOW_BLOCKS)},
    group=Group.SECURITY,
)
FORK_LENGTH = Metric(
    "btchealth_chain_fork_length_maximum_blocks",
    "Length of the longest abandoned branch whose end lies in the window; 0 without a fork. " + _ONE_NODE,
    bounds=HEIGHTS,
    labels={"window": ("30d",)},
    group=Group.SECURITY,
)
STALE_HEIGHT = Metric(
    "btchealth_stale_block_last_height",
    "Height of the newest abandoned branch end. " + _ONE_NODE,
    bounds=HEIGHTS,
    group=Group.SECURITY,
)
LISTED = Metric(
    "btchealth_stale_tips_listed",
    "Entries of the list of stale tips. It is a page of 25, so 25 means 25 or more; btchealth_stale_blocks is the "
    "complete count.",
    bounds=(0.0, 25.0),
    group=Group.SECURITY,
    raw_only="a capped list; tells whether the details of the newest stale block exist",
)
STALE_TIME = Metric(
    "btchealth_stale_block_timestamp_seconds",
    "Header time of the newest listed stale block, set by its miner.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.SECURITY,
)
STALE_MARGIN = Metric(
    "btchealth_stale_block_margin_seconds",
    "Header time of the block that won minus that of the newest stale block at its height; negative when the winner "
    "carries the earlier time.",
    Unit.SECONDS,
    bounds=(-1e6, 1e6),
    group=Group.SECURITY,
    raw_only="for the study of one race; miners' clocks make it too rough for a rule",
)
STALE_REWARD = Metric(
    "btchealth_stale_block_reward_bitcoins",
    "Subsidy and fees that the miner of the newest listed stale block did not get.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.SECURITY,
    raw_only="for the study of one race",
)
STALE_INFO = Metric(
    "btchealth_stale_block_info",
    "Pools of the newest listed stale block (pool) and of the block that won at its height (winner). Always 1.",
    Unit.INFO,
    bounds=(0.0, 1.0),
    labels={"pool": Facts(), "winner": Facts()},
    group=Group.SECURITY,
    raw_only="names for a human reader",
)


@endpoint("/api/blocks/tip/height", str, {TIP_HEIGHT: "body"}, interval=MINUTE, period=MINUTE, accept="text/plain")
def tip_height(body: str) -> Iterator[Sample | None]:
    """Plain text."""
    digits = body.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 9):  # noqa: PLR2004 - heights fit in eight digits
        raise BodyError(Reason.FORMAT, f"expected a height, got {body[:80]!r}")
    yield TIP_HEIGHT(float(digits), source="mempool_space")


class ChainTip(Payload):
    UNUSED = frozenset({"hash"})

    height: Height = None
    branchlen: Height = None
    status: Annotated[str | None, Text("|".join(STATUSES))] = None


@endpoint(
    "/api/v1/chain-tips",
    list[Annotated[ChainTip | None, Part()]],
    {
        CHAIN_TIPS: "status",
        STALE_BLOCKS: ("branchlen", "height"),
        STALE_RATIO: ("branchlen", "height"),
        FORK_LENGTH: ("branchlen", "height"),
        STALE_HEIGHT: "height",
    },
    interval=5 * MINUTE,
    period=10 * MINUTE,
)
def chain_tips(rows: list[ChainTip | None]) -> Iterator[Sample | None]:
    if not rows:
        raise BodyError(Reason.EMPTY, "no chain tip, not even the active one")
    statuses = [row.status if row else None for row in rows]
    if None in statuses:
        return  # a branch of unknown kind: any count without it could be good news that is not true
    heights = [row.height for row in rows if row and row.status == "active"]
    if len(heights) != 1:
        raise BodyError(Reason.INCONSISTENT, f"{len(heights)} active chain tips, expected one")
    for status in STATUSES:
        yield CHAIN_TIPS(statuses.count(status), status=status)
    branches = [row for row in rows if row and row.status in STALE_STATUSES]
    known = [(row.height, row.branchlen) for row in branches if row.height is not None and row.branchlen is not None]
    if heights[0] is not None and len(known) == len(branches):
        yield from _stale(known, heights[0])


def _stale(tips: list[tuple[float, float]], active: float) -> Iterator[Sample | None]:
    """Height and length of branches. One above the active tip the node still has to follow: it is not abandoned."""
    branches = [(height, length) for height, length in tips if height <= active]
    for window, blocks in WINDOW_BLOCKS.items():
        stale = sum(min(length, max(0.0, height - (active - blocks))) for height, length in branches)
        yield STALE_BLOCKS(stale, window=window)
        yield STALE_RATIO(stale / blocks, window=window)
    recent = [length for height, length in branches if height > active - WINDOW_BLOCKS["30d"]]
    yield FORK_LENGTH(max(recent, default=0), window="30d")
    yield STALE_HEIGHT(max((height for height, _ in branches), default=None))


class StaleTip(Payload):
    UNUSED = frozenset({"hash", "branchlen", "status"})

    height: Annotated[float | None, Number(0, 5_000_000)] = None
    stale: Annotated[Block | None, Part()] = None
    canonical: Annotated[Block | None, Part()] = None


@endpoint(
    "/api/v1/stale-tips",
    list[Annotated[StaleTip | None, Part()]],
    {
        LISTED: "body",
        STALE_TIME: "timestamp",
        STALE_MARGIN: "timestamp",
        STALE_REWARD: "reward",
        STALE_INFO: "slug",
    },
    interval=15 * MINUTE,
    period=10 * MINUTE,
)
def stale_tips(rows: list[StaleTip | None]) -> Iterator[Sample | None]:
    """A node that has seen no fork answers an empty list."""
    yield LISTED(len(rows))
    known = [row for row in rows if row and row.height is not None]
    if known:
        newest = max(known, key=lambda row: row.height or 0.0)
        yield from _race(newest.stale or Block.model_construct(), newest.canonical or Block.model_construct())


def _race(lost: Block, won: Block) -> Iterator[Sample | None]:
    yield STALE_TIME(lost.timestamp)
    yield STALE_REWARD(bitcoins(lost.details().reward))
    if won.timestamp is not None and lost.timestamp is not None:
        yield STALE_MARGIN(won.timestamp - lost.timestamp)
    loser, winner = lost.pool(), won.pool()
    if loser and winner:
        yield STALE_INFO(1, pool=loser, winner=winner)
