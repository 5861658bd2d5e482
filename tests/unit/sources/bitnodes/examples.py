"""Made-up answers of Bitnodes-style crawlers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

TIME: Final = 1_750_000_000
HEIGHT: Final = 900_000

TOP: Final[Mapping[str, Any]] = {
    "top_asns": [["TOR", 5000], ["I2P", 900], *([f"AS{number}", 500 - 50 * number] for number in range(1, 9))],
    "top_user_agents": [
        ["/Satoshi:29.0.0/", 40.0, HEIGHT],
        ["/Satoshi:28.0.0(Umbrel)/", 20.0, HEIGHT],
        ["/Satoshi:28.1.0/Knots:20250305/", 15.0, HEIGHT],
        ["/btcd:0.24.2/", 5.0, HEIGHT - 3],
    ],
}
METADATA: Final[Mapping[str, Any]] = {
    "complete": True,
    "validation_coverage_percent": 97.5,
    "networks": {"tor": 5000, "ipv4": 3500, "ipv6": 500, "i2p": 900, "cjdns": 100},
    "node_modes": {"full": 100, "pruned": 9900},
    "reachable_nodes": 10_500,
}


def summary(*, top: Any = TOP, metadata: Any = METADATA, **changes: Any) -> str:
    """A key set to `...` is left out."""
    body = {
        "timestamp": TIME,
        "total_nodes": 10_000,
        "latest_height": HEIGHT,
        "metadata": metadata,
        "top": top,
        **changes,
    }
    return json.dumps({name: value for name, value in body.items() if value is not ...})


def crawls(*totals: int, newest: int = TIME) -> str:
    results = [
        {"url": f"/api/v1/snapshots/{newest - 600 * place}/", "timestamp": newest - 600 * place, "total_nodes": total,
         "latest_height": HEIGHT}
        for place, total in enumerate(totals)
    ]  # fmt: skip
    return json.dumps({"count": 4000, "next": "/api/v1/snapshots/?page=2", "previous": None, "results": results})


def row(agent: str = "/Satoshi:29.0.0/", height: int = HEIGHT, **place: Any) -> list[Any]:
    """Thirteen columns; `since` 100 s before the crawl, services network, witness and encrypted transport."""
    known = {"country": "DE", "system": "AS24940", "services": 1 + 8 + 2048, "since": TIME - 100, **place}
    return [
        70016, agent, known["since"], known["services"], height, "host.example", None, known["country"], 51.0, 9.0,
        "Europe/Berlin", known["system"], "An operator",
    ]  # fmt: skip


TOR_ROW: Final = [
    70016, "/Satoshi:29.0.0/", TIME - 300, 1 + 8 + 1024, HEIGHT, None, None, None, 0.0, 0.0, None, "TOR", "Tor network",
]  # fmt: skip

NODES: Final[Mapping[str, Any]] = {
    "192.0.2.1:8333": row(),
    "192.0.2.2:8333": row("/Satoshi:28.1.0/Knots:20250305/", HEIGHT - 7, country="US", system="AS1"),
    "192.0.2.3:8333": row("/btcd:0.24.2/", HEIGHT + 7, country="US", system="AS1", services=1),
    "[2001:db8::1]:8333": row(height=0, country=None, system=None),
    "[fc00::1]:8333": row(country=None, system=None),
    "abcdefghijklmnop.b32.i2p:0": row(country=None, system=None),
    "abcdefghijklmnop.onion:8333": TOR_ROW,
    "bcdefghijklmnopq.onion:8333": TOR_ROW,
}


def snapshot(nodes: Any = NODES, **changes: Any) -> str:
    body = {"timestamp": TIME, "total_nodes": 8, "latest_height": HEIGHT, "nodes": nodes, **changes}
    return json.dumps({name: value for name, value in body.items() if value is not ...})


def evenness(*shares: float, classes: int) -> float:
    return -sum(share * math.log(share) for share in shares) / math.log(classes)


EXAMPLES: Final = {
    "summary": Example(
        body=summary(),
        samples={
            "nodes_reachable": 10_000,
            "nodes_snapshot_height": HEIGHT,
            "nodes_crawl_coverage_ratio": 0.975,
            'nodes_network_nodes{network="ipv4"}': 3500,
            'nodes_network_nodes{network="ipv6"}': 500,
            'nodes_network_nodes{network="onion"}': 5000,
            'nodes_network_nodes{network="i2p"}': 900,
            'nodes_network_nodes{network="cjdns"}': 100,
            'nodes_network_share_ratio{network="ipv4"}': 0.35,
            'nodes_network_share_ratio{network="ipv6"}': 0.05,
            'nodes_network_share_ratio{network="onion"}': 0.5,
            'nodes_network_share_ratio{network="i2p"}': 0.09,
            'nodes_network_share_ratio{network="cjdns"}': 0.01,
            "nodes_network_entropy_ratio": evenness(0.35, 0.05, 0.5, 0.09, 0.01, classes=5),
            # Of the 4000 clearnet nodes.
            'nodes_autonomous_system_top_share_ratio{top="1"}': 0.1125,
            'nodes_autonomous_system_top_share_ratio{top="3"}': 0.3,
            'nodes_autonomous_system_top_share_ratio{top="8"}': 0.55,
            "nodes_client_top_share_ratio": 0.4,
            "nodes_client_listed_ratio": 0.8,
            'nodes_client_family_share_ratio{family="core"}': 0.75,
            'nodes_client_family_share_ratio{family="knots"}': 0.1875,
            'nodes_client_family_share_ratio{family="other"}': 0.0625,
        },
        refused={
            "a crawl that hides its age": Refusal(summary(timestamp=...), Reason.FORMAT),
            "a time in milliseconds": Refusal(summary(timestamp=TIME * 1000), Reason.FORMAT),
            "a crawl that has not ended": Refusal(
                summary(metadata={**METADATA, "complete": False}), Reason.INCONSISTENT
            ),
            "the daily limit": Refusal(
                '{"detail": "Request was throttled. Expected available in 63768 seconds."}', Reason.RATE_LIMITED
            ),
        },
        data_time=TIME,
    ),
    "snapshots": Example(
        body=crawls(10_000, 9_000, 9_500),
        samples={"nodes_recent_median": 9_500, "nodes_recent_minimum": 9_000, "nodes_recent_maximum": 10_000},
        refused={"no crawls": Refusal(crawls(), Reason.EMPTY)},
        data_time=TIME,
    ),
    "snapshot": Example(
        body=snapshot(),
        samples={
            "nodes_listed": 8,
            'nodes_listed_network_nodes{network="ipv4"}': 3,
            'nodes_listed_network_nodes{network="ipv6"}': 1,
            'nodes_listed_network_nodes{network="onion"}': 2,
            'nodes_listed_network_nodes{network="i2p"}': 1,
            'nodes_listed_network_nodes{network="cjdns"}': 1,
            "nodes_autonomous_systems": 2,
            'nodes_listed_autonomous_system_top_share_ratio{top="1"}': 0.5,
            'nodes_listed_autonomous_system_top_share_ratio{top="3"}': 0.75,
            'nodes_listed_autonomous_system_top_share_ratio{top="10"}': 0.75,
            "nodes_countries": 2,
            'nodes_country_top_share_ratio{top="1"}': 2 / 3,
            'nodes_country_top_share_ratio{top="3"}': 1,
            'nodes_country_top_share_ratio{top="10"}': 1,
            'nodes_listed_client_family_share_ratio{family="core"}': 0.75,
            'nodes_listed_client_family_share_ratio{family="knots"}': 0.125,
            'nodes_listed_client_family_share_ratio{family="other"}': 0.125,
            "nodes_client_versions": 3,
            "nodes_client_entropy_ratio": evenness(0.75, 0.125, 0.125, classes=3),
            'nodes_feature_share_ratio{feature="network"}': 1,
            'nodes_feature_share_ratio{feature="witness"}': 0.875,
            'nodes_feature_share_ratio{feature="compact_filters"}': 0,
            'nodes_feature_share_ratio{feature="network_limited"}': 0.25,
            'nodes_feature_share_ratio{feature="p2p_v2"}': 0.625,
            # Seven nodes have a height.
            "nodes_lagging_ratio": 1 / 7,
            "nodes_ahead_ratio": 1 / 7,
            # Since the hour before, which began 400 s ago.
            "nodes_connected_median_seconds": 400,
        },
        refused={
            "nodes in a list instead of an object": Refusal(snapshot([NODES]), Reason.EMPTY),
            "no nodes": Refusal(snapshot({}), Reason.EMPTY),
            "a crawl that hides its age": Refusal(snapshot(timestamp=...), Reason.FORMAT),
            "a body that ends too early": Refusal(snapshot()[:-20], Reason.FORMAT),
            "the daily limit": Refusal(
                '{"detail": "Request was throttled. Expected available in 63768 seconds."}', Reason.RATE_LIMITED
            ),
        },
        data_time=TIME,
    ),
}
