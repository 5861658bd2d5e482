"""fork-observer: chain tips of many nodes, stale blocks, forks.

An unknown network answers with empty lists and status 200. The feeds carry no dates, and a node's name with an
ampersand breaks them, because nothing is escaped.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.feeds import ACCEPT, Feed, Item, load
from exporter.payload import Count, Flag, Height, Number, Part, Payload, Text, UnixSeconds
from exporter.sources import quantities
from exporter.sources.block_header import read_header
from exporter.spec import DAY, HOUR, MINUTE, Budget, Endpoint, Group, Metric, Rejected, Sample, Source, endpoint

SOURCE = Source(
    name="fork_observer",
    title="fork-observer",
    base_urls=("https://fork.observer",),
    budget=Budget(burst=10, every=10.0, spacing=2.0),
    modules=("exporter.sources.fork_observer",),
)

# The public instance and the example configuration number mainnet 1; `networks` refuses an instance that does not.
_MAINNET: Final = 1
_INTERVAL: Final = 5 * MINUTE
_MONTH_BLOCKS: Final = 4_320
_QUARTER_BLOCKS: Final = 12_960
_LAG: Final = 3
# Far below mainnet since 2017, far above every test network.
_LEAST_DIFFICULTY: Final = 1e11
_FORKED: Final = frozenset({"valid-fork", "valid-headers", "headers-only"})
_OTHER_NETWORK: Final = re.compile(r"testnet|signet|regtest", re.IGNORECASE)
_FORK: Final = re.compile(r"Fork at height (\d{1,7})")


def _family(name: str, text: str, high: float, *, raw_only: str | None = None, **labels: tuple[str, ...]) -> Metric:
    return Metric(
        f"btchealth_fork_observer_{name}",
        text,
        bounds=(0.0, high),
        labels=labels,
        group=Group.SECURITY,
        raw_only=raw_only,
    )


_SMALLER: Final = "the same as from data.json, for instances where that is switched off because of its size"

NETWORKS = _family("networks", "Networks that this instance watches.", 100.0, raw_only="shows that id 1 is mainnet")
NODES = _family("nodes", "Nodes that fork-observer asks.", 1000.0)
REACHABLE = _family("reachable_nodes", "Nodes that answer fork-observer.", 1000.0)
ACTIVE_TIPS = _family(
    "active_tips",
    "Different blocks that reachable nodes take for the newest one. More than one is a split or only a node that lags.",
    1000.0,
)
COMPETING_TIPS = _family(
    "competing_tips",
    "Different blocks at the height of the middle node that reachable nodes take for the newest one; more than one is "
    "a race or a split.",
    1000.0,
)
INVALID_TIPS = _family(
    "invalid_tips", "Blocks within the last 4,320 heights (30 days) that a node has found invalid.", 1000.0
)
FORKS = _family(
    "forks",
    "Ends of abandoned branches within the last 12,960 heights (90 days), from all nodes.",
    1000.0,
    window=("90d",),
)
LAGGING = _family(
    "lagging_nodes",
    "Reachable nodes more than three blocks below the middle one. The middle, because a node on a forked chain may be "
    "thousands of blocks ahead.",
    1000.0,
)
SPREAD = _family("tip_spread_blocks", "Greatest minus smallest height among the newest blocks of reachable nodes.", 5e6)
STALE = _family(
    "stale_blocks",
    "Stale blocks whose header time lies within the window; each header must hash to the block's hash.",
    200.0,
    window=("30d", "90d"),
)
LAST_FORK = _family(
    "fork_last_height",
    "Height of the competing blocks of the newest fork. The feed names the block below them: one is added.",
    5e6,
)
FEED_FORKS = _family("feed_forks", "Forks in the feed of recent forks.", 1000.0, raw_only=_SMALLER)
FEED_INVALID = _family("feed_invalid_blocks", "Items in the feed of invalid blocks.", 1000.0, raw_only=_SMALLER)
FEED_LAGGING = _family("feed_lagging_nodes", "Items in the feed of lagging nodes.", 1000.0, raw_only=_SMALLER)
FEED_UNREACHABLE = _family(
    "feed_unreachable_nodes", "Items in the feed of unreachable nodes.", 1000.0, raw_only=_SMALLER
)

BlockHash = Annotated[str | None, Text(r"[0-9a-fA-F]{64}")]


class HeaderInfo(Payload):
    height: Height = None
    hash: BlockHash = None
    time: UnixSeconds = None
    difficulty_int: Annotated[float | None, Number(1, 1e20)] = None

    UNUSED = frozenset({"bits", "id", "merkle_root", "miner", "nonce", "prev_blockhash", "prev_id", "version"})


class Tip(Payload):
    hash: BlockHash = None
    status: Annotated[str | None, Text(longest=40)] = None
    height: Height = None


class Node(Payload):
    tips: Annotated[list[Annotated[Tip | None, Part()]] | None, Part()] = None
    reachable: Annotated[bool | None, Flag()] = None

    UNUSED = frozenset(
        {"description", "id", "implementation", "last_changed_timestamp", "name", "remote_source", "version"}
    )

    def with_status(self, statuses: frozenset[str]) -> Iterator[tuple[float, str]]:
        """Height and hash of the tips that have one of `statuses`."""
        for tip in self.tips or []:
            if tip and tip.status in statuses and tip.height is not None and tip.hash:
                yield tip.height, tip.hash


class Data(Payload):
    header_infos: Annotated[list[Annotated[HeaderInfo | None, Part()]] | None, Part()] = None
    nodes: Annotated[list[Annotated[Node | None, Part()]] | None, Part()] = None

    UNUSED = frozenset({"countdown"})


@endpoint(
    f"/api/{_MAINNET}/data.json",
    Data,
    {
        quantities.TIP_HEIGHT: "height",
        quantities.TIP_TIMESTAMP: "time",
        quantities.DIFFICULTY: "difficulty_int",
        NODES: "nodes",
        REACHABLE: "reachable",
        ACTIVE_TIPS: "tips",
        COMPETING_TIPS: "tips",
        INVALID_TIPS: "tips",
        FORKS: "tips",
        LAGGING: "height",
        SPREAD: "height",
    },
    interval=_INTERVAL,
    period=MINUTE,
)
def data(body: Data) -> Iterator[Sample | None]:
    nodes = [node for node in body.nodes or [] if node]
    if not nodes:
        raise BodyError(Reason.EMPTY, f"nodes: expected at least one, got none; is network {_MAINNET} known there?")
    reachable = [node for node in nodes if node.reachable]
    active = [tip for node in reachable for tip in node.with_status(frozenset({"active"}))]
    yield NODES(len(nodes))
    yield REACHABLE(len(reachable) if all(node.reachable is not None for node in nodes) else None)
    if active:
        best = statistics.median_high([height for height, _ in active])
        yield from _newest(body, best, active)
        yield from _tips(nodes, best, active)


def _newest(body: Data, best: float, active: list[tuple[float, str]]) -> Iterator[Sample | None]:
    at_best = Counter(block for height, block in active if height == best)
    agreed = at_best.most_common(1)[0][0]
    header = next(
        (info for info in body.header_infos or [] if info and info.hash == agreed), HeaderInfo.model_construct()
    )
    if header.difficulty_int is not None and header.difficulty_int < _LEAST_DIFFICULTY:
        raise BodyError(Reason.WRONG_NETWORK, f"difficulty_int: {header.difficulty_int:.0f} is not of mainnet")
    yield quantities.TIP_HEIGHT(best, source=SOURCE.name)
    yield quantities.TIP_TIMESTAMP(header.time, source=SOURCE.name)
    yield quantities.DIFFICULTY(header.difficulty_int, source=SOURCE.name)
    yield COMPETING_TIPS(len(at_best))


def _tips(nodes: list[Node], best: float, active: list[tuple[float, str]]) -> Iterator[Sample | None]:
    heights = [height for height, _ in active]
    yield ACTIVE_TIPS(len({block for _, block in active}))
    yield INVALID_TIPS(len(_above(nodes, frozenset({"invalid"}), best - _MONTH_BLOCKS)))
    yield FORKS(len(_above(nodes, _FORKED, best - _QUARTER_BLOCKS)), window="90d")
    yield LAGGING(sum(height < best - _LAG for height in heights))
    yield SPREAD(max(heights) - min(heights))


def _above(nodes: list[Node], statuses: frozenset[str], lowest: float) -> set[str]:
    return {block for node in nodes for height, block in node.with_status(statuses) if height > lowest}


class StaleBlock(Payload):
    height: Height = None
    hash: BlockHash = None
    header: Annotated[str | None, Text(r"[0-9a-fA-F]{160}")] = None


class StaleBlocks(Payload):
    stale_blocks: Annotated[list[Annotated[StaleBlock | None, Part()]] | None, Part()] = None


@endpoint(
    f"/api/{_MAINNET}/stale.json",
    StaleBlocks,
    {STALE: "header"},
    interval=_INTERVAL,
    period=MINUTE,
    events=True,
)
def stale(body: StaleBlocks, read_at: float) -> Iterator[Sample | Rejected | None]:
    """The service once listed far too many headers, which is what the bounds of the family are for."""
    if body.stale_blocks is None:
        return
    headers = [read_header(block.header or "", block.hash or "") for block in body.stale_blocks if block]
    for _ in range(headers.count(None)):
        yield Rejected("header")
    known = [header for header in headers if header]
    if body.stale_blocks and not known:
        raise BodyError(Reason.FORMAT, f"header: none of {len(body.stale_blocks)} belongs to its block")
    recent = [header for header in known if read_at - 90 * DAY < header.time <= read_at + 2 * HOUR]
    if any(header.difficulty < _LEAST_DIFFICULTY for header in recent):
        raise BodyError(Reason.WRONG_NETWORK, "header: a recent block with the difficulty of a test network")
    yield STALE(sum(header.time > read_at - 30 * DAY for header in recent), window="30d")
    yield STALE(len(recent), window="90d")


class Network(Payload):
    id: Count = None
    name: Annotated[str | None, Text()] = None

    UNUSED = frozenset({"description", "slug"})


class Networks(Payload):
    networks: Annotated[list[Annotated[Network | None, Part()]] | None, Part()] = None


@endpoint("/api/networks.json", Networks, {NETWORKS: "networks"}, interval=6 * HOUR, period=DAY)
def networks(body: Networks) -> Iterator[Sample | None]:
    listed = {network.id: network.name for network in body.networks or [] if network and network.id is not None}
    if not listed:
        raise BodyError(Reason.EMPTY, "networks: expected at least one, got none")
    name = listed.get(_MAINNET)
    if name is None or _OTHER_NETWORK.search(name):
        raise BodyError(Reason.WRONG_NETWORK, f"networks: expected mainnet under id {_MAINNET}, got {name!r}")
    yield NETWORKS(len(listed))


def _feed(kind: str, metric: Metric, others: Callable[[list[Item]], Iterator[Sample | None]] | None = None) -> Endpoint:
    def count(feed: Feed) -> Iterator[Sample | None]:
        if _OTHER_NETWORK.search(feed.title or ""):
            raise BodyError(Reason.WRONG_NETWORK, f"title: expected mainnet, got {feed.title!r}")
        items = [item for item in feed.items or [] if item]
        yield metric(len(items))
        if others:
            yield from others(items)

    count.__name__ = f"{kind}_feed"
    origins = {metric: "items", **({LAST_FORK: "title"} if others else {})}
    path = f"/rss/{_MAINNET}/{kind}.xml"
    return endpoint(path, Feed, origins, interval=_INTERVAL, period=MINUTE, accept=ACCEPT, load=load)(count)


def _last_fork(items: list[Item]) -> Iterator[Sample | None]:
    heights = [int(found[1]) for item in items if (found := _FORK.search(item.title or ""))]
    yield LAST_FORK(max(heights) + 1 if heights else None)


forks_feed = _feed("forks", FEED_FORKS, _last_fork)
invalid_feed = _feed("invalid", FEED_INVALID)
lagging_feed = _feed("lagging", FEED_LAGGING)
unreachable_feed = _feed("unreachable", FEED_UNREACHABLE)
