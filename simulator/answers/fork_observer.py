"""fork-observer: headers and chain tips of several nodes, stale blocks, feeds without dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.answers.answer import RSS, Answer, Routes, as_text, encode
from simulator.forks import Tip, stale_tips, tips
from simulator.headers import Header
from simulator.view import View

routes = Routes()

_NETWORKS = {"1": "mainnet", "2": "testnet4", "3": "signet"}
_MAINNET = "1"
_NODES = {
    "Core": ("Bitcoin Core", "/Satoshi:30.0.0/"),
    "Core 29": ("Bitcoin Core", "/Satoshi:29.2.0/"),
    "Knots": ("Bitcoin Knots", "/Satoshi:29.3.0/Knots:20260507/"),
    "btcd": ("btcd", "/btcd:0.24.2/"),
}
_HEADERS = 60  # newest headers shown besides those around forks
_STALE_SHOWN = 40
_FORKS_SHOWN = 5


def _json(payload: object) -> Answer:
    return Answer(encode(payload), revalidates=True)


@routes("/api/networks.json")
def networks(_view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    rows = [
        {"id": int(number), "name": name, "slug": name, "description": f"Bitcoin {name}"}
        for number, name in _NETWORKS.items()
    ]
    return _json({"networks": rows})


@routes("/api/{id}/data.json")
def data(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    if args["id"] != _MAINNET:
        return _json({"header_infos": [], "nodes": []})
    return _json({"header_infos": _headers(view), "nodes": _nodes(view)})


def _headers(view: View) -> list[dict[str, object]]:
    """The newest headers, those around forks, and the losers of the forks."""
    stale = stale_tips(view)[:_FORKS_SHOWN]
    heights = set(range(view.tip - _HEADERS + 1, view.tip + 1))
    for tip in stale:
        heights.update(range(tip.fork_height, tip.height + 1))
    blocks = [(height, view.header(height)) for height in sorted(heights)]
    blocks += [block for tip in stale for block in tip.blocks.items()]
    places = {header.hash: place for place, (_, header) in enumerate(blocks)}
    return [_header(view, height, header, places) for height, header in blocks]


def _header(view: View, height: int, header: Header, places: Mapping[str, int]) -> dict[str, object]:
    own, previous = places[header.hash], header.raw[4:36][::-1].hex()
    return {
        "id": own,
        "prev_id": places.get(previous, own),
        "height": height,
        "hash": header.hash,
        "version": header.version,
        "prev_blockhash": previous,
        "merkle_root": header.merkle_root,
        "time": view.header_time(height),
        "bits": view.world.chain.bits(height),
        "difficulty_int": int(view.difficulty(height)),
        "nonce": header.nonce,
        "miner": view.pool(height).name if header.hash == view.block_hash(height) else "",
    }


def _nodes(view: View) -> list[dict[str, object]]:
    rows = [{"hash": tip.hash, "status": tip.status, "height": tip.height} for tip in tips(view)[: 1 + _STALE_SHOWN]]
    return [
        {
            "id": number,
            "name": name,
            "description": "",
            "implementation": implementation,
            "tips": rows,
            "last_changed_timestamp": int(view.arrival(view.tip)) + 1 + number,
            "version": version,
            "reachable": True,
        }
        for number, (name, (implementation, version)) in enumerate(_NODES.items())
    ]


@routes("/api/{id}/stale.json")
def stale(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    found = stale_tips(view) if args["id"] == _MAINNET else []
    blocks = [
        {"height": height, "hash": header.hash, "header": header.raw.hex()}
        for tip in found
        for height, header in reversed(tip.blocks.items())
    ]
    return _json({"stale_blocks": blocks})


def _feed(network: str, kind: str, title: str, description: str, items: Iterable[str]) -> Answer:
    body = f"""<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
  <title>{title}</title>
  <description>{description}</description>
  <link>https://fork.observer?network={network}?src={kind}-rss</link>
  <atom:link href="https://fork.observer/rss/{network}/{kind}.xml" rel="self" type="application/rss+xml" />
  {"".join(items)}
</channel>
</rss>
"""
    return Answer(body.encode(), RSS, revalidates=True)


def _unknown_network() -> Answer:
    names = ", ".join(f"{number} ({name})" for number, name in _NETWORKS.items())
    return as_text(f"Unknown network. Avaliable networks are: {names}", 404)  # codespell:ignore avaliable


def _fork_item(view: View, tip: Tip) -> str:
    common = tip.fork_height
    parent = view.block_hash(common)
    return f"""
  <item>
\t<title>Fork at height {common}</title>
\t<description>There are 2 blocks building on-top of block {parent}.</description>
\t<guid isPermaLink="false">{parent}</guid>
  </item>"""


@routes("/rss/{id}/forks.xml")
def forks(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    if args["id"] not in _NETWORKS:
        return _unknown_network()
    found = stale_tips(view)[:_STALE_SHOWN] if args["id"] == _MAINNET else []
    name = _NETWORKS[args["id"]]
    items = [_fork_item(view, tip) for tip in found]
    told = f"Recent forks that occured on the Bitcoin {name} network"  # codespell:ignore occured
    return _feed(args["id"], "forks", f"Recent Forks - {name}", told, items)


@routes("/rss/{id}/invalid.xml")
def invalid(_view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _empty_feed(args["id"], "invalid", "Invalid Blocks", "Recent invalid blocks on the Bitcoin {} network")


@routes("/rss/{id}/lagging.xml")
def lagging(_view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    told = "List of nodes that are more than 3 blocks behind the chain tip on the {} network."
    return _empty_feed(args["id"], "lagging", "Lagging nodes", told)


@routes("/rss/{id}/unreachable.xml")
def unreachable(_view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _empty_feed(args["id"], "unreachable", "Unreachable nodes", "Nodes of the {} network that do not answer")


def _empty_feed(network: str, kind: str, title: str, description: str) -> Answer:
    if network not in _NETWORKS:
        return _unknown_network()
    name = _NETWORKS[network]
    return _feed(network, kind, f"{title} on {name}", description.format(name), ())
