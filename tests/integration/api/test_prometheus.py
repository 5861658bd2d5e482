"""Time series from a real Prometheus, alerts from a real Alertmanager, and from servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporter.errors import RemoteError
from exporter.history import Window
from exporter.history.alertmanager import NOT_CONFIGURED, AlertFeed, Alerts
from exporter.history.jsonclient import JsonClient
from exporter.history.prometheus import PrometheusHistory
from exporter.history.selector import Selector
from exporter.history.sqlite import SqliteHistory
from exporter.storage.archive import Archive
from exporter.storage.database import Storage
from exporter.web.api.timeseries import statistics
from tests.blackbox.machine_room import Room, free_port, get, until

END = 1_790_000_000 // 21_600 * 21_600
OVERALL = Selector("btchealth_overall_score")
ODD = Selector("btchealth_share_ratio", {"pool": 'a "b" \\ c'})

# Every minute of three hours, but for half an hour when the exporter was off.
BACKLOG = [
    (END - 60 * ago, 1e6 / (1 + ago)) for ago in range(180, -1, -1) if not 60 <= ago < 90
]  # fmt: skip
# Two replicas of the same score, half an hour apart, and a label value that has to be escaped.
HISTORY = "".join(
    [
        "# TYPE btchealth_overall_score gauge\n",
        *(
            f'btchealth_overall_score{{instance="{name}"}} {value + hour} {END - (3 - hour) * 3_600}\n'
            for name, value in (("a", 50.0), ("b", 40.0))
            for hour in range(4)
        ),
        "# TYPE btchealth_share_ratio gauge\n",
        f'btchealth_share_ratio{{pool="a \\"b\\" \\\\ c"}} 0.25 {END}\n',
        "# TYPE btchealth_backlog_vbytes gauge\n",
        *(f"btchealth_backlog_vbytes {value!r} {time}\n" for time, value in BACKLOG),
        "# EOF\n",
    ]
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    place = Room(tmp_path)
    yield place
    place.close()


@pytest.fixture
def prometheus(room: Room, tool: Callable[[str], Path]) -> str:
    """A server with HISTORY and nothing to scrape; its URL."""
    text, data = room.folder / "history.om", room.folder / "data"
    text.write_text(HISTORY)
    subprocess.run(
        [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", text, data], check=True, capture_output=True
    )
    (room.folder / "prometheus.yml").write_text("{}")
    listen = f"127.0.0.1:{free_port()}"
    command = [
        str(tool("prometheus")), f"--config.file={room.folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        f"--web.listen-address={listen}", "--storage.tsdb.retention.time=100y",
    ]  # fmt: skip
    return room.launch("prometheus", command, f"http://{listen}", "/-/ready", {}).url


@pytest.fixture
def alertmanager(room: Room, tool: Callable[[str], Path]) -> str:
    (room.folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    listen = f"127.0.0.1:{free_port()}"
    command = [
        str(tool("alertmanager")), f"--config.file={room.folder / 'alertmanager.yml'}",
        f"--storage.path={room.folder / 'alerts'}", f"--web.listen-address={listen}", "--cluster.listen-address=",
    ]  # fmt: skip
    return room.launch("alertmanager", command, f"http://{listen}", "/-/ready", {}).url


@asynccontextmanager
async def client(seconds: float = 5.0, most_bytes: int = 1 << 20) -> AsyncIterator[JsonClient]:
    made = JsonClient(ssl.create_default_context, seconds, most_bytes)
    yield made
    await made.close()


async def test_time_series_are_those_of_prometheus_over_all_replicas(prometheus: str) -> None:
    window = Window(END - 3 * 3_600, END, 3_600)
    async with client() as asking:
        history = PrometheusHistory(prometheus, asking)
        assert await history.points(OVERALL, window) == [(END - (3 - hour) * 3_600, 50.0 + hour) for hour in range(4)]
        assert await history.points(ODD, Window(END, END, 60)) == [(END, 0.25)]
        assert await history.points(Selector("btchealth_absent"), window) == []


async def test_our_file_and_prometheus_tell_the_same_of_the_same_data(prometheus: str, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive = Archive(storage, 400 * 86_400.0)
    for number, (moment, value) in enumerate(BACKLOG):
        archive.append(moment, {}, {"btchealth_backlog_vbytes": value})
        if number % 30 == 0:
            await storage.written()
    await storage.written()
    file, backlog = SqliteHistory(archive, lambda: END), Selector("btchealth_backlog_vbytes")
    async with client() as asking:
        other = PrometheusHistory(prometheus, asking)
        for step in (60, 120, 300, 900):
            window = Window.until(END + 59, 3 * 3_600, step)
            ours, theirs = await file.points(backlog, window), await other.points(backlog, window)
            assert ours == theirs
            assert statistics([value for _, value in ours]) == statistics([value for _, value in theirs])
            gaps = {END - moment for moment in range(window.start, END + 1, step)} - {END - time for time, _ in ours}
            assert gaps == {ago for ago in range(0, 10_801, step) if 60 * 60 <= ago <= 85 * 60}
    await storage.close()


async def test_the_whole_way_from_a_request_to_prometheus_and_back(prometheus: str, room: Room) -> None:
    exporter = room.exporter(
        room.simulator().url,
        config={"history": {"prometheus_url": prometheus}, "alerts": {"alertmanager_url": "http://127.0.0.1:9"}},
    )
    days = (time.time() - END) / 86_400 + 1
    status, body, _ = get(f"{exporter.url}/api/v2/score/timeseries?days={days:.3f}&step=21600")
    assert status == 200
    assert json.loads(body)["data"] == [[END, 53.0]]
    status, body, _ = get(f'{exporter.url}/api/v2/score/timeseries?kind=metric&id=up%7Bjob%3D"x"%7D')
    assert status == 400
    latest = json.loads(get(f"{exporter.url}/api/v2/score/latest")[1])
    assert latest["alerts"] is None
    until(
        lambda: json.loads(get(f"{exporter.url}/api/v2/score/latest")[1])["alerts_reason"].startswith("the Alert"),
        "the API says why it knows no alerts",
    )


def alert(url: str, name: str) -> None:
    told = {"labels": {"alertname": name, "severity": "warning"}, "annotations": {"summary": "S."}}
    post(f"{url}/api/v2/alerts", [told | {"generatorURL": "http://prometheus.example/graph"}])


def silence(url: str, name: str) -> None:
    matcher = {"name": "alertname", "value": name, "isRegex": False}
    times = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2120-01-01T00:00:00Z"}
    post(f"{url}/api/v2/silences", {"matchers": [matcher], "createdBy": "t", "comment": "t", **times})


def post(url: str, told: object) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(told).encode(), headers)  # noqa: S310 - a server on loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a server on loopback
        answer.read()


async def never(_: float) -> None:
    raise AssertionError("one refresh needs no pause")


async def test_alerts_of_this_product_are_those_the_alertmanager_has(alertmanager: str) -> None:
    alert(alertmanager, "BtcHealthFeeSpike")
    alert(alertmanager, "SomebodyElses")
    changes = 0

    def changed() -> None:
        nonlocal changes
        changes += 1

    async with client() as asking:
        feed = AlertFeed(lambda: alertmanager, asking, never, changed)
        await feed.refresh()
        assert feed.now.alerts is not None
        (one,) = feed.now.alerts
        known = feed.now
        await feed.refresh()
        again = feed.now
        silence(alertmanager, "BtcHealthFeeSpike")
        await feed.refresh()
    assert feed.now.alerts is not None
    assert [found.state for found in feed.now.alerts] == ["suppressed"]
    assert (one.name, one.severity, one.state) == ("BtcHealthFeeSpike", "warning", "active")
    assert one.annotations == {"summary": "S."}
    assert one.starts_at > 1_700_000_000
    assert again is known
    assert changes == 2


@asynccontextmanager
async def server(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    application = web.Application()
    application.router.add_get("/{path:.*}", handle)
    async with TestServer(application) as started:
        yield str(started.make_url("")).rstrip("/")


def text(body: str, status: int = 200) -> Callable[[web.Request], web.Response]:
    return lambda _: web.Response(text=body, status=status, headers={"Location": "/elsewhere"})


MISBEHAVING = [
    (text("no", 500), "answered 500"),
    (text("no", 401), "answered 401"),
    (text("no", 302), "answered 302"),
    (text("x" * 2_000), "answered more than 1000 bytes"),
    (text("<html>"), "answered something else"),
    (text("{}"), "answered something else"),
    (text('{"status":"error","errorType":"bad_data"}'), "answered something else"),
]


@pytest.mark.parametrize(("answer", "want"), MISBEHAVING)
async def test_a_history_server_that_misbehaves_is_said(
    answer: Callable[[web.Request], web.Response], want: str
) -> None:
    async with server(answer) as url, client(most_bytes=1_000) as asking:
        with pytest.raises(RemoteError, match=want):
            await PrometheusHistory(url, asking).points(OVERALL, Window(0, 60, 60))


def told(starts_at: str) -> str:
    alert = {
        "labels": {}, "annotations": {}, "startsAt": starts_at, "fingerprint": "a", "status": {"state": "active"},
    }  # fmt: skip
    return json.dumps([alert])


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_makes_no_sense_is_no_alert_and_ends_nothing(starts_at: str) -> None:
    async with server(text(told(starts_at))) as url, client() as asking:
        feed = AlertFeed(lambda: url, asking, never)
        await feed.refresh()
    if feed.now.alerts is None:
        assert "answered something else" in (feed.now.reason or "")
    else:
        assert abs(feed.now.alerts[0].starts_at) > 1e10


@pytest.mark.parametrize(("answer", "want"), MISBEHAVING)
async def test_without_a_usable_alertmanager_alerts_are_unknown_and_why_is_said(
    answer: Callable[[web.Request], web.Response], want: str
) -> None:
    async with server(answer) as url, client(most_bytes=1_000) as asking:
        feed = AlertFeed(lambda: url, asking, never)
        await feed.refresh()
    assert feed.now.alerts is None
    assert want in (feed.now.reason or "")


async def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    gate = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await gate.wait()
        return web.Response()

    application = web.Application()
    application.router.add_get("/", hang)
    async with TestServer(application) as started, client(seconds=0.2) as asking:
        with pytest.raises(RemoteError, match="did not answer within"):
            await asking.get(str(started.make_url("/")), {})
        gate.set()


async def test_values_that_are_no_numbers_are_left_out() -> None:
    values = [[60, "NaN"], [120, "1.5"], [180, "+Inf"]]
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [{"values": values}]}})
    async with server(text(body)) as url, client() as asking:
        assert await PrometheusHistory(url, asking).points(OVERALL, Window(60, 180, 60)) == [(120, 1.5)]


async def test_a_reload_that_takes_the_alertmanager_away_is_followed() -> None:
    urls: list[str | None] = []
    async with server(text("[]")) as url, client() as asking:
        urls.append(url)
        feed = AlertFeed(lambda: urls[-1], asking, never)
        await feed.refresh()
        known = feed.now
        urls.append(None)
        await feed.refresh()
    assert known == Alerts((), None)
    assert feed.now == Alerts(None, NOT_CONFIGURED)
