"""Decentralization & Resilience: how many independent parties have to fail or collude."""

from __future__ import annotations

from typing import Final

from scoring.curves import linear, logarithmic
from scoring.indicator import Indicator, Largest, Level, Pillar
from scoring.reading import series

POOLS: Final = "mempool.space /api/v1/mining/pools/1w, pools merged by owner"
ONE_CRAWLER: Final = "crawlers reach different nodes, so that their counts cannot take over from one another"


def _herfindahl(window: str) -> Level:
    return Level(series("btchealth_mining_pool_herfindahl_ratio", grouping="owner", window=window))


def _top(count: str, window: str) -> Level:
    return Level(series("btchealth_mining_pool_top_share_ratio", grouping="owner", top=count, window=window))


def _nakamoto(window: str) -> Level:
    return Level(series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window=window))


DECENTRALIZATION: Final = Pillar(
    "decentralization",
    "Decentralization & Resilience",
    0.25,
    "How many independent parties would have to fail or collude to censor or split the network?",
    (
        Indicator(
            "pool_concentration",
            "Herfindahl index of mining pools, merged by owner, 7 days",
            _herfindahl("7d"),
            logarithmic(
                (0.05, 100, "arithmetic: twenty equal pools; the lowest week was 0.075 (October 2021)"),
                (
                    0.5,
                    0,
                    "arithmetic: two equal pools; the highest week was 0.24 (February 2018)",
                ),
            ),
            weight=0.25,
            source=POOLS,
            why=(
                "One number for the whole distribution; unknown blocks count as a finder each, their share "
                "is shown beside it."
            ),
            fallbacks=(_herfindahl("24h"),),
        ),
        Indicator(
            "pool_largest",
            "Share of the largest pool owner, 7 days",
            _top("1", "7d"),
            linear(
                (0.1, 100, "arithmetic: ten equal pools"),
                (
                    0.5,
                    0,
                    (
                        "the protocol's limit, a majority: one party can rewrite the chain and censor "
                        "(GHash.io held it for hours in June 2014)"
                    ),
                ),
            ),
            weight=0.20,
            source=POOLS,
            why=(
                "Distance from a majority is the one limit that the protocol sets; at a third selfish "
                "mining begins to pay."
            ),
            fallbacks=(_top("1", "24h"),),
        ),
        Indicator(
            "pool_two_largest",
            "Share of the two largest pool owners, 7 days",
            _top("2", "7d"),
            linear(
                (0.2, 100, "arithmetic: ten equal pools"),
                (0.6, 0, "two owners far above a majority; the highest week was 0.58 (February 2018)"),
            ),
            weight=0.14,
            source=POOLS,
            why="Two phone calls: a majority of two can be arranged in an afternoon.",
            fallbacks=(_top("2", "24h"),),
        ),
        Indicator(
            "pool_nakamoto",
            "Pool owners needed for a majority, 7 days",
            _nakamoto("7d"),
            linear(
                (1.0, 0, "arithmetic: one owner suffices"),
                (6.0, 100, "six owners; one more than in any week of 2016-2022"),
            ),
            weight=0.05,
            source=POOLS,
            why="The number that people quote; it moves in steps, so it weighs less than the shares behind it.",
            unit="owners",
            fallbacks=(_nakamoto("24h"),),
        ),
        Indicator(
            "node_host_largest",
            "Share of reachable clearnet nodes in the largest network",
            Level(series("btchealth_nodes_autonomous_system_top_share_ratio", top="1")),
            linear(
                (0.05, 100, "arithmetic: twenty equal networks"),
                (
                    1 / 3,
                    0,
                    ("judgement: one company could disconnect every third node that new peers find"),
                ),
            ),
            weight=0.16,
            source="Bitnodes-style crawler, snapshot summary",
            alone=ONE_CRAWLER,
            why=(
                "Node counts rise when one company rents a thousand machines; the share of the largest host"
                " shows it, a count does not."
            ),
            daily=True,
        ),
        Indicator(
            "node_hosts_eight",
            "Share of reachable clearnet nodes in the eight largest networks",
            Level(series("btchealth_nodes_autonomous_system_top_share_ratio", top="8")),
            linear(
                (0.16, 100, "arithmetic: fifty equal networks"),
                (
                    0.9,
                    0,
                    (
                        "judgement: hardly a node outside eight companies; at 1 there would be none, and a crisis must "
                        "show before"
                    ),
                ),
            ),
            weight=0.06,
            source="Bitnodes-style crawler, snapshot summary",
            alone=ONE_CRAWLER,
            why="Catches a spread over several large hosts that the largest one alone hides.",
            daily=True,
        ),
        Indicator(
            "node_networks",
            "Evenness of reachable nodes over IPv4, IPv6, Tor, I2P and CJDNS",
            Level("btchealth_nodes_network_entropy_ratio"),
            linear(
                (0.0, 0, "arithmetic: one network only, one filter cuts all"),
                (
                    0.8,
                    100,
                    "judgement: between three (0.68) and four (0.86) of five networks, all alike",
                ),
            ),
            weight=0.06,
            source="Bitnodes-style crawler, snapshot summary",
            alone=ONE_CRAWLER,
            why="A second network keeps nodes reachable when the first is filtered or routed away.",
            daily=True,
        ),
        Indicator(
            "node_client",
            "Share of the larger client implementation, Core or Knots, among the ten most frequent versions",
            Largest(
                tuple(series("btchealth_nodes_client_family_share_ratio", family=name) for name in ("core", "knots"))
            ),
            linear(
                (0.5, 100, "arithmetic: no implementation has a majority"),
                (1.0, 0, "arithmetic: one code base, a bug in it is everybody's bug (CVE-2010-5139, CVE-2018-17144)"),
            ),
            weight=0.08,
            source="Bitnodes-style crawler, snapshot summary",
            alone=ONE_CRAWLER,
            why="A defect in the implementation that nearly everybody runs stops or splits everybody at once.",
            daily=True,
            other_face=(
                "Several implementations can disagree about the rules and split the chain: "
                "fork_depth and invalid_blocks in the security pillar."
            ),
        ),
    ),
)
