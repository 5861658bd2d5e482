"""Every query of every dashboard, asked of a real Prometheus as Grafana asks it: none is empty in a healthy world.

The exporter reads the simulator and Prometheus scrapes the exporter. What the exporter says is also written as history
of the days before, with events at known times in it, so that ranges of days have data and annotations have events.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import pytest

from exporter import catalogue
from exporter.sources import registry
from grafana.build import BOARDS
from tests.blackbox.machine_room import Room, get, until
from tests.dashboards import dashboards, panels
from tests.integration.panels import JOB, Server, View, alertmanager, complete, dashboard, events, now, titled
from tests.machine import tool

SCRAPED, HOUR, DAY = 30, 3600, 86_400
MAY_BE_EMPTY = {
    (board.uid, panel.title): panel.may_be_empty for board in BOARDS for panel in board.panels() if panel.may_be_empty
}
# Reasons that no longer hold once there are days of data.
FILLED_BY_HISTORY = "a change needs more than a day of data"

# What happened in the days before, in seconds before now.
HALVED, CHANGED, DOWN, UP, STALE = 5 * DAY, 3 * DAY, 2 * DAY, 2 * DAY - 2 * HOUR, 4 * DAY
TARGET: Final = f'job="{JOB}",instance="exporter:9833"'
VERSION = 'btchealth_methodology_info{version="0.9"}'
SUBSIDY = "btchealth_subsidy_bitcoins"
OUTAGE = 'job_source:btchealth_source_up:max{source="coingecko"}'
FIRING = 'ALERTS{alertname="BtcHealthFeeSpike",alertstate="firing",severity="warning",pillar="throughput"}'
PENDING = 'ALERTS{alertname="BtcHealthSourceDown",alertstate="pending",severity="warning",source="coingecko"}'
REORG = 'btchealth_stale_block_timestamp_seconds{height="900000"}'


@dataclass(frozen=True, slots=True)
class World:
    server: Server
    at: float

    def view(self, board: str) -> View:
        return View(self.server, dashboard(board), self.at)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    room = Room(tmp_path_factory.mktemp("room"))
    try:
        yield _world(room)
    finally:
        room.close()


def _world(room: Room) -> World:
    exporter = room.exporter(room.simulator().url)
    until(lambda: complete(exporter), "every endpoint is read")
    file, data = room.folder / "past.om", room.folder / "data"
    with file.open("w", encoding="utf-8") as written:
        written.writelines(history(exporter.scrape().samples, now()))
    blocks = ["tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", str(file), str(data)]
    subprocess.run([str(tool("promtool")), *blocks], check=True, capture_output=True)
    server = Server(room, data, alertmanager(room))
    server.watch(JOB, exporter)
    # Records are made of records: the last of them is there when all are.
    last = f'job_pillar:btchealth_pillar_score:delta1d{{job="{JOB}"}} and on (job) up{{job="{JOB}"}} == 1'
    until(lambda: server.instant(last), "the exporter is scraped and rules are evaluated")
    begun = now()
    # Two rounds further, so that rates have two samples and records of records have followed.
    until(lambda: now() > begun + 5, "two more rounds")
    return World(server, server.scraped(JOB))


def history(samples: Mapping[str, float], end: float) -> Iterator[str]:
    """OpenMetrics: gauges of ours each hour, and everything each half minute of the last minutes."""
    past = {
        key: value
        for key, value in samples.items()
        if key.startswith("btchealth_") and not re.search(r"(_total|_bucket|_sum|_count)(\{|$)", key)
    }
    records = {
        key.replace("btchealth_pillar_score", "job_pillar:btchealth_pillar_score:max"): value
        for key, value in past.items()
        if key.startswith("btchealth_pillar_score{")
    }
    hours = range(8 * 24, 0, -1)
    yield from (_line(OUTAGE, _then(OUTAGE, 1.0, age), end - age) for age in range(3 * DAY, DAY, -2 * SCRAPED))
    for key, value in (past | records | {VERSION: 1.0, REORG: end - STALE}).items():
        yield from (line for hour in hours if (line := _line(key, _then(key, value, hour * HOUR), end - hour * HOUR)))
    for key, value in {**samples, FIRING: 1.0, PENDING: 1.0}.items():
        yield from (_line(key, value, end - age) for age in range(600, 60, -SCRAPED))
    yield "# EOF\n"


def _then(key: str, value: float, age: float) -> float | None:
    """What a series said so many seconds ago; None: nothing."""
    if key == VERSION:
        return value if age > CHANGED else None
    if key.startswith("btchealth_methodology_info"):
        return None if age > CHANGED else value
    if key == REORG:
        return value if age < STALE else None
    if key == OUTAGE:
        return float(not UP < age <= DOWN)
    return value * 2 if key == SUBSIDY and age > HALVED else value


def _line(key: str, value: float | None, at: float) -> str:
    """Records have no instance: rules merge the replicas."""
    if value is None:
        return ""
    name, _, labels = key.partition("{")
    target = f'job="{JOB}"' if ":" in name else TARGET
    return f"{name}{{{labels.removesuffix('}')}{',' if labels else ''}{target}}} {value} {at:.0f}\n"


def empty(view: View) -> Iterator[str]:
    for panel, target, found in view.answers():
        if (
            not found
            and MAY_BE_EMPTY.get((view.dashboard["uid"], panel["title"]), FILLED_BY_HISTORY) == FILLED_BY_HISTORY
        ):
            yield f"{panel['title']} {target['refId']}: {target['expr']}"


@pytest.mark.parametrize("board", [one["uid"].removeprefix("btchealth-") for one in dashboards()])
def test_no_panel_is_empty_in_a_healthy_world(world: World, board: str) -> None:
    assert list(empty(world.view(board))) == []


@pytest.mark.parametrize(
    ("title", "alert"),
    [
        ("Which alerts are firing?", "BtcHealthFeeSpike"),
        ("Which alerts are about to fire?", "BtcHealthSourceDown"),
        ("When did which alert fire?", "BtcHealthFeeSpike"),
        ("Which alerts cost the most attention?", "BtcHealthFeeSpike"),
        ("Which alerts flap?", "BtcHealthFeeSpike"),
    ],
)
def test_a_panel_of_alerts_shows_those_that_it_is_about(world: World, title: str, alert: str) -> None:
    view = world.view("alerts")
    (target,) = next(one["targets"] for one in panels(view.dashboard) if one["title"] == title)
    assert [one.labels["alertname"] for one in view.answer(target)] == [alert]


def test_a_silent_world_leaves_panels_empty(world: World) -> None:
    """Else the test for empty panels could not fail."""
    view = View(world.server, dashboard("overview"), world.at, job="nobody")
    asked = [one for panel in panels(view.dashboard) for one in panel["targets"] if "ALERTS" not in one["expr"]]
    assert len(list(empty(view))) >= len(asked) > 20


def test_panels_that_may_be_empty_are_few() -> None:
    assert len(MAY_BE_EMPTY) <= 14


def test_tables_of_everything_else_show_every_family_that_is_polled(world: World) -> None:
    """Such a table is not empty as long as one of its families is there."""
    off = {
        metric.name
        for metric, places in registry.origins().items()
        if not any(endpoint.enabled for _, endpoint, _ in places)
    }
    known = {one.name for one in catalogue.metrics()}
    for board in dashboards():
        for panel in panels(board):
            for target in panel.get("targets", []):
                for listed in re.findall(r'__name__=~"([^"]*)"', target["expr"]):
                    wanted = set(listed.split("|")) - off
                    found = world.server.instant(f'count by (__name__) ({{__name__=~"{listed}"}})', world.at)
                    assert wanted <= known
                    assert wanted - {one.labels["__name__"] for one in found} == set(), panel["title"]


# What a legend of names may take of a panel's height.
LINES_OF_NAMES = 3


def test_legends_fit_below_their_graphs(world: World) -> None:
    """At seven pixels a letter and thirty for the mark, on a screen of 1,366 pixels."""
    for board in dashboards():
        if board["uid"] == "btchealth-exporter":
            continue  # as many lines as there are replicas
        for panel, target, found in world.view(board["uid"].removeprefix("btchealth-")).answers():
            legend = panel.get("options", {}).get("legend", {})
            if panel["type"] == "timeseries" and legend["placement"] == "bottom" and legend["showLegend"]:
                letters = sum(len(titled(target["legendFormat"], one)) * 7 + 30 for one in found)
                assert letters <= LINES_OF_NAMES * panel["gridPos"]["w"] * 1366 / 24, panel["title"]


def marks(world: World, board: str, name: str) -> list[tuple[float, str]]:
    """Where Grafana draws the marks of an annotation on a screen of 600 points, and their titles."""
    (annotation,) = (one for one in dashboard(board)["annotations"]["list"] if one["name"] == name)
    found = events(world.server, annotation, {"$job": JOB}, world.at - 8 * DAY, world.at, 8 * DAY / 600)
    return [(one.start, one.title) for one in found]


@pytest.mark.parametrize(
    ("board", "name", "ago", "title"),
    [
        ("overview", "Halvings", HALVED, "Halving"),
        ("overview", "Reorganisations", STALE, "A block went stale"),
        ("overview", "Methodology", CHANGED, "Methodology"),
        ("sources", "Source outages", DOWN, "coingecko is down"),
    ],
)
def test_an_annotation_stands_where_it_happened(world: World, board: str, name: str, ago: float, title: str) -> None:
    found = marks(world, board, name)
    near = [said for at, said in found if abs(world.at - ago - at) < 1.5 * HOUR and said.startswith(title)]
    assert len(near) == 1, [(round(world.at - at), said) for at, said in found]


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("Retargets", "btchealth_difficulty_last_retarget_timestamp_seconds"),
        ("Basis of the score", "btchealth_scorecard_basis_change_timestamp_seconds"),
    ],
)
def test_an_annotation_stands_at_the_time_that_its_series_says(world: World, name: str, series: str) -> None:
    (said,) = world.server.instant(f'max({series}{{job="{JOB}"}})', world.at)
    assert [at for at, _ in marks(world, "overview", name) if at == pytest.approx(said.points[0][1], abs=1)]


def test_variables_offer_what_there_is(world: World) -> None:
    """As Grafana asks for them: the values of a label among the series of a selector."""
    offered = {}
    for variable in dashboard("sources")["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", variable["query"]["query"])
            assert asked
            when = urlencode({"match[]": asked[1], "start": world.at - DAY, "end": world.at})
            _, body, _ = get(f"{world.server.url}/api/v1/label/{asked[2]}/values?{when}")
            offered[variable["name"]] = json.loads(body)["data"]
    assert offered["job"] == [JOB]
    assert "exporter:9833" in offered["instance"]
    assert offered["source"] == sorted(source.name for source in registry.SOURCES)
