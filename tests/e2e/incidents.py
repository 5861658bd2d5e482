"""What people are told when something happens in the simulated world: the one table of it, and how to play it.

Incidents of different pillars and sources do not touch each other, so several may run at once: each alert says which
pillar or source it is about, and the sum of all expectations must be met exactly.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from tests.blackbox.machine_room import until
from tests.e2e.receivers import Alert, Told
from tests.e2e.stack import PATIENCE, USUAL, Stack

NETWORK, CRITICAL, OPERATIONS = "#btc-health", "#btc-health-critical", "#btc-health-operations"
MAIL: Final = "on-call@mail.test"

# Muted in addition, depending on how long the source was healthy before: they follow from BtcHealthSourceDown.
FOLLOWS: Final = "BtcHealthSourceErrorBudgetBurn"
# Time is divided by this, unless an incident takes days.
FACTOR: Final = USUAL
HURRIED: Final = 120
# Nobody is told of them.
UNTOLD: Final = frozenset({"none", "info"})


@dataclass(frozen=True, slots=True)
class Incident:
    """`scenario`: as the simulator takes it, with parameters.

    `told` to a channel (critical ones by mail too), `muted` by what is told; `forgotten`: told, but muted when they
    end, so that nobody is told of the end. `past`: hours of history that the alert compares with. `during`: name of
    another incident, which people have been told of and which goes on until this one is over. `quick`: played in
    `make test`, all at once. `factor`: what time is divided by.
    """

    name: str
    scenario: str
    told: Mapping[str, tuple[Alert, ...]]
    muted: frozenset[Alert] = frozenset()
    forgotten: frozenset[Alert] = frozenset()
    past: float = 0.0
    during: str = ""
    factor: float = FACTOR
    quick: bool = False

    @property
    def messages(self) -> set[Told]:
        channels = {Told(channel, alert) for channel, alerts in self.told.items() for alert in alerts}
        return channels | {Told(MAIL, one.alert) for one in channels if one.to == CRITICAL}

    @property
    def ends(self) -> set[Told]:
        return {one for one in self.messages if one.alert not in self.forgotten}


def source_down(name: str, source: str, scenario: str, *, quick: bool = False) -> Incident:
    """The source's own endpoints grow stale one by one, which nobody needs to hear."""
    told = {OPERATIONS: (Alert("BtcHealthSourceDown", source),)}
    return Incident(name, scenario, told, frozenset({Alert("BtcHealthSourceStale", source)}), quick=quick)


def about_source(name: str, alert: str, source: str, scenario: str, *, quick: bool = False) -> Incident:
    return Incident(name, scenario, {OPERATIONS: (Alert(alert, source),)}, quick=quick)


INCIDENTS: Final = (
    # Early in the life of a stack: counted over the four hours before it, blocks would seem to come too fast for the
    # epoch that is suddenly twice as slow.
    Incident("hashrate-collapse", "hashrate-collapse", {CRITICAL: (Alert("BtcHealthHashrateDrop", "security"),)}),
    Incident(
        "fee-spike", "fee-spike",
        {NETWORK: (Alert("BtcHealthFeeSpike", "throughput"), Alert("BtcHealthThroughputScoreLow", "throughput"))},
        past=1.1,
    ),
    Incident("mempool-flood", "mempool-flood", {NETWORK: (Alert("BtcHealthMempoolBacklog", "throughput"),)}),
    # The score falls at once, the majority must last for an hour; from then on the score's alert is muted, and its end.
    Incident(
        "pool-majority", "pool-majority",
        {
            NETWORK: (Alert("BtcHealthDecentralizationScoreLow", "decentralization"),),
            CRITICAL: (Alert("BtcHealthPoolMajority", "decentralization"),),
        },
        muted=frozenset({Alert("BtcHealthDecentralizationScoreLow", "decentralization")}),
        forgotten=frozenset({Alert("BtcHealthDecentralizationScoreLow", "decentralization")}),
    ),
    Incident(
        "lightning-exodus", "lightning-exodus",
        {
            NETWORK: (
                Alert("BtcHealthLightningCapacityDrop", "lightning"), Alert("BtcHealthLightningNodesDrop", "lightning"),
                Alert("BtcHealthLightningScoreLow", "lightning"),
            )
        },
        past=0.5, factor=HURRIED,
    ),
    about_source(
        "schema-drift", "BtcHealthSourceSchemaDrift", "coingecko simple_price", "schema-drift?source=coingecko"
    ),
    Incident("reorg", "reorg", {CRITICAL: (Alert("BtcHealthDeepReorg", "security"),)}, quick=True),
    # The reorg goes on meanwhile, but without this source nobody can tell.
    Incident(
        "outage of the main source", "outage?source=mempool_space",
        {OPERATIONS: (Alert("BtcHealthSourceDown", "mempool_space"),)},
        muted=frozenset({Alert("BtcHealthSourceStale", "mempool_space"), Alert("BtcHealthDeepReorg", "security")}),
        during="reorg",
    ),
    source_down("outage", "forkmonitor", "outage?source=forkmonitor", quick=True),
    source_down("slow", "fork_observer", "slow?source=fork_observer", quick=True),
    source_down("garbage", "blockchain_com", "garbage?source=blockchain_com&form=html", quick=True),
    about_source(
        "outage of one path", "BtcHealthSourceStale", "mempool_space difficulty_adjustment",
        "outage?source=mempool_space&path=/api/v1/difficulty-adjustment&how=503", quick=True,
    ),
    about_source(
        "garbage of one path", "BtcHealthSourceStale", "mempool_space mempool_blocks",
        "garbage?source=mempool_space&path=/api/v1/fees/mempool-blocks&form=truncated", quick=True,
    ),
    about_source(
        "rate-limited", "BtcHealthSourceRateLimited", "coingecko",
        "rate-limited?source=coingecko&path=/api/v3/coins/bitcoin", quick=True,
    ),
    about_source(
        "frozen", "BtcHealthSourceDataFrozen", "mempool_space statistics_2h",
        "frozen?source=mempool_space&path=/api/v1/statistics/2h", quick=True,
    ),
)  # fmt: skip


