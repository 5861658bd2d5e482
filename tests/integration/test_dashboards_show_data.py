"""Every query of every dashboard, asked of a real Prometheus: none is empty in a healthy world, and incidents show.

The exporter reads the simulator and Prometheus scrapes the exporter. Each incident is a page of a fresh exporter,
served beside the healthy one as another job, so that one Prometheus holds them all.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from grafana.build import BOARDS
from tests.blackbox.machine_room import Program, Room, free_port, get, until
from tests.dashboards import VALUES, dashboards, filled, panels
from tests.machine import ROOT, tool

pytestmark = pytest.mark.torture

HEALTHY = "btc-health"
MAY_BE_EMPTY = {(board.uid, panel.title) for board in BOARDS for panel in board.panels() if panel.may_be_empty}

# Incident, dashboard and panel whose first value moves, and whether it rises.
INCIDENTS = [
    ("hashrate-collapse", "security", "How far is the hash rate below its 90-day high?", False),
    ("hashrate-collapse", "security", "How healthy is it?", False),
    ("hashrate-collapse", "overview", "Is Bitcoin healthy?", False),
    ("pool-majority", "decentralization", "How large is the largest pool owner?", True),
    ("pool-majority", "decentralization", "How healthy is it?", False),
    ("fee-spike", "throughput", "What does the next block cost?", True),
    ("fee-spike", "throughput", "How healthy is it?", False),
    ("mempool-flood", "throughput", "How many blocks would clear the mempool?", True),
    ("reorg", "security", "How deep was the deepest reorganisation?", True),
    ("lightning-exodus", "lightning", "How much of the year's highest capacity is left?", False),
    ("lightning-exodus", "lightning", "How healthy is it?", False),
]
SCENARIOS = sorted({name for name, *_ in INCIDENTS})


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Not into the output of the tests."""

    def guess_type(self, _path: Any) -> str:
        return "text/plain; version=0.0.4"


def page_of(room: Room, *scenario: str) -> str:
    """The page of a fresh exporter once every endpoint that is due at all was read."""
    simulator = room.simulator(*scenario)
    room.forget_data()
    exporter = room.exporter(simulator.url)
    until(lambda: complete(exporter), f"every endpoint of {' '.join(scenario)} is read")
    text = get(f"{exporter.url}/metrics")[1].decode()
    exporter.stop()
    simulator.stop()
    return text


def complete(exporter: Program) -> bool:
    """Every endpoint has been asked at least once, and all that is scored is there."""
    samples = exporter.scrape("?name[]=btchealth_fetches_total&name[]=btchealth_overall_coverage_ratio").samples
    asked = [value for selector, value in samples.items() if selector.startswith("btchealth_fetches_total")]
    return bool(asked) and min(asked) > 0 and samples.get("btchealth_overall_coverage_ratio") == 1


