"""Who waits for the watchdog hears when nobody is left to raise an alarm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.machine_room import Room, until
from tests.e2e import stack
from tests.e2e.receivers import Receivers
from tests.e2e.stack import PATIENCE

FACTOR = 120
# The dead man's switch is called every five minutes of the shipped file; three missed calls are an alarm.
SILENT = 3 * 300 / FACTOR


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    one = Receivers()
    one.start()
    yield one
    one.stop()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    one = Room(tmp_path)
    yield one
    one.close()


@pytest.mark.torture
def test_the_dead_mans_switch_fires_when_prometheus_stops(room: Room, receivers: Receivers) -> None:
    alertmanager = stack.start_alertmanager(room, stack.alertmanager_file(room.folder / "a", receivers, FACTOR))
    home = stack.prometheus_home(room.folder / "prometheus", FACTOR)
    prometheus = stack.start_prometheus(room, home, alertmanager, alertmanager)
    beats = receivers.mailbox.beats
    until(lambda: len(beats) >= 3, "the dead man's switch is called again and again", PATIENCE)
    prometheus.stop(20)
    # Alertmanager goes on for as long as Prometheus had said that the alert holds: four of its resend delays.
    until(lambda: time.time() - beats[-1] > SILENT, "no call for three periods", PATIENCE)
    stopped = len(beats)
    until(lambda: time.time() - beats[-1] > 3 * SILENT, "no call for nine periods", PATIENCE)
    assert len(beats) == stopped
