"""A mistake in what the operator wrote, or a receiver that is away: it is named, and nothing else stops."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.blackbox.machine_room import Program, Room, free_port, get, until
from tests.e2e import stack
from tests.e2e.receivers import Receivers
from tests.e2e.stack import PATIENCE

FACTOR = 60
ALERT = {"alertname": "BtcHealthDeepReorg", "severity": "critical", "pillar": "security", "job": "btc-health"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    one = Room(tmp_path)
    yield one
    one.close()


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    one = Receivers()
    one.start()
    yield one
    one.stop()


def fire(alertmanager: Program) -> None:
    said = {"labels": ALERT, "annotations": {"summary": "A branch lost.", "description": "It had three blocks."}}
    request = urllib.request.Request(  # noqa: S310 - loopback, as pytest-socket sees to
        f"{alertmanager.url}/api/v2/alerts", json.dumps([said]).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback, as said above
        assert answer.status == 200


def mailed(receivers: Receivers) -> bool:
    return any(
        one.title == "[btc-health] CRITICAL: A branch lost." for one in receivers.mailbox.messages if "@" in one.to
    )


@pytest.mark.parametrize(
    ("secret", "named"),
    [
        pytest.param("http://127.0.0.1:{port}/slack", "connection refused", id="Slack is unreachable"),
        pytest.param(None, "slack_webhook_url: no such file or directory", id="the secret file is missing"),
        pytest.param("not an address", "unsupported protocol scheme", id="the secret is no address"),
    ],
)
def test_mail_arrives_although_slack_does_not(room: Room, receivers: Receivers, secret: str | None, named: str) -> None:
    file = stack.alertmanager_file(room.folder, receivers, FACTOR)
    webhook = room.folder / "secrets" / "slack_webhook_url"
    webhook.unlink() if secret is None else webhook.write_text(secret.format(port=free_port()))
    alertmanager = stack.start_alertmanager(room, file)
    fire(alertmanager)
    until(lambda: mailed(receivers), "the mail", PATIENCE)
    until(lambda: named in alertmanager.output(), f"the log says {named}", PATIENCE)
    assert "slack" in alertmanager.output()


def test_prometheus_keeps_its_rules_when_a_rule_file_has_a_mistake(room: Room, receivers: Receivers) -> None:
    alertmanager = stack.start_alertmanager(room, stack.alertmanager_file(room.folder / "a", receivers, FACTOR))
    home = stack.prometheus_home(room.folder / "prometheus", FACTOR)
    prometheus = stack.start_prometheus(room, home, alertmanager, alertmanager)
    before = rules(prometheus)
    assert "BtcHealthDeepReorg" in before

    file = home / "alerts" / "security.yml"
    document = yaml.safe_load(file.read_text())
    document["groups"][0]["rules"][0]["expr"] = "btchealth_tip_height >"
    file.write_text(yaml.safe_dump(document))
    prometheus.process.send_signal(signal.SIGHUP)
    until(lambda: "prometheus_config_last_reload_successful 0" in page(prometheus), "the reload is refused", PATIENCE)
    assert str(file) in prometheus.output()
    assert "parse error: unexpected end of input" in prometheus.output()
    assert rules(prometheus) == before


def page(program: Program) -> str:
    return get(f"{program.url}/metrics")[1].decode()


def rules(prometheus: Program) -> list[str]:
    groups = json.loads(get(f"{prometheus.url}/api/v1/rules")[1])["data"]["groups"]
    return [rule["name"] for group in groups for rule in group["rules"]]
