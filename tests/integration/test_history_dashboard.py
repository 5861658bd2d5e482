"""The history dashboard over backfilled blocks: lines without gaps, at the step of a year as at that of ten."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from tests.blackbox.machine_room import Room, free_port, get
from tests.dashboards import VALUES, dashboards, filled, panels
from tests.machine import ROOT, tool
from tests.unit.scoring.backtest.folders import FIRST, daily, span, write

DAYS, HALVED = 420, 380
DAY = 86_400
START = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
# What an ordinary day lacks for all five pillars to have a score.
MORE = {
    "mempool_paid_vbytes": 2e6, "transfer_usd": 1e10, "ln_nodes": 5000.0, "ln_channels": 30_000.0,
    "ln_capacity_btc": 1000.0,
}  # fmt: skip
POOLS = {"antpool": 40, "foundryusa": 40, "f2pool": 30, "viabtc": 34}
HISTORY = next(one for one in dashboards() if one["uid"] == "btchealth-history")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL, with backfilled blocks of the live target and nothing to scrape."""
    tool("promtool")
    room = Room(tmp_path_factory.mktemp("room"))
    every_day = {name: span(0, DAYS - 1, value) for name, value in MORE.items()}
    every_day["issuance_btc"] = {**span(0, HALVED - 1, 144 * 6.25), **span(HALVED, DAYS - 1, 144 * 3.125)}
    folder = daily(tmp_path_factory.mktemp("history"), DAYS, every_day)
    days = (FIRST + timedelta(days=day) for day in range(DAYS))
    found = [(day, pool, blocks) for day in days for pool, blocks in POOLS.items()]
    write(folder / "pool_blocks_daily.csv", ["date", "pool", "blocks"], found)
    data, port = room.folder / "data", free_port()
    made = subprocess.run(
        (ROOT / "tools" / "backfill", data, "--history", folder), capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    (room.folder / "prometheus.yml").write_text("scrape_configs: []\n")
    url = f"http://127.0.0.1:{port}"
    command = [
        str(tool("prometheus")), f"--config.file={room.folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=50y", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    room.launch("prometheus", command, url, "/-/ready", {})
    yield url
    room.close()


def points(prometheus: str, expr: str, days: int) -> int:
    """The most points that a series of the answer has over the last 90 days of the history."""
    end = START + DAYS * DAY
    step = {"$__interval": f"{days}d", "$__rate_interval": f"{days * DAY + 30}s"}
    asked = filled(expr, {**VALUES, **step, "$job": "btc-health"})
    when = urlencode({"query": asked, "start": end - 90 * DAY, "end": end, "step": days * DAY})
    status, body, _ = get(f"{prometheus}/api/v1/query_range?{when}")
    assert status == 200, body
    return max((len(one["values"]) for one in json.loads(body)["data"]["result"]), default=0)


@pytest.mark.parametrize("days", [1, 3])
@pytest.mark.parametrize("panel", list(panels(HISTORY)), ids=lambda one: one["title"])
def test_a_line_has_a_point_at_every_step(prometheus: str, panel: dict[str, object], days: int) -> None:
    targets = panel["targets"]
    assert isinstance(targets, list)
    assert [points(prometheus, one["expr"], days) for one in targets] == [90 // days + 1] * len(targets)


@pytest.mark.parametrize("board", ["overview", "security", "decentralization", "throughput", "adoption", "lightning"])
def test_graphs_of_other_dashboards_reach_back_over_years_too(prometheus: str, board: str) -> None:
    """As Grafana asks when ten years are chosen: in steps of six days, which the daily samples do not fall on."""
    _, body, _ = get(f"{prometheus}/api/v1/label/__name__/values")
    known = set(json.loads(body)["data"])
    dashboard = next(one for one in dashboards() if one["uid"] == f"btchealth-{board}")
    asked = [
        (panel["title"], target["expr"])
        for panel in panels(dashboard)
        if panel["type"] == "timeseries"
        for target in panel["targets"]
        if known.issuperset(re.findall(r"btchealth_\w+", target["expr"]))
    ]
    assert asked
    assert [title for title, expr in asked if points(prometheus, expr, 6) != 90 // 6 + 1] == []


def test_a_range_as_short_as_the_scrape_interval_would_leave_gaps(prometheus: str) -> None:
    """Why the dashboard asks for a day at least."""
    assert points(prometheus, 'last_over_time(btchealth_overall_score{job=~"$job"}[30s] offset 1h)', 1) == 0


def test_all_targets_ask_for_a_step_of_a_day_at_least() -> None:
    assert {target["interval"] for panel in panels(HISTORY) for target in panel["targets"]} == {"1d"}


def test_a_halving_that_nobody_wrote_down_is_read_from_the_backfilled_subsidy(prometheus: str) -> None:
    later = next(one for one in HISTORY["annotations"]["list"] if one["name"] == "Later halvings")
    asked = filled(later["target"]["expr"], {**VALUES, "$__interval": "1d", "$job": "btc-health"})
    end = START + DAYS * DAY
    when = urlencode({"query": asked, "start": end - 90 * DAY, "end": end, "step": DAY})
    _, body, _ = get(f"{prometheus}/api/v1/query_range?{when}")
    marks = [at for one in json.loads(body)["data"]["result"] for at, _ in one["values"]]
    # A day has its sample at its end.
    assert marks == [START + (HALVED + 1) * DAY]


def test_the_marks_of_known_episodes_and_halvings_are_times_in_milliseconds(prometheus: str) -> None:
    known = [one for one in HISTORY["annotations"]["list"] if "vector(" in one["target"]["expr"]]
    assert [one["name"] for one in known] == ["Halvings", "Episodes"]
    for annotation in known:
        _, body, _ = get(f"{prometheus}/api/v1/query?{urlencode({'query': annotation['target']['expr']})}")
        marks = json.loads(body)["data"]["result"]
        assert len(marks) >= 3
        assert all(1.2e12 < float(one["value"][1]) < 2e12 and one["metric"]["event"] for one in marks)
        assert annotation["useValueForTime"] is True
