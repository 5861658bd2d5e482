"""Simulator, exporter, Prometheus, Alertmanager and receivers, all real, with time compressed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from alertmanager.configure import absolute, configured
from exporter.sources import registry
from tests.blackbox.machine_room import Program, Room, free_port, get, send, until
from tests.e2e.compression import compressed, shorter
from tests.e2e.receivers import Message, Receivers
from tests.machine import ROOT

QUICK = "mempool_space"
POLL = "5s"
NAME = re.compile(r"\*(BtcHealth\w+)\*([^\n]*)")


@dataclass(slots=True)
class Stack:
    simulator: Program
    exporter: Program
    prometheus: Program
    alertmanager: Program
    receivers: Receivers

    def incident(self, name: str) -> None:
        send("POST", f"{self.simulator.url}/scenario/{name}")

    def calm(self) -> None:
        send("DELETE", f"{self.simulator.url}/scenario")

    def knows(self, expr: str) -> bool:
        """Whether Prometheus has any value for the expression."""
        answer = json.loads(get(f"{self.prometheus.url}/api/v1/query?query={quote(expr)}")[1])
        return bool(answer["data"]["result"])

    def alerts(self) -> list[dict[str, Any]]:
        """As Alertmanager sees them, the muted ones included."""
        found: list[dict[str, Any]] = json.loads(get(f"{self.alertmanager.url}/api/v2/alerts")[1])
        return found

    def firing(self) -> set[str]:
        return {one["labels"]["alertname"] for one in self.alerts() if not one["status"]["inhibitedBy"]}

    def inhibited(self) -> set[str]:
        return {one["labels"]["alertname"] for one in self.alerts() if one["status"]["inhibitedBy"]}

    def told(self, since: int = 0) -> Iterator[tuple[str, str, bool]]:
        """(channel, alert, resolved) of every chat message from number `since` on."""
        for message in self.receivers.mailbox.messages[since:]:
            if message.to.startswith("#"):
                for name, rest in NAME.findall(message.text):
                    yield message.to, name, " resolved at " in rest

    def mails(self) -> list[Message]:
        return [message for message in self.receivers.mailbox.messages if "@" in message.to]


def start(room: Room, receivers: Receivers, tool: Callable[[str], Path], factor: float) -> Stack:
    simulator = room.simulator()
    exporter = room.exporter(simulator.url, config=exporter_config(simulator.url))
    until(exporter.ready, "every source was tried once")
    alertmanager = start_alertmanager(room, receivers, tool, factor)
    prometheus = start_prometheus(room, tool, factor, exporter, alertmanager)
    return Stack(simulator, exporter, prometheus, alertmanager, receivers)


def exporter_config(upstream: str) -> dict[str, Any]:
    """The source with a large enough budget is polled every few seconds, so that an incident shows at once."""
    fast = {one.name: {"interval": POLL} for one in registry.source(QUICK).endpoints if one.enabled}
    urls = {source.name: {"base_urls": [f"{upstream}/{source.name}"]} for source in registry.SOURCES}
    return {"sources": {**urls, QUICK: {**urls[QUICK], "endpoints": fast}}}


def start_prometheus(
    room: Room, tool: Callable[[str], Path], factor: float, exporter: Program, alertmanager: Program
) -> Program:
    home, listen = room.folder / "prometheus", f"127.0.0.1:{free_port()}"
    for source in (ROOT / "prometheus").glob("**/*.yml"):
        name = str(source.relative_to(ROOT / "prometheus"))
        if name.startswith(("rules/", "alerts/", "prometheus.yml")):
            put(home / name, compressed(name, source.read_text(), factor))
    for name, address in (
        ("btc-health", exporter.url),
        ("alertmanager", alertmanager.url),
        ("prometheus", f"http://{listen}"),
    ):
        put(home / "targets" / f"{name}.yml", f'- targets: ["{address.removeprefix("http://")}"]\n')
    command = [
        str(tool("prometheus")), f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address={listen}", "--log.level=warn",
        f"--rules.alert.resend-delay={shorter('1m', factor)}",
    ]  # fmt: skip
    return room.launch("prometheus", command, f"http://{listen}", "/-/ready", {})


def start_alertmanager(room: Room, receivers: Receivers, tool: Callable[[str], Path], factor: float) -> Program:
    home, listen = room.folder / "alertmanager", f"127.0.0.1:{free_port()}"
    put(home / "secrets" / "slack_webhook_url", f"{receivers.url}/slack")
    put(home / "templates" / "btc-health.tmpl", (ROOT / "alertmanager/templates/btc-health.tmpl").read_text())
    text = compressed("alertmanager.yml", (ROOT / "alertmanager/alertmanager.yml").read_text(), factor)
    text = text.replace("smtp.example.org:587", f"127.0.0.1:{receivers.smtp.port}").replace(
        "@example.org", "@mail.test"
    )
    document = yaml.safe_load(text)
    for key in ("smtp_auth_username", "smtp_auth_password_file"):
        del document["global"][key]
    document["global"]["smtp_require_tls"] = False
    document["time_intervals"][0]["time_intervals"] = [{"years": ["1970"]}]
    made, off = configured(document, {"slack_webhook_url": "set", "watchdog_url": f"{receivers.url}/watchdog"})
    assert off == []
    file = put(home / "alertmanager.yml", yaml.safe_dump(absolute(made, home), sort_keys=False))
    command = [
        str(tool("alertmanager")), f"--config.file={file}", f"--storage.path={home / 'data'}",
        f"--web.listen-address={listen}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    return room.launch("alertmanager", command, f"http://{listen}", "/-/ready", {})


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
