"""Every body recorded from Bitnodes and its successor, good and bad, and what the exporter makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.errors import Reason
from exporter.sources.bitnodes import SOURCE
from tests.recorded.reading import Bad, Good, check

FOLDER: Final = "bitnodes"

# No endpoint of ours asks for these; whoever answers with them is refused.
LEADERBOARD: Final = Bad("snapshots", Reason.FORMAT, "total_nodes")

WANTED: Final[dict[str, Good | Bad]] = {
    "error-429.1.json": Bad("summary", Reason.RATE_LIMITED, "63768 seconds"),
    "nodes-leaderboard.1.json": LEADERBOARD,
    "nodes-leaderboard.2.json": LEADERBOARD,
    "nodes-leaderboard.3.json": LEADERBOARD,
    "nodes-status.1.json": Bad("summary", Reason.FORMAT, "total_nodes"),
    "snapshots-latest.1.json": Good(
        "snapshot",
        {
            "nodes_listed": 300,
            'nodes_listed_network_nodes{network="ipv4"}': 244,
            'nodes_listed_network_nodes{network="ipv6"}': 48,
            'nodes_listed_network_nodes{network="onion"}': 8,
            "nodes_autonomous_systems": 167,
            # 24 of the 292 clearnet nodes are in AS24940.
            'nodes_listed_autonomous_system_top_share_ratio{top="1"}': 24 / 292,
            "nodes_countries": 41,
            'nodes_listed_client_family_share_ratio{family="core"}': 0.87,
        },
        data_time=1_479_098_506,
    ),
    "snapshots-latest.2-tiny.json": Good(
        "snapshot", {"nodes_listed": 2, "nodes_countries": 2, "nodes_client_versions": 2}, data_time=1_418_442_876
    ),
    "snapshots-latest.3-DERIVED.json": Good(
        "snapshot",
        {
            "nodes_listed": 400,
            'nodes_listed_network_nodes{network="onion"}': 194,
            'nodes_country_top_share_ratio{top="1"}': 47 / 206,
            'nodes_feature_share_ratio{feature="witness"}': 0.995,
            "nodes_lagging_ratio": 1 / 399,
        },
        data_time=1_663_113_591,
    ),
    "snapshots-latest.4-one-row.json": Bad("snapshot", Reason.EMPTY, "nodes"),
    "snapshots-list.1.json": Good(
        "snapshots",
        {"nodes_recent_median": 5334, "nodes_recent_minimum": 5320, "nodes_recent_maximum": 5342},
        data_time=1_479_100_174,
    ),
    "snapshots-list.2.json": Good("snapshots", {"nodes_recent_median": 6165.5}, data_time=1_418_443_208),
    "snapshots-list.3.json": Good(
        "snapshots",
        {"nodes_recent_median": 20_772, "nodes_recent_minimum": 20_214, "nodes_recent_maximum": 20_781},
        data_time=1_735_685_327,
    ),
    "successor-snapshots-latest-top.1.json": Good(
        "summary",
        {
            "nodes_reachable": 25_976,
            'nodes_network_nodes{network="onion"}': 12_724,
            'nodes_network_nodes{network="i2p"}': 4164,
            'nodes_network_share_ratio{network="ipv4"}': 7813 / 25_976,
            'nodes_autonomous_system_top_share_ratio{top="1"}': 888 / 9084,
            'nodes_autonomous_system_top_share_ratio{top="8"}': 3477 / 9084,
            "nodes_client_top_share_ratio": 0.2445,
            "nodes_client_listed_ratio": 0.6722,
            'nodes_client_family_share_ratio{family="knots"}': 5.12 / 67.22,
            "nodes_crawl_coverage_ratio": 1,
        },
        data_time=1_789_844_765,
    ),
    "successor-snapshots-list.4.json": Good("snapshots", {"nodes_recent_median": 25_941}, data_time=1_789_843_317),
}


def test_every_recorded_body_has_an_expectation(recorded: Path) -> None:
    assert {file.name for file in (recorded / FOLDER).iterdir()} == WANTED.keys()


@pytest.mark.parametrize(("name", "want"), WANTED.items(), ids=list(WANTED))
def test_a_recorded_body_becomes_what_is_expected(recorded: Path, name: str, want: Good | Bad) -> None:
    check(SOURCE, recorded / FOLDER / name, want)
