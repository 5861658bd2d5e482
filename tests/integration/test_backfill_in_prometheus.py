"""Backfilled blocks in a real Prometheus: a query returns the numbers that the live page would have shown."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest

from exporter.exposition import families
from exporter.exposition.page import Part
from scoring.backtest.days import scorecards
from scoring.backtest.history import history
from scoring.backtest.table import read
from scoring.methodology import METHOD
from scoring.scorecard import Scorecard
from tests.blackbox.machine_room import Room, free_port, get, until
from tests.machine import ROOT, tool
from tests.unit.scoring.backtest.folders import daily

DAYS = 500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return daily(tmp_path_factory.mktemp("history"), DAYS)


class LivePage(BaseHTTPRequestHandler):
    """The exporter's page of one scorecard, as it would be scraped."""

    def __init__(self, page: bytes, *arguments: object) -> None:
        self.page = page
        super().__init__(*arguments)  # type: ignore[arg-type]  # passed on as they come

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def card(folder: Path) -> Scorecard:
    *_, last = scorecards(history(read(folder), METHOD), METHOD)
    return last


@pytest.fixture(scope="module")
def live(card: Scorecard) -> Iterator[str]:
    """Address of a page that says now what the last day of the history said."""
    page = Part().updated(families.scores(card)).text
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(LivePage, page))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def prometheus(folder: Path, live: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL, with the blocks of `tools/backfill`, scraping the live page under the labels they were made with."""
    tool("promtool")
    room = Room(tmp_path_factory.mktemp("room"))
    data, port = room.folder / "data", free_port()
    made = subprocess.run(
        (ROOT / "tools" / "backfill", data, "--history", folder, "--job", "j", "--instance", live),
        env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert len(list(data.glob("*/meta.json"))) < 5
    scrape = {"job_name": "j", "scrape_interval": "1s", "static_configs": [{"targets": [live]}]}
    (room.folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    url = f"http://127.0.0.1:{port}"
    command = [
        str(tool("prometheus")), f"--config.file={room.folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=50y", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    room.launch("prometheus", command, url, "/-/ready", {})
    yield url
    room.close()


Answered = dict[frozenset[tuple[str, str]], float]


def asked(prometheus: str, moment: float) -> Answered:
    parameters = urlencode({"query": '{__name__=~"btchealth_.+"}', "time": moment})
    status, body, _ = get(f"{prometheus}/api/v1/query?{parameters}")
    assert status == 200
    return {frozenset(one["metric"].items()): float(one["value"][1]) for one in json.loads(body)["data"]["result"]}


def test_a_query_returns_what_the_page_said_at_that_moment(prometheus: str, live: str, card: Scorecard) -> None:
    answered = asked(prometheus, card.as_of)
    target = {"job": "j", "instance": live}
    for family in families.scores(card):
        for series in family.series:
            name = frozenset({"__name__": family.name, **dict(series.labels), **target}.items())
            assert answered[name] == series.value
    price = frozenset({"__name__": "btchealth_price_consensus_usd", **target}.items())
    assert answered[price] == 1000


def test_live_samples_go_on_in_the_series_of_the_history(prometheus: str, card: Scorecard) -> None:
    """The same labels and, as the page says the same, the same numbers."""
    now = until(lambda: asked(prometheus, time.time()), "the live page is scraped")
    then = asked(prometheus, card.as_of)
    assert len(now) > 50
    assert {name: value for name, value in now.items() if then.get(name) != value} == {}