class Server:
    """A Prometheus with the committed rules, scraping each second instead of each half minute."""

    def __init__(self, room: Room, targets: Mapping[str, str]) -> None:
        """`targets`: job to `host:port/path`."""
        home = room.folder / "prometheus"
        (home / "targets").mkdir(parents=True)
        for name in ("rules", "alerts"):
            (home / name).symlink_to(ROOT / "prometheus" / name)
        document = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
        document["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        del document["alerting"]
        limit = next(one for one in document["scrape_configs"] if one["job_name"] == HEALTHY)["sample_limit"]
        document["scrape_configs"] = [
            {
                "job_name": job,
                "sample_limit": limit,
                "metrics_path": "/" + address.partition("/")[2],
                "static_configs": [{"targets": [address.partition("/")[0]]}],
            }
            for job, address in targets.items()
        ]
        port = free_port()
        self_scrape = {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        document["scrape_configs"].append(self_scrape)
        (home / "prometheus.yml").write_text(yaml.safe_dump(document))
        self.url = f"http://127.0.0.1:{port}"
        command = [
            str(tool("prometheus")), f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        self.program = room.launch("prometheus", command, self.url, "/-/ready", {})

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """Series of an instant query with their values; AssertionError with what Prometheus says of a bad one."""
        status, body, _ = get(f"{self.url}/api/v1/query?{urlencode({'query': expr})}")
        answer = json.loads(body)
        assert status == 200, f"{expr}: {answer}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def values(self, expr: str) -> list[float]:
        return [value for one in self.ask(expr) if not math.isnan(value := float(one["value"][1]))]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    place = Room(tmp_path_factory.mktemp("room"))
    yield place
    place.close()


@pytest.fixture(scope="module")
def pages(room: Room) -> Iterator[str]:
    """`host:port` of a server with the page of each incident at /NAME."""
    folder = room.folder / "pages"
    folder.mkdir()
    for name in SCENARIOS:
        (folder / name).write_text(page_of(room, "--scenario", name))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def prometheus(room: Room, pages: str) -> Server:
    simulator = room.simulator()
    room.forget_data()
    exporter = room.exporter(simulator.url)
    until(lambda: complete(exporter), "every endpoint is read")
    jobs = {
        HEALTHY: f"{exporter.url.removeprefix('http://')}/metrics",
        **{name: f"{pages}/{name}" for name in SCENARIOS},
    }
    server = Server(room, jobs)
    records = [
        rule["record"]
        for file in (ROOT / "prometheus" / "rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if not any(word in rule["record"] for word in ("delta", "7d"))
    ]
    last = f'count({{__name__=~"{"|".join(records)}",job="{HEALTHY}"}} offset 5s)'
    until(lambda: server.ask(last), "rules have been evaluated for a while")
    return server


def chosen(expr: str, job: str) -> str:
    return filled(expr, {**VALUES, "$job": job, "$__range": "1m", "$__rate_interval": "15s", "$__interval": "15s"})


@pytest.mark.parametrize("uid", [one["uid"] for one in dashboards()])
def test_no_panel_is_empty_in_a_healthy_world(prometheus: Server, uid: str) -> None:
    dashboard = next(one for one in dashboards() if one["uid"] == uid)
    empty = [
        f"{panel['title']} {target['refId']}: {target['expr']}"
        for panel in panels(dashboard)
        if (uid, panel["title"]) not in MAY_BE_EMPTY
        for target in panel.get("targets", [])
        if not prometheus.values(chosen(target["expr"], HEALTHY))
    ]
    assert not empty


def test_panels_that_may_be_empty_ask_without_an_error_and_are_few(prometheus: Server) -> None:
    asked = [
        prometheus.ask(chosen(target["expr"], HEALTHY))
        for dashboard in dashboards()
        for panel in panels(dashboard)
        if (dashboard["uid"], panel["title"]) in MAY_BE_EMPTY
        for target in panel.get("targets", [])
    ]
    assert len(asked) < 40


def test_annotations_ask_without_an_error(prometheus: Server) -> None:
    for dashboard in dashboards():
        for annotation in dashboard["annotations"]["list"]:
            prometheus.ask(chosen(annotation["expr"], HEALTHY))


@pytest.mark.parametrize(("incident", "board", "title", "rises"), INCIDENTS)
def test_an_incident_moves_the_panel_that_is_meant_to_show_it(
    prometheus: Server, incident: str, board: str, title: str, rises: bool
) -> None:
    dashboard = next(one for one in dashboards() if one["uid"] == f"btchealth-{board}")
    (panel,) = (one for one in panels(dashboard) if one["title"] == title)
    expr = panel["targets"][0]["expr"]
    (before,), (after,) = (prometheus.values(chosen(expr, job)) for job in (HEALTHY, incident))
    least = 0.03 * abs(before)
    assert (after - before if rises else before - after) > least, f"{before} -> {after}"


def test_a_silent_world_leaves_panels_empty(prometheus: Server) -> None:
    """Else the test for empty panels could not fail."""
    overview = next(one for one in dashboards() if one["uid"] == "btchealth-overview")
    shown = [panel for panel in panels(overview) if prometheus.values(chosen(panel["targets"][0]["expr"], "nobody"))]
    assert not shown
