"""An incident in the simulated world reaches people: exactly the alerts that say something of their own, and their end.

Simulator, exporter, Prometheus, Alertmanager, a chat and a mail server, all real, time divided by FACTOR.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.blackbox.machine_room import Room, until
from tests.e2e import stack
from tests.e2e.incidents import INCIDENTS, Incident, begins, play
from tests.e2e.receivers import Receivers
from tests.e2e.stack import Stack
from tests.machine import ROOT

FACTOR = 60
# Real seconds: some alerts fire on for hours of the world after the incident.
SLOW = 2400.0
QUICK = [one for one in INCIDENTS if one.quick]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    room, receivers = Room(tmp_path_factory.mktemp("stack")), Receivers()
    receivers.start()
    try:
        started = stack.start(room, receivers, FACTOR)
        until(lambda: begins(started), "nothing is told before anything happens", stack.PATIENCE)
        yield started
    finally:
        room.close()
        receivers.stop()


def test_the_document_has_the_time_of_each_of_them() -> None:
    rows = (ROOT / "docs" / "alerting.md").read_text().partition("| incident | scrape")[2].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [*(one.name for one in QUICK), "median"]


def test_eight_incidents_are_told_to_the_right_people_and_resolve(running: Stack) -> None:
    assert len(QUICK) >= 8
    play(running, QUICK, FACTOR)


@pytest.mark.torture
@pytest.mark.parametrize("incident", [one for one in INCIDENTS if not one.quick], ids=lambda one: one.name)
def test_every_other_incident_is_told_to_the_right_people_and_resolves(running: Stack, incident: Incident) -> None:
    """One after the other, in the order of the table: `past` counts from the start of the stack."""
    play(running, [incident], FACTOR, SLOW)
