"""ForkMonitor: stale candidates, invalid and inflated blocks, chain tips seen by many nodes.

Its feeds are histories: items stay for years, so they are counted by date from the time of the read. The date is when
ForkMonitor noticed, not the time of the block.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

from exporter.errors import BodyError, Reason
from exporter.feeds import ACCEPT, DatedFeed, load
from exporter.payload import Height, Part, Payload, UnixSeconds
from exporter.sources import quantities
from exporter.spec import DAY, MINUTE, Budget, Endpoint, Group, Metric, Sample, Source, Unit, endpoint

SOURCE = Source(
    name="forkmonitor",
    title="ForkMonitor",
    base_urls=("https://forkmonitor.info",),
    budget=Budget(burst=10, every=10.0, spacing=2.0),
    modules=("exporter.sources.forkmonitor",),
)

_INTERVAL: Final = 5 * MINUTE
_WINDOWS: Final = {"24h": DAY, "30d": 30 * DAY, "90d": 90 * DAY}
_HEIGHT: Final = re.compile(r"at height (\d{1,7})\b")
# A page holds a hundred items: more of them within the window could not be seen.
_PAGE: Final = (0.0, 100.0)
# What the interface lists at most.
_LISTED: Final = 3


def _events(name: str, text: str, *windows: str) -> Metric:
    return Metric(
        f"btchealth_{name}",
        f"{text} Counted by the date at which ForkMonitor noticed them; a hundred means a hundred or more.",
        bounds=_PAGE,
        labels={"window": windows},
        group=Group.SECURITY,
    )


STALE_CANDIDATES = _events(
    "stale_candidates", "Heights within the window at which ForkMonitor's nodes saw more than one block.", "30d", "90d"
)
INVALID = _events(
    "invalid_blocks", "Blocks within the window that one node took for valid and another for invalid.", "30d"
)
MARKED_INVALID = _events("blocks_marked_invalid", "Blocks within the window that any node marked as invalid.", "30d")
INFLATED = _events(
    "inflated_blocks", "Blocks within the window after which more coins existed than the protocol allows.", "30d"
)
LAGGING = _events(
    "forkmonitor_lagging_nodes", "Nodes of ForkMonitor found within the window to be behind its other nodes.", "24h"
)
UNREACHABLE = _events(
    "forkmonitor_unreachable_nodes", "Nodes of ForkMonitor that became unreachable within the window.", "24h"
)
STALE_HEIGHT = Metric(
    "btchealth_stale_candidate_last_height",
    "Height of the newest stale candidate: two blocks were found there, and one of them has become or will become "
    "stale.",
    bounds=(0.0, 5_000_000.0),
    group=Group.SECURITY,
)
STALE_TIMESTAMP = Metric(
    "btchealth_stale_candidate_last_timestamp_seconds",
    "When ForkMonitor noticed the newest stale candidate.",
    Unit.TIMESTAMP,
    bounds=(1_230_000_000.0, 4_102_444_800.0),
    group=Group.SECURITY,
)
LISTED = Metric(
    "btchealth_stale_candidates_listed",
    "Stale candidates among the last 1000 blocks. The list ends after three: 3 means three or more.",
    bounds=(0.0, float(_LISTED)),
    group=Group.SECURITY,
)
TIPS = Metric(
    "btchealth_forkmonitor_chain_tips",
    "Different blocks that ForkMonitor's nodes take for the newest one. More than one is a split or only a node that "
    "lags: see btchealth_forkmonitor_competing_tips.",
    bounds=(1.0, 1000.0),
    group=Group.SECURITY,
)
COMPETING = Metric(
    "btchealth_forkmonitor_competing_tips",
    "Different blocks at the greatest height that ForkMonitor's nodes know; more than one is a race or a split.",
    bounds=(1.0, 1000.0),
    group=Group.SECURITY,
)
SPREAD = Metric(
    "btchealth_forkmonitor_tip_spread_blocks",
    "Greatest minus smallest height among the blocks that ForkMonitor's nodes take for the newest one.",
    bounds=(0.0, 5_000_000.0),
    group=Group.SECURITY,
)
NODES = Metric(
    "btchealth_forkmonitor_nodes",
    "Nodes of ForkMonitor that have a chain tip.",
    bounds=(0.0, 1000.0),
    group=Group.SECURITY,
)


def _feed(name: str, path: str, metric: Metric, *windows: str) -> Endpoint:
    def count(feed: DatedFeed, read_at: float) -> Iterator[Sample | None]:
        for window in windows:
            yield metric(len(feed.within(_WINDOWS[window], read_at)), window=window)

    count.__name__ = name
    return endpoint(
        path, DatedFeed, {metric: "pubDate"}, interval=_INTERVAL, period=MINUTE, accept=ACCEPT, load=load, events=True
    )(count)


invalid_blocks_feed = _feed("invalid_blocks", "/feeds/invalid_blocks/btc.rss", INVALID, "30d")
blocks_marked_invalid_feed = _feed("blocks_marked_invalid", "/feeds/btc/blocks/invalid.rss", MARKED_INVALID, "30d")
inflated_blocks_feed = _feed("inflated_blocks", "/feeds/inflated_blocks/btc.rss", INFLATED, "30d")
lagging_nodes_feed = _feed("lagging_nodes", "/feeds/lagging_nodes.rss", LAGGING, "24h")
unreachable_nodes_feed = _feed("unreachable_nodes", "/feeds/nodes/unreachable.rss", UNREACHABLE, "24h")


@endpoint(
    "/feeds/stale_candidates/btc.rss",
    DatedFeed,
    {STALE_CANDIDATES: "pubDate", STALE_HEIGHT: "title", STALE_TIMESTAMP: "pubDate"},
    interval=_INTERVAL,
    period=MINUTE,
    accept=ACCEPT,
    load=load,
    events=True,
)
def stale_candidates(feed: DatedFeed, read_at: float) -> Iterator[Sample | None]:
    for window in ("30d", "90d"):
        yield STALE_CANDIDATES(len(feed.within(_WINDOWS[window], read_at)), window=window)
    newest = max(feed.within(math.inf, read_at), key=lambda item: item.pubDate or 0.0, default=None)
    if newest:
        height = _HEIGHT.search(newest.title or "")
        yield STALE_HEIGHT(float(height[1]) if height else None)
        yield STALE_TIMESTAMP(newest.pubDate)


class Block(Payload):
    height: Height = None
    timestamp: UnixSeconds = None

    UNUSED = frozenset({"created_at", "first_seen_by", "hash", "id", "pool", "size", "total_fee", "tx_count", "work"})


class ChainTip(Payload):
    block: Annotated[Block | None, Part()] = None
    nodes: Annotated[list[Any] | None, Part()] = None

    UNUSED = frozenset({"id"})


@endpoint(
    "/api/v1/chaintips",
    list[Annotated[ChainTip | None, Part()]],
    {
        quantities.TIP_HEIGHT: "height",
        quantities.TIP_TIMESTAMP: "timestamp",
        TIPS: "block",
        COMPETING: "height",
        SPREAD: "height",
        NODES: "nodes",
    },
    interval=_INTERVAL,
    period=MINUTE,
)
def chain_tips(body: list[ChainTip | None]) -> Iterator[Sample | None]:
    tips = [tip for tip in body if tip and tip.block and tip.block.height is not None]
    heights = [tip.block.height for tip in tips if tip.block and tip.block.height is not None]
    if not heights:
        raise BodyError(Reason.EMPTY, "expected chain tips with a height, got none")
    best = max(heights)
    times = [tip.block.timestamp for tip in tips if tip.block and tip.block.height == best and tip.block.timestamp]
    yield quantities.TIP_HEIGHT(best, source=SOURCE.name)
    yield quantities.TIP_TIMESTAMP(min(times, default=None), source=SOURCE.name)
    if len(tips) == len(body):
        yield TIPS(len(tips))
        yield COMPETING(heights.count(best))
        yield SPREAD(best - min(heights))
        listed = [len(tip.nodes) for tip in tips if tip.nodes is not None]
        yield NODES(sum(listed) if len(listed) == len(tips) else None)


class Candidate(Payload):
    height: Height = None

    UNUSED = frozenset({"n_children"})


@endpoint(
    "/api/v1/stale_candidates",
    list[Annotated[Candidate | None, Part()]],
    {LISTED: "height"},
    interval=_INTERVAL,
    period=MINUTE,
)
def stale_candidates_listed(body: list[Candidate | None]) -> Iterator[Sample | None]:
    heights = [candidate.height for candidate in body if candidate and candidate.height is not None]
    yield LISTED(len(set(heights)) if len(heights) == len(body) else None)
