"""The panels that are meant to show an incident of the network or a fault of a source do change in it.

A real exporter reads the simulator in its scenario, and a real Prometheus scrapes it; each scenario is a job of its own
beside the healthy world, so that panels of both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

import pytest

from tests.blackbox.machine_room import SOURCES, Program, Room, until
from tests.dashboards import panels
from tests.integration.panels import JOB, Server, View, complete, dashboard, now, passed

pytestmark = pytest.mark.torture

SPAN: Final = 120.0
PATIENCE: Final = 180.0
# What moves less may be the world's own chance.
LEAST: Final = 0.03


class Seen(NamedTuple):
    """A panel, and whether it rises: the sum of its series with these labels, 0 where there is none."""

    board: str
    title: str
    rises: bool
    labels: tuple[tuple[str, str], ...] = ()
    ref: str = "A"


def pillar(name: str) -> tuple[Seen, ...]:
    return (
        Seen(name, "How healthy is it?", False),
        Seen("overview", "Which pillar is weak?", False, (("pillar", name),)),
        Seen("overview", "Which pillar moved?", False, (("pillar", name),)),
        Seen("overview", "Is Bitcoin healthy?", False),
        Seen("overview", "How has the score moved?", False, (), "C"),
    )


def indicator(board: str, name: str) -> tuple[Seen, ...]:
    chosen = (("indicator", name),)
    return (
        Seen(board, "Which indicator is weak?", False, chosen),
        Seen(board, "How have the indicators moved?", False, chosen),
        Seen(board, "What lost points?", True, chosen),
        Seen("overview", "What lost the most points?", True, chosen),
    )


INCIDENTS: Final[Mapping[str, tuple[Seen, ...]]] = {
    "hashrate-collapse": (
        *pillar("security"), *indicator("security", "hashrate_quarter"),
        Seen("security", "How far is the hash rate below its 90-day high?", False),
        Seen("security", "How far is the hash rate below its high of the year?", False),
        Seen("security", "Were this week's blocks on time?", False),
        Seen("security", "How much is hashing?", False),
        Seen("security", "What will the next retarget do?", False),
        Seen("throughput", "Were today's blocks on time?", False),
        Seen("overview", "How much is hashing?", False),
    ),
    "pool-majority": (
        *pillar("decentralization"), *indicator("decentralization", "pool_largest"),
        Seen("decentralization", "How large is the largest pool owner?", True),
        Seen("decentralization", "How large are the two largest together?", True),
        Seen("decentralization", "How many owners make a majority?", False),
        Seen("decentralization", "How concentrated is mining?", True),
        Seen("decentralization", "How do groupings change the picture?", True),
    ),
    "fee-spike": (
        *pillar("throughput"), *indicator("throughput", "fee_usd"),
        Seen("throughput", "What does the next block cost?", True),
        Seen("throughput", "What does a transaction cost in dollars?", True),
        Seen("throughput", "Are fees out of the ordinary?", True),
        Seen("throughput", "What do fees look like?", True),
        Seen("throughput", "What does an ordinary payment cost?", True),
        Seen("overview", "Next block's fee rate?", True),
    ),
    "mempool-flood": (
        Seen("throughput", "How many blocks would clear the mempool?", True),
        Seen("throughput", "How much is waiting?", True),
        Seen("throughput", "How many transactions wait?", True),
        Seen("throughput", "Which indicator is weak?", False, (("indicator", "backlog"),)),
        Seen("overview", "How much is waiting?", True),
    ),
    "reorg": (
        Seen("security", "How deep was the deepest reorganisation?", True),
        Seen("security", "How many blocks were lost to races?", True),
        Seen("security", "Which indicator is weak?", False, (("indicator", "fork_depth"),)),
    ),
    "lightning-exodus": (
        *pillar("lightning"), *indicator("lightning", "lightning_capacity"),
        Seen("lightning", "How much of the year's highest capacity is left?", False),
        Seen("lightning", "How much can be routed?", False),
        Seen("lightning", "How many channels?", False),
        Seen("lightning", "How many nodes?", False),
    ),
}  # fmt: skip


def late(source: str) -> tuple[Seen, ...]:
    """What every source that brings nothing shows."""
    chosen = (("source", source),)
    return (
        Seen("sources", "Which requests fail, and why?", True, chosen),
        Seen("sources", "How is each source doing?", False, chosen, "B"),
        Seen("overview", "How fresh is each source?", False, chosen),
    )


def down(source: str) -> tuple[Seen, ...]:
    chosen = (("source", source),)
    return (
        *late(source),
        Seen("sources", "Which sources are up?", False, chosen),
        Seen("sources", "How is each source doing?", False, chosen),
        Seen("sources", "When was each endpoint read?", False, chosen),
    )


def unsure(board: str) -> tuple[Seen, ...]:
    return (
        Seen(board, "How sure is it?", False, (), "C"),
        Seen("overview", "How sure is the score?", False, (), "C"),
        Seen("overview", "How sure is the score?", False),
    )


FAULTS: Final[Mapping[str, tuple[Seen, ...]]] = {
    "outage:mempool_space": (
        *down("mempool_space"), *unsure("security"), *unsure("lightning"),
        Seen("overview", "Is Bitcoin healthy?", False),
    ),
    "outage:coingecko": down("coingecko"),
    "outage:blockchain_com": (*down("blockchain_com"), *unsure("adoption")),
    "outage:bitnodes": (*down("bitnodes"), *unsure("decentralization")),
    "outage:forkmonitor": down("forkmonitor"),
    "outage:fork_observer": down("fork_observer"),
    "slow:mempool_space": (*late("mempool_space"), *unsure("security")),
    "rate-limited:mempool_space": (*late("mempool_space"), *unsure("security")),
    "garbage:mempool_space": (*late("mempool_space"), *unsure("security")),
    "schema-drift:mempool_space": (
        Seen("sources", "Which responses have fields we do not know?", True),
        Seen("sources", "Which fields are refused?", True),
        Seen("sources", "How is each source doing?", False, (("source", "mempool_space"),), "B"),
    ),
}  # fmt: skip
ALL: Final = {**INCIDENTS, **FAULTS}


def reading(view: View, seen: Seen) -> float | None:
    """None where the panel has no such series."""
    (panel,) = (one for one in panels(view.dashboard) if one["title"] == seen.title)
    (target,) = (one for one in panel["targets"] if one["refId"] == seen.ref)
    fitting = [one for one in view.answer(target) if dict(seen.labels).items() <= one.labels.items()]
    return sum(one.points[-1][1] for one in fitting) if fitting else None


class Watched:
    """Prometheus, with the healthy world's readings of all panels that any scenario changes."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.server = Server(room)
        exporter, _ = self.start(JOB)
        until(lambda: complete(exporter), "every endpoint is read")
        last = f'job_source:btchealth_endpoints_fresh_per_endpoint:ratio{{job="{JOB}"}}'
        until(lambda: self.server.instant(last), "rules are evaluated")
        begun = now()
        until(lambda: now() > begun + 5, "two more rounds")
        self.healthy = {seen: self.reading(JOB, seen) for wanted in ALL.values() for seen in wanted}

    def start(self, job: str, *scenario: str) -> tuple[Program, Program]:
        self.room.forget_data()
        simulator = self.room.simulator(*scenario)
        exporter = self.room.exporter(simulator.url)
        self.server.watch(job, exporter)
        return exporter, simulator

    @contextmanager
    def playing(self, scenario: str) -> Iterator[Program]:
        """Yields an exporter that has known nothing but the scenario."""
        exporter, simulator = self.start(scenario, "--scenario", scenario)
        try:
            yield exporter
        finally:
            self.server.forget(scenario)
            exporter.stop()
            simulator.stop()

    def reading(self, job: str, seen: Seen) -> float | None:
        return reading(View(self.server, dashboard(seen.board), self.server.scraped(job), job, SPAN), seen)

    def become_changed(self, scenario: str) -> list[str]:
        """What does not differ from the healthy world, once all does or nobody wants to wait any longer."""
        end = now() + PATIENCE
        while (left := self._unchanged(scenario)) and now() < end:
            passed(1)
        return left

    def _unchanged(self, scenario: str) -> list[str]:
        found = []
        for seen in ALL[scenario]:
            before, after = self.healthy[seen] or 0.0, self.reading(scenario, seen) or 0.0
            if (after - before if seen.rises else before - after) <= LEAST * abs(before):
                found.append(f"{seen}: {before:g} -> {after:g}")
        return found


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    room = Room(tmp_path_factory.mktemp("room"))
    try:
        yield Watched(room)
    finally:
        room.close()


