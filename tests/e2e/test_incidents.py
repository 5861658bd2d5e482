"""An incident in the simulated world reaches people, and only those alerts that say something of their own.

One stack: simulator, exporter, Prometheus, Alertmanager, a chat and a mail server, all real, time divided by 120.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import machine
from tests.blackbox.machine_room import Room, until
from tests.e2e import stack
from tests.e2e.receivers import Receivers
from tests.e2e.stack import Stack

pytestmark = pytest.mark.torture

FACTOR = 120
PATIENCE = 150.0
# The dead man's switch is called every five minutes of the shipped file; three missed calls are an alarm.
SILENT = 3 * 300 / FACTOR

# What FeeSpike compares with, a little longer ago than it looks back.
WEEK_BEFORE = "job:btchealth_fee_estimate_satoshis_per_vbyte:avg7d offset 45s"

# Always there, and what is out of the ordinary but told to nobody.
UNTOLD = {"BtcHealthWatchdog", "BtcHealthFeeAnomaly"}

NETWORK, CRITICAL, OPERATIONS = "#btc-health", "#btc-health-critical", "#btc-health-operations"


@dataclass(frozen=True, slots=True)
class Incident:
    """What is told to whom, and what is muted, after `name` began."""

    name: str
    told: frozenset[tuple[str, str]]
    muted: frozenset[str] = frozenset()
    mailed: str = ""


# In this order: an outage is worst while something else is already wrong.
INCIDENTS = (
    Incident("fee-spike", frozenset({(NETWORK, "BtcHealthFeeSpike"), (NETWORK, "BtcHealthThroughputScoreLow")})),
    Incident(
        "outage?source=mempool_space",
        frozenset({(OPERATIONS, "BtcHealthSourceDown")}),
        muted=frozenset({"BtcHealthFeeSpike", "BtcHealthThroughputScoreLow"}),
    ),
)
AFTER_CALM = (
    Incident("reorg", frozenset({(CRITICAL, "BtcHealthDeepReorg")}), mailed="CRITICAL: A branch of two or more blocks"),
    # The score falls at once, the majority must last for an hour.
    Incident(
        "pool-majority",
        frozenset({(NETWORK, "BtcHealthDecentralizationScoreLow"), (CRITICAL, "BtcHealthPoolMajority")}),
        muted=frozenset({"BtcHealthDecentralizationScoreLow"}),
        mailed="CRITICAL: One mining operator",
    ),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    room, receivers = Room(tmp_path_factory.mktemp("stack")), Receivers()
    receivers.start()
    try:
        yield stack.start(room, receivers, machine.tool, FACTOR)
    finally:
        room.close()
        receivers.stop()


def fired(running: Stack, since: int) -> set[tuple[str, str]]:
    return {(channel, name) for channel, name, resolved in running.told(since) if not resolved}


def resolved(running: Stack, since: int) -> set[tuple[str, str]]:
    return {(channel, name) for channel, name, resolved in running.told(since) if resolved}


def happens(running: Stack, incident: Incident) -> None:
    since = len(running.receivers.mailbox.messages)
    running.incident(incident.name)
    until(lambda: incident.told <= fired(running, since), f"{incident.name} is told", PATIENCE)
    until(lambda: incident.muted <= running.inhibited(), f"{incident.name} mutes {sorted(incident.muted)}", PATIENCE)
    assert fired(running, since) == incident.told
    if incident.mailed:
        until(lambda: any(mail.title.startswith(incident.mailed) for mail in running.mails()), "the mail", PATIENCE)


def test_incidents_are_told_once_to_the_right_people_and_resolve(running: Stack) -> None:
    until(lambda: running.receivers.mailbox.beats, "the dead man's switch is called", PATIENCE)
    until(lambda: running.knows(WEEK_BEFORE), "there is a past to compare fees with", PATIENCE)
    for incident in INCIDENTS:
        happens(running, incident)
    calm = len(running.receivers.mailbox.messages)
    running.calm()
    ended = {(OPERATIONS, "BtcHealthSourceDown")}
    until(lambda: ended <= resolved(running, calm), "the outage is told to be over", PATIENCE)
    until(lambda: not running.inhibited() | (running.firing() - UNTOLD), "nothing fires any more", PATIENCE)
    for incident in AFTER_CALM:
        happens(running, incident)


def test_the_dead_mans_switch_falls_silent_when_prometheus_stops(running: Stack) -> None:
    until(lambda: running.receivers.mailbox.beats, "the dead man's switch is called", PATIENCE)
    running.prometheus.stop(20)
    # Prometheus had told Alertmanager until when each alert holds: four of its resend delays.
    until(lambda: time.time() - running.receivers.mailbox.beats[-1] > SILENT, "no call for a while", PATIENCE)
    threading.Event().wait(SILENT)
    assert time.time() - running.receivers.mailbox.beats[-1] > 2 * SILENT
