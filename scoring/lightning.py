"""Lightning Network: whether the second layer keeps its liquidity, and how few parties hold it."""

from __future__ import annotations

from typing import Final

from scoring.curves import linear
from scoring.indicator import Indicator, Level, Pillar, Ratio
from scoring.reading import series

STATISTICS: Final = "mempool.space /api/v1/lightning/statistics/latest and /1y"
HALF_LOST: Final = "judgement: half of what the network had within the year is gone"
AT_MAXIMUM: Final = "arithmetic: never more within the year"
ONE_GRAPH: Final = "each explorer sees its own part of the channel graph, so that counts cannot take over"


def _against_maximum(quantity: str, unit: str = "") -> Ratio:
    suffix = f"_{unit}" if unit else ""
    return Ratio(
        f"btchealth_lightning_{quantity}{suffix}",
        series(f"btchealth_lightning_{quantity}_maximum{suffix}", window="365d"),
    )


def _change(quantity: str) -> Level:
    return Level(series(f"btchealth_lightning_{quantity}_change_ratio", window="30d"))


LIGHTNING: Final = Pillar(
    "lightning",
    "Lightning Network",
    0.15,
    "Is there liquidity to route payments, does it grow, and does it hang on few parties?",
    (
        Indicator(
            "lightning_capacity",
            "Public capacity against its 365-day maximum",
            _against_maximum("capacity", "bitcoins"),
            linear((0.5, 0, HALF_LOST), (1.0, 100, AT_MAXIMUM)),
            weight=0.18,
            source=STATISTICS,
            alone=ONE_GRAPH,
            why=(
                "Liquidity that leaves makes payments fail; the level grows with the years, its distance "
                "from the maximum does not."
            ),
            daily=True,
        ),
        Indicator(
            "lightning_capacity_growth",
            "Change of public capacity in 30 days",
            _change("capacity"),
            linear(
                (-0.2, 0, "the fastest decline, -18 % in 30 days of August 2019"),
                (0.0, 75, "arithmetic: as much as a month ago, by convention worth 75"),
                (0.4, 100, "the fastest growth, +37 % in 30 days to August 2021"),
            ),
            weight=0.14,
            source=STATISTICS,
            alone=ONE_GRAPH,
            why="A maximum cannot tell standing still from growing; the change can, both ways.",
            unit="signed ratio",
            daily=True,
        ),
        Indicator(
            "lightning_channels",
            "Public channels against their 365-day maximum",
            _against_maximum("channels"),
            linear((0.5, 0, HALF_LOST), (1.0, 100, AT_MAXIMUM)),
            weight=0.20,
            source=STATISTICS,
            alone=ONE_GRAPH,
            why="Fewer channels mean fewer routes.",
            daily=True,
        ),
        Indicator(
            "lightning_channels_growth",
            "Change of public channels in 30 days",
            _change("channels"),
            linear(
                (
                    -0.2,
                    0,
                    "judgement: as for capacity; twice the fastest decline so far (-9 %, June 2019)",
                ),
                (0.0, 75, "arithmetic: as many as a month ago, by convention worth 75"),
                (0.4, 100, "the growth of the first months of 2019 (0.53 in March)"),
            ),
            weight=0.12,
            source=STATISTICS,
            alone=ONE_GRAPH,
            why="Channels opening or closing in numbers come before capacity follows.",
            unit="signed ratio",
            daily=True,
        ),
        Indicator(
            "lightning_nodes",
            "Public nodes against their 365-day maximum",
            _against_maximum("nodes"),
            linear((0.5, 0, HALF_LOST), (1.0, 100, AT_MAXIMUM)),
            weight=0.14,
            source=STATISTICS,
            alone=ONE_GRAPH,
            why="People who run a node are the network's independence.",
            daily=True,
        ),
        Indicator(
            "lightning_top_capacity",
            "Capacity share of the ten largest nodes",
            Level(series("btchealth_lightning_top_capacity_ratio", top="10")),
            linear(
                (0.1, 100, "arithmetic: a hundred equal nodes"),
                (
                    0.8,
                    0,
                    (
                        "judgement: at 0.5 the ten can already sit at one end of every channel, at 1 they own both; "
                        "between the two worse can still be told from bad"
                    ),
                ),
            ),
            weight=0.10,
            source="mempool.space /api/v1/lightning/nodes/rankings/liquidity; channels count at both ends",
            alone=ONE_GRAPH,
            why="Few hubs can censor, fail or be subpoenaed together.",
            daily=True,
            other_face="Large hubs also make routes short and reliable.",
        ),
        Indicator(
            "lightning_provider",
            "Capacity share of the largest hosting provider",
            Level(series("btchealth_lightning_provider_share_ratio", top="1")),
            linear(
                (0.05, 100, "arithmetic: twenty equal providers"),
                (
                    0.6,
                    0,
                    "judgement: at 0.5 every channel can have one end with this provider, who could switch it off",
                ),
            ),
            weight=0.07,
            source="mempool.space /api/v1/lightning/nodes/isp-ranking; channels count at both ends",
            alone=ONE_GRAPH,
            why="Nodes in one data centre fail together.",
            daily=True,
        ),
        Indicator(
            "lightning_country",
            "Node share of the largest country",
            Level(series("btchealth_lightning_country_share_ratio", top="1")),
            linear(
                (0.1, 100, "arithmetic: ten equal countries"),
                (0.8, 0, "judgement: four of five nodes under one law"),
            ),
            weight=0.05,
            source="mempool.space /api/v1/lightning/nodes/countries",
            alone=ONE_GRAPH,
            why="Nodes under one law can be shut by one law.",
            daily=True,
        ),
    ),
)
