"""Every body rebuilt from the source code of ForkMonitor and fork-observer, and what the exporter makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from exporter.sources import fork_observer, forkmonitor
from exporter.spec import DAY
from tests.recorded.reading import Good, check

# Shortly after the only items: a stale candidate of 2024-10-12, nodes of 2025-12-16.
STALE_SEEN: Final = 1_728_744_630
LAGGING_SEEN: Final = 1_765_861_800
# Header time of the stale block at height 951,052.
STALE_MINED: Final = 1_779_758_025

WATCHERS: Final = {"forkmonitor": forkmonitor.SOURCE, "fork-observer": fork_observer.SOURCE}

WANTED: Final[dict[str, dict[str, Good]]] = {
    "forkmonitor": {
        "chaintips.1-RECONSTRUCTED.json": Good(
            "chain_tips",
            {
                'tip_height{source="forkmonitor"}': 967_731,
                'tip_timestamp_seconds{source="forkmonitor"}': 1_789_842_486,
                "forkmonitor_chain_tips": 1,
                "forkmonitor_competing_tips": 1,
                "forkmonitor_nodes": 1,
            },
        ),
        "invalid_blocks.1-RECONSTRUCTED-empty.rss": Good(
            "invalid_blocks", {'invalid_blocks{window="30d"}': 0}, data_time=LAGGING_SEEN, read_at=LAGGING_SEEN
        ),
        "lagging_nodes.1-RECONSTRUCTED.rss": Good(
            "lagging_nodes",
            {'forkmonitor_lagging_nodes{window="24h"}': 1},
            data_time=LAGGING_SEEN + 60,
            read_at=LAGGING_SEEN + 60,
        ),
        "stale_candidates.1-RECONSTRUCTED.json": Good("stale_candidates_listed", {"stale_candidates_listed": 1}),
        "stale_candidates.1-RECONSTRUCTED.rss": Good(
            "stale_candidates",
            {
                'stale_candidates{window="30d"}': 0,
                'stale_candidates{window="90d"}': 1,
                "stale_candidate_last_height": 865_333,
                "stale_candidate_last_timestamp_seconds": STALE_SEEN,
            },
            data_time=STALE_SEEN + 60 * DAY,
            read_at=STALE_SEEN + 60 * DAY,
        ),
        "stale_candidates.2-empty-RECONSTRUCTED.rss": Good(
            "stale_candidates",
            {'stale_candidates{window="30d"}': 0},
            absent=("stale_candidate_last_height",),
            data_time=STALE_SEEN,
            read_at=STALE_SEEN,
        ),
        # Unreachable since four hours before the other item.
        "unreachable_nodes.1-RECONSTRUCTED.rss": Good(
            "unreachable_nodes",
            {'forkmonitor_unreachable_nodes{window="24h"}': 1},
            data_time=LAGGING_SEEN,
            read_at=LAGGING_SEEN,
        ),
    },
    "fork-observer": {
        "data.1-RECONSTRUCTED.json": Good(
            "data",
            {
                'tip_height{source="fork_observer"}': 967_731,
                'difficulty{source="fork_observer"}': 132_757_073_449_487,
                "fork_observer_nodes": 2,
                "fork_observer_reachable_nodes": 1,
                # The fork of height 951,052 is older than ninety days of blocks.
                'fork_observer_forks{window="90d"}': 0,
            },
        ),
        "networks.1-RECONSTRUCTED.json": Good("networks", {"fork_observer_networks": 3}),
        "rss-forks.1-RECONSTRUCTED.xml": Good(
            "forks_feed", {"fork_observer_feed_forks": 1, "fork_observer_fork_last_height": 951_052}
        ),
        "rss-lagging.1-RECONSTRUCTED.xml": Good("lagging_feed", {"fork_observer_feed_lagging_nodes": 1}),
        "stale.1-RECONSTRUCTED.json": Good(
            "stale",
            {'fork_observer_stale_blocks{window="30d"}': 1, 'fork_observer_stale_blocks{window="90d"}': 1},
            data_time=STALE_MINED + DAY,
            read_at=STALE_MINED + DAY,
        ),
    },
}

CASES: Final = [(folder, name) for folder, files in WANTED.items() for name in files]


@pytest.mark.parametrize("folder", WANTED)
def test_every_recorded_body_has_an_expectation(recorded: Path, folder: str) -> None:
    assert {file.name for file in (recorded / folder).iterdir()} == WANTED[folder].keys()


@pytest.mark.parametrize(("folder", "name"), CASES, ids=[name for _, name in CASES])
def test_a_recorded_body_becomes_what_is_expected(recorded: Path, folder: str, name: str) -> None:
    check(WATCHERS[folder], recorded / folder / name, WANTED[folder][name])
