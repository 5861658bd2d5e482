"""ForkMonitor: feeds that are histories, and chain tips as its nodes see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from simulator.answers.answer import RSS, Answer, Routes, as_json
from simulator.clock import DAY, iso_milliseconds, iso_seconds, rfc822
from simulator.forks import Tip, loser_pool, stale_tips
from simulator.view import View

routes = Routes()

_SITE = "https://forkmonitor.info"
_NODES = ("Bitcoin Core 30.0.0", "Bitcoin Core 29.2.0", "Bitcoin Core 28.1.0", "Bitcoin Knots 29.3.0", "btcd 0.24.2")
_PAGE = 100
_RECORD_DELAY = 27  # seconds from a race to the monitor's record of it
_RECENT_BLOCKS = 1000
_SHOWN_CANDIDATES = 3
_OLD_AGE = 320 * DAY  # of the items that still stand in feeds of long-solved trouble


def _feed(title: str, description: str, items: Iterable[str], extra: str = "") -> Answer:
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0">
  <channel>
    <title>Fork Monitor - {title}</title>
    <description>{description}</description>
{extra or f"    <link>{_SITE}/</link>"}
{"".join(items)}  </channel>
</rss>
"""
    return Answer(body.encode(), RSS, revalidates=True)


def _item(title: str, time: float, link: str, description: str | None = None) -> str:
    told = f"\n      <description>{escape(description)}</description>" if description else ""
    return f"""    <item>
      <title>{escape(title)}</title>{told}
      <pubDate>{rfc822(time)}</pubDate>
      <link>{_SITE}{link}</link>
      <guid>{_SITE}{link}</guid>
    </item>
"""


@routes("/feeds/stale_candidates/btc.rss")
def stale_candidates(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    page = query.get("page", "1")
    if not page.lstrip("-").isdecimal() or int(page) < 1:
        return Answer(b"", RSS, 422)
    candidates = _candidates(view)
    shown = candidates[(int(page) - 1) * _PAGE : int(page) * _PAGE]
    return _feed(
        "Stale block candidates",
        "When there are multiple blocks at the tip height, one will become stale",
        (_candidate(view, tip, height) for tip, height in shown),
        _paging(int(page), -(-len(candidates) // _PAGE), candidates),
    )


@routes("/feeds/orphan_candidates/btc.rss")
def orphan_candidates(view: View, args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    return stale_candidates(view, args, query)


def _candidates(view: View) -> list[tuple[Tip, int]]:
    """Each height at which two blocks compete, newest first."""
    return [(tip, height) for tip in stale_tips(view) for height in reversed(tip.blocks)]


def _candidate(view: View, tip: Tip, height: int) -> str:
    title = f"There are 2 distinct blocks at height {height}"
    return _item(title, tip.time + _RECORD_DELAY, f"/stale/{height}", _blocks(view, tip, height))


def _blocks(view: View, tip: Tip, height: int) -> str:
    """Both blocks of the race; of a branch known by its headers neither size nor pool is told."""
    size = f"{view.block(height).size / 1e6:.2f} MB"
    clock = iso_seconds(view.header_time(height))[11:19]
    loser = f"{size}, {clock} by {loser_pool(view, height).name}, first seen by {_NODES[1]}"
    if tip.status == "headers-only":
        loser = f"{clock} by unknown pool"
    winner = f"{size}, {clock} by {view.pool(height).name}, first seen by {_NODES[0]}"
    return f"Blocks: {tip.blocks[height].hash} ({loser}), {view.block_hash(height)} ({winner})"


def _paging(page: int, pages: int, candidates: list[tuple[Tip, int]]) -> str:
    path = f"{_SITE}/feeds/stale_candidates/btc.rss?page="
    links = "\n".join(
        f'    <link rel="{name}">{path}{number}</link>'
        for name, number in (("self", page), ("first", 1), ("last", pages))
    )
    if not candidates:
        return links
    newest = iso_seconds(candidates[0][0].time + _RECORD_DELAY)
    return f"{links}\n    <lastBuildDate>{newest}</lastBuildDate>\n    <updated>{newest}</updated>"


@routes("/feeds/invalid_blocks/btc.rss")
def invalid_blocks(_view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _feed("Invalid blocks", "Blocks considered valid by one node, but invalid by another", ())


@routes("/feeds/btc/blocks/invalid.rss")
def blocks_marked_invalid(_view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _feed("Blocks marked invalid", "Blocks marked invalid by any node", ())


@routes("/feeds/inflated_blocks/btc.rss")
def inflated_blocks(_view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _feed("Inflated blocks", "Unexpected inflation in a block", ())


@routes("/feeds/lagging_nodes.rss")
def lagging_nodes(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    old = _item(
        "Bitcoin Core 25.0.0 is 3 blocks behind Bitcoin Core 27.1.0", _old_time(view), "/api/v1/lagging_nodes/812"
    )
    return _feed(
        "Nodes behind", "Nodes that are behind, but not due to being offline or in initial block download.", [old]
    )


@routes("/feeds/nodes/unreachable.rss")
def unreachable_nodes(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    since = _old_time(view)
    old = _item(f"Bitcoin Core 0.10.3 has been unreachable since {rfc822(since)} ", since, "/api/v1/nodes/12")
    return _feed("Unreachable nodes", "Nodes that are not reachable, probably because they're offline", [old])


def _old_time(view: View) -> float:
    """A fixed moment in the past, the same for a long while."""
    return (view.now - _OLD_AGE) // (30 * DAY) * 30 * DAY + 3_723


@routes("/api/v1/chaintips")
def chain_tips(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json(
        [{"id": 4711, "block": _block(view, view.tip), "nodes": [_node(view, n) for n in range(len(_NODES))]}]
    )


def _block(view: View, height: int) -> dict[str, object]:
    content = view.block(height)
    return {
        "id": 20_000 + height,
        "height": height,
        "timestamp": view.header_time(height),
        "created_at": iso_milliseconds(view.arrival(height) + 1.512),
        "pool": view.pool(height).name,
        "tx_count": content.transactions,
        "size": content.size,
        "total_fee": f"{content.fees / 1e8:.8f}",
        "hash": view.block_hash(height),
        "work": 96.91,
        "first_seen_by": {"id": 1, "name_with_version": _NODES[0]},
    }


def _node(view: View, number: int) -> dict[str, object]:
    return {
        "id": number + 1,
        "unreachable_since": None,
        "mirror_unreachable_since": None,
        "ibd": False,
        "client_type": "core",
        "pruned": False,
        "txindex": True,
        "os": "Linux",
        "mempool_count": view.curve().vsize // 470,
        "mempool_bytes": view.curve().vsize,
        "mempool_max": 300_000_000,
        "to_destroy": False,
        "height": view.tip,
        "name_with_version": _NODES[number],
        "has_mirror_node": False,
    }


@routes("/api/v1/stale_candidates")
def stale_candidate_heights(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    recent = [height for _, height in _candidates(view) if height > view.tip - _RECENT_BLOCKS]
    return as_json([{"height": height, "n_children": 2} for height in recent[:_SHOWN_CANDIDATES]])


@routes("/api/v1/blocks/max_height")
def max_height(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json(view.tip)
