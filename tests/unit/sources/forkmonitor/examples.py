"""Made-up answers of ForkMonitor."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal
from tests.unit.sources.feeds import item, rss

NOW: Final = 1_750_000_000
HOUR: Final = 3600
DAY: Final = 86_400
HEIGHT: Final = 900_000

# One item an hour, a week, two months and four months ago.
HISTORY: Final = rss(
    [
        item(f"There are 2 distinct blocks at height {HEIGHT - days}", NOW - days * DAY - HOUR)
        for days in (0, 7, 60, 120)
    ]
)

REFUSED: Final = {
    "half a feed": Refusal(HISTORY[:-20], Reason.FORMAT),
    "another kind of XML": Refusal("<feed><entry/></feed>", Reason.FORMAT),
    "RSS without a channel": Refusal('<rss version="2.0"/>', Reason.FORMAT),
    "an entity that expands": Refusal(
        '<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss><channel><title>&a;</title></channel></rss>', Reason.FORMAT
    ),
    "items whose dates nobody can read": Refusal(rss([item("Block", date="yesterday")]), Reason.FORMAT),
}


def feed(*samples: tuple[str, float]) -> Example:
    return Example(body=HISTORY, samples=dict(samples), refused=REFUSED, data_time=NOW, read_at=NOW)


def tip(height: int, time: int, nodes: int) -> dict[str, Any]:
    block = {
        "id": 1, "height": height, "timestamp": time, "created_at": "2025-06-15T15:06:40.000Z", "pool": None,
        "tx_count": 3000, "size": 1_500_000, "total_fee": "0.05", "hash": "00", "work": 96.9, "first_seen_by": None,
    }  # fmt: skip
    return {"id": 1, "block": block, "nodes": [{"id": node, "height": height} for node in range(nodes)]}


def chain_tips(*tips: dict[str, Any]) -> str:
    return json.dumps(tips)


EXAMPLES: Final = {
    "invalid_blocks": feed(('invalid_blocks{window="30d"}', 2)),
    "blocks_marked_invalid": feed(('blocks_marked_invalid{window="30d"}', 2)),
    "inflated_blocks": feed(('inflated_blocks{window="30d"}', 2)),
    "lagging_nodes": feed(('forkmonitor_lagging_nodes{window="24h"}', 1)),
    "unreachable_nodes": feed(('forkmonitor_unreachable_nodes{window="24h"}', 1)),
    "stale_candidates": feed(
        ('stale_candidates{window="30d"}', 2),
        ('stale_candidates{window="90d"}', 3),
        ("stale_candidate_last_height", HEIGHT),
        ("stale_candidate_last_timestamp_seconds", NOW - HOUR),
    ),
    "chain_tips": Example(
        body=chain_tips(tip(HEIGHT, NOW - 60, 5), tip(HEIGHT, NOW - 90, 2), tip(HEIGHT - 4, NOW - 3000, 1)),
        samples={
            'tip_height{source="forkmonitor"}': HEIGHT,
            'tip_timestamp_seconds{source="forkmonitor"}': NOW - 90,
            "forkmonitor_chain_tips": 3,
            "forkmonitor_competing_tips": 2,
            "forkmonitor_tip_spread_blocks": 4,
            "forkmonitor_nodes": 8,
        },
        refused={"no tips": Refusal("[]", Reason.EMPTY)},
    ),
    "stale_candidates_listed": Example(
        body=json.dumps([{"height": HEIGHT, "n_children": 2}, {"height": HEIGHT - 700, "n_children": 3}]),
        samples={"stale_candidates_listed": 2},
        refused={"an object in place of a list": Refusal("{}", Reason.FORMAT)},
    ),
}
