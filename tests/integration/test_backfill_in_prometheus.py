"""Backfilled blocks in a real Prometheus: a query returns the numbers that the live page would have shown."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from exporter.exposition import families
from scoring.backtest.days import scorecards
from scoring.backtest.history import history
from scoring.backtest.table import read
from scoring.methodology import METHOD
from scoring.scorecard import Scorecard
from tests.blackbox.machine_room import Room, free_port, get
from tests.machine import ROOT, tool
from tests.unit.scoring.backtest.folders import daily

DAYS = 500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return daily(tmp_path_factory.mktemp("history"), DAYS)


@pytest.fixture(scope="module")
def prometheus(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL, with the blocks of `tools/backfill` and nothing to scrape."""
    tool("promtool")
    room = Room(tmp_path_factory.mktemp("room"))
    data, port = room.folder / "data", free_port()
    made = subprocess.run(
        (ROOT / "tools" / "backfill", data, "--history", folder, "--job", "j", "--instance", "i:1"),
        env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert len(list(data.glob("*/meta.json"))) < 5
    (room.folder / "prometheus.yml").write_text("scrape_configs: []\n")
    url = f"http://127.0.0.1:{port}"
    command = [
        str(tool("prometheus")), f"--config.file={room.folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=50y", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    room.launch("prometheus", command, url, "/-/ready", {})
    yield url
    room.close()


def test_a_query_returns_what_the_page_said_at_that_moment(folder: Path, prometheus: str) -> None:
    known = history(read(folder), METHOD)
    card = _last(scorecards(known, METHOD))
    asked = urlencode({"query": '{job="j",instance="i:1"}', "time": card.as_of})
    status, body, _ = get(f"{prometheus}/api/v1/query?{asked}")
    assert status == 200
    answered = {frozenset(one["metric"].items()): float(one["value"][1]) for one in json.loads(body)["data"]["result"]}
    target = {"job": "j", "instance": "i:1"}
    for family in families.scores(card):
        for series in family.series:
            name = frozenset({"__name__": family.name, **dict(series.labels), **target}.items())
            assert answered[name] == series.value
    price = frozenset({"__name__": "btchealth_price_consensus_usd", **target}.items())
    assert answered[price] == 1000


def _last(cards: Iterator[Scorecard]) -> Scorecard:
    *_, last = cards
    return last
