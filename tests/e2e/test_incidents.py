"""An incident in the simulated world reaches people: exactly the alerts that say something of their own, and their end.

Simulator, exporter, Prometheus, Alertmanager, a chat and a mail server, all real, time divided by a factor.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario import FAULTS
from simulator.scenario import INCIDENTS as OF_THE_NETWORK
from tests.e2e import stack
from tests.e2e.incidents import ALONE, FACTOR, INCIDENTS, QUICK, Incident, await_calm, play
from tests.machine import ROOT

# Real seconds: some alerts fire on for hours of the world after the incident.
SLOW = 2400.0


def test_every_scenario_of_the_simulator_is_played() -> None:
    played = {one.scenario.partition("?")[0] for one in INCIDENTS}
    assert played == OF_THE_NETWORK.keys() | FAULTS.keys()


def test_the_document_has_the_time_of_each_of_them() -> None:
    rows = (ROOT / "docs" / "alerting.md").read_text().partition("| incident | scrape")[2].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [*(one.name for one in INCIDENTS), "median"]


def test_incidents_and_faults_are_told_to_the_right_people_and_resolve(tmp_path: Path) -> None:
    assert len(QUICK) >= 8
    with stack.playing(tmp_path, FACTOR) as running:
        await_calm(running)
        play(running, QUICK, FACTOR)


@pytest.mark.torture
@pytest.mark.parametrize("incidents", ALONE, ids=lambda some: some[-1].name)
def test_every_other_incident_is_told_to_the_right_people_and_resolves(
    incidents: tuple[Incident, ...], tmp_path: Path
) -> None:
    factor = incidents[-1].factor
    with stack.playing(tmp_path, factor) as running:
        await_calm(running)
        play(running, incidents, factor, SLOW)
