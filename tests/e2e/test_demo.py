"""`make demo`: one command, the whole stack, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from deploy import demo
from tests.blackbox.machine_room import free_port, get, send, until
from tests.machine import ROOT, tool

PARTS = ("simulator", "exporter", "alertmanager", "prometheus")


class Demo:
    """The demo as a process on free ports, with what it has printed."""

    def __init__(self, folder: Path) -> None:
        tool("prometheus"), tool("alertmanager")
        self.ports = {name: free_port() for name in PARTS}
        self.printed = folder / "printed"
        flags = [f"--{name}-port={port}" for name, port in self.ports.items()]
        with self.printed.open("wb") as output:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "deploy.demo", *flags),
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(folder)},
            )  # fmt: skip

    def address(self, part: str) -> str:
        return f"http://127.0.0.1:{self.ports[part]}"

    def text(self) -> str:
        return self.printed.read_text()

    def started(self) -> bool:
        assert self.process.poll() is None, self.text()
        return "Ctrl-C stops everything." in self.text()

    def asked(self, query: str) -> list[Any]:
        _, body, _ = get(f"{self.address('prometheus')}/api/v1/query?query={quote(query)}")
        found: list[Any] = json.loads(body)["data"]["result"]
        return found

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Demo]:
    one = Demo(tmp_path)
    yield one
    if one.process.poll() is None:
        one.interrupt()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def jobs_up(running: Demo) -> set[str]:
    return {one["metric"]["job"] for one in running.asked("up == 1")}


def runbook_pages(running: Demo) -> list[str]:
    """What the demo's Prometheus shows where the links of its alerts lead."""
    groups = json.loads(get(f"{running.address('prometheus')}/api/v1/rules?type=alert")[1])["data"]["groups"]
    paths = [urlsplit(rule["annotations"]["runbook_url"]).path for group in groups for rule in group["rules"]]
    answers = [get(f"{running.address('prometheus')}{path}") for path in paths]
    assert {status for status, _, _ in answers} == {200}
    return [body.decode() for _, body, _ in answers]


def played(running: Demo) -> list[str]:
    return [one["name"] for one in json.loads(get(f"{running.address('simulator')}/scenario")[1])["running"]]


def drilled(running: Demo, name: str) -> str:
    command = ("make", "drill", f"NAME={name}", f"SIMULATOR={running.address('simulator')}")
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_it_shows_scores_in_prometheus_plays_an_incident_and_leaves_nothing_behind(
    running: Demo, tmp_path: Path
) -> None:
    until(running.started, "everything has started", 120)
    for part in PARTS:
        assert re.search(rf"^{part}\s+{re.escape(running.address(part))}$", running.text(), re.MULTILINE)

    scraped = until(lambda: running.asked("btchealth_overall_score"), "the score is in Prometheus", 90)
    assert 0 <= float(scraped[0]["value"][1]) <= 100
    assert scraped[0]["metric"]["job"] == "btc-health"
    until(lambda: jobs_up(running) == {"btc-health", "prometheus", "alertmanager"}, "Prometheus reads all three", 60)

    pages = runbook_pages(running)
    assert len(pages) >= 52
    assert all("<h2>Mitigation</h2>" in page and "{{" not in page for page in pages)
    assert all(("Firing now" in page) != ("Not firing now." in page) for page in pages)
    asked = re.findall(r'href="(/graph\?g0\.expr=[^"]+)">Ask Prometheus', "".join(pages))
    assert len(asked) > len(pages)

    start = re.search(r"Start an incident:\s+curl -X POST (\S+)", running.text())
    assert start
    send("POST", start[1])
    assert played(running) == ["hashrate-collapse"]
    assert "started; expect BtcHealthDeepReorg after 11 minutes" in drilled(running, "reorg")
    assert played(running) == ["hashrate-collapse", "reorg"]
    assert drilled(running, "end") == "ended\n"
    assert played(running) == []

    assert running.interrupt() == 0
    assert running.text().rstrip().endswith("stopped")
    assert [part for part in PARTS if listens(running.ports[part])] == []
    assert not list(tmp_path.glob("btc-health-demo-*"))


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        home = tmp_path / "home"
        ports = demo.Ports(prometheus=taken.getsockname()[1], simulator=free_port(), exporter=free_port())
        wanted = list(demo.parts(ports, home, {"prometheus": home, "alertmanager": home}))
        with pytest.raises(demo.DemoError, match=rf"prometheus: port {ports.prometheus} is taken"):
            demo.refuse_taken(part for part in wanted if part.name == "prometheus")


def test_a_missing_program_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(demo.DemoError, match="prometheus and alertmanager: not found; `make tools`"):
        demo.found_programs("/nowhere")


def test_grafana_is_started_with_the_provisioning_of_the_repository_when_it_is_there(tmp_path: Path) -> None:
    ports = demo.Ports()
    programs = {name: tmp_path / name for name in ("prometheus", "alertmanager", "grafana")}
    *_, last = demo.parts(ports, tmp_path, programs)
    assert last.name == "grafana"
    assert Path(last.environment["GF_PATHS_PROVISIONING"]) == ROOT / "grafana" / "provisioning"
    assert last.environment["BTC_HEALTH_PROMETHEUS_URL"] == "http://127.0.0.1:9090"


async def test_a_part_that_ends_by_itself_is_named_with_its_last_lines(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "print('no such thing'); raise SystemExit(3)")
    part = demo.Part("exporter", free_port(), "/", command)
    process = await demo.start(part, tmp_path)
    with pytest.raises(demo.DemoError, match=r"exporter: ended with code 3(.|\n)*no such thing"):
        await demo.until_ready(part, process, tmp_path)


def test_make_demo_is_this_program() -> None:
    """Asked only what it would do: the environment and the tools are made by other targets."""
    said = subprocess.run(("make", "--dry-run", "demo"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith("-m deploy.demo")
