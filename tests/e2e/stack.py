"""Simulator, exporter, Prometheus, Alertmanager and receivers, all real, with time compressed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml

from alertmanager.configure import absolute, configured, secrets_in
from exporter.sources import registry
from tests.blackbox.machine_room import SOURCES, Program, Room, free_port, get, send, until
from tests.e2e.compression import compressed
from tests.e2e.receivers import Alert, Receivers
from tests.machine import ROOT, tool

# Prometheus repeats what fires this often, and Alertmanager believes it four times as long: real seconds, so that a
# machine that stands still for a while does not make alerts end and begin anew.
RESEND: Final = 5
PATIENCE: Final = 300.0
# The factor at which the shipped intervals can be kept, and the shortest interval beyond it, in the world's seconds.
USUAL: Final = 60
CALM: Final = 300
# Ahead of other work where the user may say so (root may), also where the kernel shares by session: these programs
# keep pace with a clock.
FIRST: Final = (
    "setsid", "sh", "-c", '{ echo -10 >/proc/self/autogroup; } 2>/dev/null; exec nice -n -10 "$@"', "first",
)  # fmt: skip
NOTHING: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class Stack:
    simulator: Program
    exporter: Program
    prometheus: Program
    alertmanager: Program
    receivers: Receivers
    started: float = field(default_factory=time.time)

    def age(self) -> float:
        """Real seconds since Prometheus was ready."""
        return time.time() - self.started

    def incident(self, scenario: str) -> None:
        send("POST", f"{self.simulator.url}/scenario/{scenario}")

    def calm(self, scenario: str) -> None:
        """Ends just this one."""
        send("DELETE", f"{self.simulator.url}/scenario/{scenario}")

    def value(self, expr: str) -> float | None:
        """The first value that Prometheus has for the expression."""
        found = json.loads(get(f"{self.prometheus.url}/api/v1/query?query={quote(expr)}")[1])["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def alerts(self) -> list[dict[str, Any]]:
        """As Alertmanager sees them, the muted ones included."""
        found: list[dict[str, Any]] = json.loads(get(f"{self.alertmanager.url}/api/v2/alerts")[1])
        return found

    def active(self) -> set[Alert]:
        return {named(one) for one in self.alerts() if one["status"]["state"] == "active"}

    def suppressed(self) -> set[Alert]:
        """By inhibition: there are no silences, and no mute window is open."""
        return {named(one) for one in self.alerts() if one["status"]["inhibitedBy"]}


def named(alert: dict[str, Any]) -> Alert:
    """Of muted alerts only the source counts: which of its endpoints follow depends on the moment."""
    labels = alert["labels"]
    return Alert(labels["alertname"], labels.get("pillar") or labels.get("source", ""))


@contextmanager
def playing(folder: Path, factor: float) -> Iterator[Stack]:
    """All programs and receivers, stopped in the end."""
    room, receivers = Room(folder), Receivers()
    receivers.start()
    try:
        yield start(room, receivers, factor)
    finally:
        room.close()
        receivers.stop()


def start(room: Room, receivers: Receivers, factor: float) -> Stack:
    pace = ["--factor", str(factor), "--begin", str(time.time())]
    simulator = start_hurried(room, "simulator", pace, "/")
    sources = simulated(simulator.url) | (calmer() if factor > USUAL else {})
    exporter = start_hurried(room, "exporter", pace, "/-/healthy", sources)
    alertmanager = start_alertmanager(room, alertmanager_file(room.folder / "alertmanager", receivers, factor))
    until(exporter.ready, "every source was tried once", PATIENCE)
    home = prometheus_home(room.folder / "prometheus", factor)
    return Stack(simulator, exporter, start_prometheus(room, home, exporter, alertmanager), alertmanager, receivers)


def start_hurried(room: Room, part: str, pace: list[str], alive: str, environ: Mapping[str, str] = NOTHING) -> Program:
    listen = f"127.0.0.1:{free_port()}"
    command = [
        *FIRST, sys.executable, "-m", "tests.e2e.hurried", part, *pace,
        f"--listen={listen}", f"--data={room.folder / 'data.sqlite'}",
    ]  # fmt: skip
    return room.launch(part, command, f"http://{listen}", alive, {"PYTHONPATH": str(ROOT), **environ})


def simulated(upstream: str) -> dict[str, str]:
    return {f"BTC_HEALTH_SOURCES__{name.upper()}__BASE_URLS": f'["{upstream}/{name}"]' for name in SOURCES}


def calmer() -> dict[str, str]:
    """Faster than usual, the exporter could not ask quick endpoints as often as the shipped plan does."""
    return {
        f"BTC_HEALTH_SOURCES__{source.name}__ENDPOINTS__{endpoint.name}__INTERVAL".upper(): f"{CALM}s"
        for source, endpoint in registry.endpoints()
        if endpoint.interval < CALM
    }


def prometheus_home(home: Path, factor: float) -> Path:
    """The shipped files, compressed."""
    for source in (ROOT / "prometheus").glob("**/*.yml"):
        name = str(source.relative_to(ROOT / "prometheus"))
        if name.startswith(("rules/", "alerts/", "prometheus.yml")):
            put(home / name, compressed(name, source.read_text(), factor))
    return home


def start_prometheus(room: Room, home: Path, exporter: Program, alertmanager: Program) -> Program:
    listen = f"127.0.0.1:{free_port()}"
    addresses = {"btc-health": exporter.url, "alertmanager": alertmanager.url, "prometheus": f"http://{listen}"}
    for job, url in addresses.items():
        put(home / "targets" / f"{job}.yml", f'- targets: ["{url.removeprefix("http://")}"]\n')
    command = [
        *FIRST, str(tool("prometheus")), f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address={listen}", "--log.level=warn",
        f"--rules.alert.resend-delay={RESEND}s",
    ]  # fmt: skip
    return room.launch("prometheus", command, f"http://{listen}", "/-/ready", {})


def alertmanager_file(home: Path, receivers: Receivers, factor: float) -> Path:
    """What `alertmanager.configure` makes of the shipped file, every receiver on and the nightly mute window shut."""
    put(home / "secrets" / "slack_webhook_url", f"{receivers.url}/slack")
    put(home / "secrets" / "watchdog_url", f"{receivers.url}/watchdog")
    put(home / "templates" / "btc-health.tmpl", (ROOT / "alertmanager/templates/btc-health.tmpl").read_text())
    text = compressed("alertmanager.yml", (ROOT / "alertmanager/alertmanager.yml").read_text(), factor)
    smarthost = f"127.0.0.1:{receivers.smtp.port}"
    document = yaml.safe_load(text.replace("smtp.example.org:587", smarthost).replace("@example.org", "@mail.test"))
    for key in ("smtp_auth_username", "smtp_auth_password_file"):
        del document["global"][key]
    document["global"]["smtp_require_tls"] = False
    document["time_intervals"][0]["time_intervals"] = [{"years": ["1970"]}]
    made, off = configured(document, secrets_in(home / "secrets"))
    assert off == []
    return put(home / "alertmanager.yml", yaml.safe_dump(absolute(made, home), sort_keys=False))


def start_alertmanager(room: Room, file: Path) -> Program:
    listen = f"127.0.0.1:{free_port()}"
    command = [
        *FIRST, str(tool("alertmanager")), f"--config.file={file}", f"--storage.path={file.parent / 'data'}",
        f"--web.listen-address={listen}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    return room.launch("alertmanager", command, f"http://{listen}", "/-/ready", {})


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file