@pytest.mark.parametrize("scenario", INCIDENTS)
def test_the_panels_that_are_meant_to_show_an_incident_change(watched: Watched, scenario: str) -> None:
    """Only once everything is read, because a panel without data would seem to have fallen."""
    with watched.playing(scenario) as exporter:
        until(lambda: complete(exporter), f"every endpoint of {scenario} is read", PATIENCE)
        assert watched.become_changed(scenario) == []
        assert [seen for seen in INCIDENTS[scenario] if watched.reading(scenario, seen) is None] == []


@pytest.mark.parametrize("scenario", FAULTS)
def test_the_panels_that_are_meant_to_show_a_fault_of_a_source_change(watched: Watched, scenario: str) -> None:
    """Other sources stay as they are: what is seen is this fault, and not a start that is not over."""
    faulty = scenario.partition(":")[2]
    others = [Seen("sources", "Which sources are up?", True, (("source", one),)) for one in SOURCES if one != faulty]
    with watched.playing(scenario):
        until(lambda: all(watched.reading(scenario, one) for one in others), "the other sources are up", PATIENCE)
        assert watched.become_changed(scenario) == []
        assert [one for one in others if watched.reading(scenario, one) != 1] == []


def unchanged_for(watched: Watched, job: str) -> float:
    """Seconds since the mempool was last seen to differ, as the table of endpoints says."""
    seen = Seen("sources", "When was each endpoint read?", True, (("endpoint", "mempool"),), "D")
    return now() - (watched.reading(job, seen) or 0.0) / 1000


def test_data_that_stand_still_are_seen_not_to_change(watched: Watched) -> None:
    """The answers are good and new by their date; only what they say is always the same."""
    job = "frozen:mempool_space"
    with watched.playing(job) as exporter:
        until(lambda: complete(exporter), "every endpoint is read", PATIENCE)
        until(lambda: unchanged_for(watched, job) > unchanged_for(watched, JOB) + 60, "nothing changes", PATIENCE)
        assert watched.reading(job, Seen("overview", "Is Bitcoin healthy?", True)) is not None
