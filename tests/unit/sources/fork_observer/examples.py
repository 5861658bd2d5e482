"""Made-up answers of fork-observer. Their block headers carry no work, only a hash that belongs to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal
from tests.unit.sources.feeds import item, rss

NOW: Final = 1_750_000_000
DAY: Final = 86_400
HEIGHT: Final = 900_000
# Compact form of difficulty 127 trillion, and of difficulty 1.
BITS: Final = 0x17023774
EASIEST_BITS: Final = 0x1D00FFFF


def name_of(block: str) -> str:
    return hashlib.sha256(block.encode()).hexdigest()


def tip(height: int, status: str = "active", block: str | None = None) -> dict[str, Any]:
    return {"hash": name_of(block or f"block {height}"), "status": status, "height": height}


def node(*tips: dict[str, Any], reachable: bool = True) -> dict[str, Any]:
    return {
        "id": 1, "name": "A node", "description": "", "implementation": "Bitcoin Core", "tips": list(tips),
        "last_changed_timestamp": 0, "version": "unknown", "reachable": reachable,
    }  # fmt: skip


def header_info(height: int, difficulty: int = 127_000_000_000_000) -> dict[str, Any]:
    return {
        "id": 1, "prev_id": 0, "height": height, "hash": name_of(f"block {height}"), "version": 1,
        "prev_blockhash": "00",
        "merkle_root": "00", "time": NOW - 60, "bits": BITS, "difficulty_int": difficulty, "nonce": 1, "miner": "",
    }  # fmt: skip


def data(*nodes: dict[str, Any], headers: Sequence[dict[str, Any]] = (header_info(HEIGHT),)) -> str:
    return json.dumps({"header_infos": list(headers), "nodes": list(nodes)})


def stale_block(time: int, *, bits: int = BITS) -> dict[str, Any]:
    header = bytes(68) + time.to_bytes(4, "little") + bits.to_bytes(4, "little") + bytes(4)
    block = hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1]
    return {"height": HEIGHT, "hash": block.hex(), "header": header.hex()}


def stale(*blocks: dict[str, Any]) -> str:
    return json.dumps({"stale_blocks": list(blocks)})


def networks(*names: str) -> str:
    listed = [{"id": place, "name": name, "slug": name, "description": ""} for place, name in enumerate(names, start=1)]
    return json.dumps({"networks": listed})


FEED_REFUSED: Final = {
    "a node's name with an ampersand, which nobody escapes": Refusal(
        rss([item("Node 'A & B' is lagging behind")]), Reason.FORMAT
    ),
    "an unknown network answered as plain text": Refusal(
        "Unknown network. Available networks are: mainnet (0)", Reason.FORMAT
    ),
    "the feed of a test network": Refusal(rss([], "Recent Forks - testnet4"), Reason.WRONG_NETWORK),
}


def feed(name: str, *titles: str, **more: float) -> Example:
    body = rss([item(title, guid=str(place)) for place, title in enumerate(titles)], "Something on mainnet")
    samples = {
        f"fork_observer_feed_{name}": len(titles),
        **{f"fork_observer_{key}": value for key, value in more.items()},
    }
    return Example(body=body, samples=samples, refused=FEED_REFUSED)


EXAMPLES: Final = {
    "data": Example(
        body=data(
            node(tip(HEIGHT), tip(HEIGHT - 10, "valid-fork", "a"), tip(HEIGHT - 20, "invalid", "b")),
            node(tip(HEIGHT, block="rival"), tip(HEIGHT - 10, "headers-only", "a")),
            node(tip(HEIGHT), tip(HEIGHT - 13_000, "valid-headers", "c"), tip(HEIGHT - 4_400, "invalid", "d")),
            node(tip(HEIGHT - 4)),
            node(reachable=False),
        ),
        samples={
            'tip_height{source="fork_observer"}': HEIGHT,
            'tip_timestamp_seconds{source="fork_observer"}': NOW - 60,
            'difficulty{source="fork_observer"}': 127_000_000_000_000,
            "fork_observer_nodes": 5,
            "fork_observer_reachable_nodes": 4,
            "fork_observer_active_tips": 3,
            "fork_observer_competing_tips": 2,
            "fork_observer_invalid_tips": 1,
            'fork_observer_forks{window="90d"}': 1,
            "fork_observer_lagging_nodes": 1,
            "fork_observer_tip_spread_blocks": 4,
        },
        refused={
            "an unknown network is answered with empty lists": Refusal(data(headers=()), Reason.EMPTY),
            "the difficulty of a test network": Refusal(
                data(node(tip(HEIGHT)), headers=(header_info(HEIGHT, 1_000_000),)), Reason.WRONG_NETWORK
            ),
        },
    ),
    "stale": Example(
        body=stale(stale_block(NOW - DAY), stale_block(NOW - 40 * DAY), stale_block(NOW - 100 * DAY)),
        samples={'fork_observer_stale_blocks{window="30d"}': 1, 'fork_observer_stale_blocks{window="90d"}': 2},
        refused={
            "headers that do not belong to their blocks": Refusal(
                stale({**stale_block(NOW), "hash": name_of("another")}), Reason.FORMAT
            ),
            "blocks of a test network": Refusal(stale(stale_block(NOW, bits=EASIEST_BITS)), Reason.WRONG_NETWORK),
            "a list that is missing": Refusal("{}", Reason.FORMAT),
        },
        data_time=NOW,
        read_at=NOW,
    ),
    "networks": Example(
        body=networks("mainnet", "testnet4", "signet"),
        samples={"fork_observer_networks": 3},
        refused={
            "no networks": Refusal(networks(), Reason.EMPTY),
            "another network under the number of mainnet": Refusal(networks("signet", "mainnet"), Reason.WRONG_NETWORK),
            "no network under the number of mainnet": Refusal(
                json.dumps({"networks": [{"id": 7, "name": "mainnet"}]}), Reason.WRONG_NETWORK
            ),
        },
    ),
    "forks_feed": feed(
        "forks", f"Fork at height {HEIGHT - 20}", f"Fork at height {HEIGHT - 11}", fork_last_height=HEIGHT - 10
    ),
    "invalid_feed": feed("invalid_blocks", "Invalid block at height 1"),
    "lagging_feed": feed("lagging_nodes", "Node 'A' is lagging behind", "Node 'B' is lagging behind"),
    "unreachable_feed": feed("unreachable_nodes", "Node 'C' (id=2) is unreachable"),
}
