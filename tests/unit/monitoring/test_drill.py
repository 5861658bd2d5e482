"""A drill promises what the rules and routes keep."""

import re

import pytest
import yaml

from prometheus import drill
from simulator.scenario import SCENARIOS
from tests.contract.rules import alerts
from tests.machine import ROOT

UNITS = {"minutes": "m", "hour": "h", "hours": "h"}


def test_every_drill_is_an_incident_the_simulator_knows() -> None:
    assert set(drill.EXPECTED) <= set(SCENARIOS)


@pytest.mark.parametrize("name", drill.EXPECTED)
def test_the_message_comes_when_and_where_the_drill_says(name: str) -> None:
    told = re.match(r"(\w+) after (\w+) (minutes|hours?), in (#[\w-]+)( and by mail)?", drill.EXPECTED[name])
    assert told is not None
    alert, number, unit, channel, mailed = told.groups()
    [rule] = [one for one in alerts() if one.name == alert]
    assert rule.document["for"] == f"{number.replace('an', '1')}{UNITS[unit]}"
    receivers = yaml.safe_load((ROOT / "alertmanager" / "alertmanager.yml").read_text())["receivers"]
    [receiver] = [one for one in receivers if any(channel == to["channel"] for to in one.get("slack_configs", []))]
    assert bool(mailed) == ("email_configs" in receiver)
    assert (rule.document["labels"]["severity"] == "critical") == (receiver["name"] == "critical")


def test_without_a_demo_the_drill_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill.main(["reorg", "--simulator", "http://127.0.0.1:9"]) == 1
    assert "is `make demo` running?" in capsys.readouterr().err
