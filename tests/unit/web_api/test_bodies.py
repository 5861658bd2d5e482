import asyncio
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.history.alertmanager import Alert, Alerts
from exporter.slices import Slices, in_one_go
from exporter.storage.database import Storage
from exporter.web.answer import Ask
from exporter.web.api.render import Kept, fresh
from exporter.web.api.routes import Api
from exporter.web.api.score import score_latest
from exporter.web.api.sources import sources
from exporter.world import World
from scoring.method import customised
from scoring.methodology import METHOD
from tests.unit.web.world import BROKEN, SOURCE, TIP, UNKNOWN_ALERTS, readable, world

ALERT = Alert("BtcHealthFeeSpike", "warning", "active", {"a": "b"}, {"summary": "Fees."}, 1_789_999_000.0, "abc")


def latest(now: World, alerts: Alerts = UNKNOWN_ALERTS) -> Any:
    return json.loads(in_one_go(score_latest(now, alerts)))


def test_the_newest_score_has_the_shape_of_the_contract() -> None:
    body = latest(world())
    assert body.keys() >= {
        "overall", "bounds", "coverage", "pillars", "alerts", "data_freshness", "as_of", "methodology",
    }  # fmt: skip
    assert body["data_freshness"] == "fresh"
    assert body["alerts"] is None
    assert "alerts.alertmanager_url" in body["alerts_reason"]
    pillar = body["pillars"]["throughput"]
    assert pillar.keys() >= {"score", "bounds", "coverage", "weight", "metrics", "indicators"}
    assert pillar["metrics"] == {
        "btchealth_backlog_vbytes": [
            {"labels": {}, "value": 5.5, "unit": "virtual bytes", "source": "mempool_space/mempool@host",
             "data_time": 1_789_999_990.0}
        ]
    }  # fmt: skip
    assert {one["id"] for one in pillar["indicators"]}
    assert all(one["state"] == "fresh" and one["points_lost"] is not None for one in pillar["indicators"])


def test_without_data_the_score_is_unknown_and_not_zero() -> None:
    body = latest(world(fresh=False))
    assert (body["overall"], body["data_freshness"]) == (None, "unknown")
    assert body["pillars"]["security"]["indicators"][0]["inputs"][0]["value"] is None


@pytest.mark.parametrize(
    ("overall", "coverage", "want"),
    [
        (80.0, 1.0, "fresh"),
        (80.0, 0.9, "fresh"),
        (80.0, math.nextafter(0.9, 0.0), "stale"),
        (80.0, 0.6, "stale"),
        (0.0, 0.9, "fresh"),
        (None, 0.9, "unknown"),
        (None, 0.0, "unknown"),
    ],
)
def test_data_are_fresh_from_nine_tenths_of_coverage_on(overall: float | None, coverage: float, want: str) -> None:
    now = world()
    body = latest(replace(now, scorecard=replace(now.scorecard, overall=overall, coverage=coverage)))
    assert body["data_freshness"] == want


def test_sources_tell_age_errors_and_provenance() -> None:
    body = json.loads(in_one_go(sources(world(replace(SOURCE, endpoints=(TIP, BROKEN))))))
    source = body["sources"]["mempool_space"]
    assert source["status"] == "degraded"
    assert source["refused_base_urls"] == {"http://testnet": "genesis of another network"}
    tip, broken = source["endpoints"]["tip"], source["endpoints"]["broken"]
    assert (tip["position"], tip["host"], tip["failures"], tip["rejected"]) == (
        1,
        "mempool.example",
        {"tls": 2},
        {"height": 1},
    )
    assert tip["last_error"] is None
    assert broken["last_error"] == {"reason": "timeout", "message": "no answer from <host>", "at": 1_789_992_700.0}
    assert broken["position"] is None


def test_no_password_of_a_base_url_is_shown() -> None:
    refused = replace(SOURCE, refusals={"http://user:s3cret@umbrel.local:3006/x": "genesis of another network"})
    body = in_one_go(sources(world(refused)))
    assert b"s3cret" not in body
    shown = json.loads(body)["sources"]["mempool_space"]["refused_base_urls"]
    assert shown == {"http://user:<secret>@umbrel.local:3006/x": "genesis of another network"}


def test_known_alerts_are_shown_and_none_is_an_empty_list() -> None:
    body = latest(world(), Alerts((ALERT,), None))
    assert [one["name"] for one in body["alerts"]] == ["BtcHealthFeeSpike"]
    assert body["alerts_reason"] is None
    assert latest(world(), Alerts((), None))["alerts"] == []


def test_a_body_is_made_once_for_each_basis() -> None:
    basis: tuple[object, ...] = (world(), UNKNOWN_ALERTS)
    made = 0

    def write(*_: object) -> Slices[bytes]:
        nonlocal made
        made += 1
        yield
        return str(made).encode()

    kept = Kept(lambda: basis, write, fresh)
    assert kept.render() is kept.render()
    basis = (basis[0], Alerts((), None))
    assert kept.render().body == b"2"
    basis = (world(), basis[1])
    assert (kept.newest().body, kept.render().body) == (b"2", b"3")


async def test_a_body_is_renewed_once_for_all_who_want_it_at_the_same_time() -> None:
    basis: tuple[object, ...] = (world(),)
    made = 0

    def write(*_: object) -> Slices[bytes]:
        nonlocal made
        made += 1
        yield
        return str(made).encode()

    kept = Kept(lambda: basis, write, fresh)
    answers = await asyncio.gather(*(kept.renew() for _ in range(10)))
    assert {one.body for one in answers} == {b"1"}
    basis = (world(),)
    assert (kept.newest().body, (await kept.renew()).body, kept.newest().body) == (b"1", b"2", b"2")


async def test_the_method_that_is_shown_is_the_one_in_force(tmp_path: Path) -> None:
    heavier = customised(METHOD, {"security": 0.6})
    in_force = [(METHOD, 0.6), (METHOD, 0.8), (heavier, 0.8)]
    given = replace(
        readable(Storage(tmp_path / "a.sqlite")),
        method=lambda: in_force[0][0],
        minimum_coverage=lambda: in_force[0][1],
    )
    page = Api(given).routes()["/api/v2/methodology"].handlers["GET"]
    shown = []
    while in_force:
        body = json.loads((await page(Ask("GET", "/api/v2/methodology"))).body)
        shown.append((body["aggregation"]["minimum_coverage"], body["pillars"][0]["weight"], body["version"]))
        del in_force[0]
    first, second, third = shown
    assert first == (0.6, 0.3, METHOD.version)
    assert second == (0.8, 0.3, METHOD.version)
    assert third[1] == heavier.pillars[0].weight
    assert third[2] == heavier.version != METHOD.version