QUICK: Final = tuple(one for one in INCIDENTS if one.quick)
# Each on a stack of its own, with the incident that it needs: for a quarter of a real hour Prometheus repeats what is
# over, and a later message of the same group would tell it again.
ALONE: Final = tuple(
    (*(other for other in INCIDENTS if other.name == one.during), one) for one in INCIDENTS if not one.quick
)


@dataclass(slots=True)
class Play:
    """One incident while it runs. `noticed`: real seconds from its start to the first message about it.

    `over`: people were told of the end.
    """

    incident: Incident
    running: Stack
    began: float = 0.0
    noticed: float = 0.0
    ended: bool = False
    over: bool = False
    muted: set[Alert] = field(default_factory=set)

    def start(self) -> None:
        self.began = time.time()
        self.running.incident(self.incident.scenario)

    def look(self, since: int, suppressed: set[Alert], *, held: bool) -> None:
        """Ends the incident once everything expected was seen and no other needs it, and waits for its end, too."""
        if not self.began:
            return
        mailbox = self.running.receivers.mailbox
        self.muted |= suppressed & self.incident.muted
        if not self.noticed and self.incident.messages <= mailbox.told(since, resolved=False):
            told = [
                one.at for one in mailbox.messages[since:] if self.incident.messages & set(one.told(resolved=False))
            ]
            self.noticed = min(told) - self.began
        if self.noticed and not self.ended and not held and self.incident.muted <= self.muted:
            self.ended = True
            self.running.calm(self.incident.scenario)
        self.over = self.ended and self.incident.ends <= mailbox.told(since, resolved=True)


def play(running: Stack, incidents: Iterable[Incident], factor: float, patience: float = PATIENCE) -> list[Play]:
    """All at once, each as soon as it has what it needs. Fails unless people were told exactly what is expected."""
    since, plays = len(running.receivers.mailbox.messages), [Play(one, running) for one in incidents]
    named = {one.incident.name: one for one in plays}
    suppressed: set[Alert] = set()

    def ready(one: Play) -> bool:
        before = named.get(one.incident.during)
        return running.age() * factor >= one.incident.past * 3600 and (before is None or before.noticed > 0)

    def done() -> bool:
        now = running.suppressed()
        suppressed.update(now)
        for one in plays:
            if not one.began and ready(one):
                one.start()
            one.look(
                since, now, held=any(other.incident.during == one.incident.name and not other.over for other in plays)
            )
        return all(one.over for one in plays)

    until(done, Unfinished(running, plays, since), patience)
    until(lambda: at_ease(running), "nothing fires any more", PATIENCE)
    judge(running, plays, since, suppressed)
    return plays


def judge(running: Stack, plays: list[Play], since: int, suppressed: set[Alert]) -> None:
    mailbox, incidents = running.receivers.mailbox, [one.incident for one in plays]
    muted = {one for one in suppressed if not one.name.startswith(FOLLOWS)}
    same("told", mailbox.told(since, resolved=False), [one.messages for one in incidents])
    same("told to be over", mailbox.told(since, resolved=True), [one.ends for one in incidents])
    same("muted", muted, [one.muted for one in incidents])


def same(what: str, seen: AbstractSet[object], expected: Iterable[AbstractSet[object]]) -> None:
    wanted = set().union(*expected)
    assert seen == wanted, f"{what}: not expected {seen - wanted}, missing {wanted - seen}"


def at_ease(running: Stack) -> bool:
    """Prometheus scrapes, the dead man's switch is called, and nothing that people would be told of is going on."""
    states = [(one["labels"]["severity"], one["status"]["state"]) for one in running.alerts()]
    quiet = all(severity in UNTOLD for severity, _ in states)
    return quiet and bool(running.receivers.mailbox.beats) and running.value('up{job="btc-health"}') == 1


def await_calm(running: Stack) -> None:
    """Prometheus finds its targets a few real seconds after its start, and may say so."""
    mailbox = running.receivers.mailbox

    def calm() -> bool:
        return at_ease(running) and mailbox.told(0, resolved=False) == mailbox.told(0, resolved=True)

    until(calm, "nothing is told before anything happens", PATIENCE)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What is still missing, written when somebody asks."""

    running: Stack
    plays: list[Play]
    since: int

    def __str__(self) -> str:
        mailbox = self.running.receivers.mailbox
        told, ends = (mailbox.told(self.since, resolved=resolved) for resolved in (False, True))
        lines = [
            f"{one.incident.name}: told {one.incident.messages - told}, muted {one.incident.muted - one.muted}, "
            f"ends {one.incident.ends - ends}"
            for one in self.plays
        ]
        return "\n".join(["these are seen", *lines])
