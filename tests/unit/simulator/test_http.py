"""The simulator as its clients meet it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from simulator import SCENARIOS, make_app
from simulator.view import World
from tests.unit.simulator.endpoints import ALL, NOW, PRICE, ask


class Clock:
    def __init__(self) -> None:
        self.now = NOW
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


Client = TestClient[Request, Application]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(world: World, clock: Clock) -> AsyncIterator[Client]:
    app = make_app(world, clock, sleep=clock.sleep)
    async with TestClient(TestServer(app), auto_decompress=False, headers={"Accept-Encoding": "identity"}) as client:
        yield client


async def _start(client: Client, scenario: str) -> None:
    async with client.post(f"/scenario/{scenario}") as response:
        assert response.status == 201, await response.text()


@pytest.mark.parametrize(("source", "path"), ALL)
async def test_every_path_is_answered_under_the_name_of_its_source(
    client: Client, world: World, source: str, path: str
) -> None:
    async with client.get(f"/{source}{path}") as response:
        wanted = ask(world, source, path)
        assert response.status == 200
        assert response.headers["Content-Type"] == wanted.content_type
        assert response.headers["Date"] == "Mon, 21 Sep 2026 14:15:23 GMT"
        assert await response.read() == wanted.body


@pytest.mark.parametrize("path", ["/mempool_space/api/v1/mempool", "/coingecko/nothing", "/forkmonitor/"])
async def test_an_unknown_path_of_a_source_is_404_in_json(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404
        assert "has nothing at" in (await response.json())["error"]


async def test_an_unknown_source_is_404(client: Client) -> None:
    async with client.get("/kraken/api") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("path", "age"),
    [
        ("/mempool_space/api/v1/mining/pools/24h", 120),
        ("/mempool_space/api/v1/statistics/2h", 120),
        ("/mempool_space/api/v1/chain-tips", 60),
        ("/mempool_space/api/v1/lightning/nodes/countries", 600),
        ("/mempool_space/api/v1/prices", 3600),
        (f"/coingecko{PRICE}", 60),
        ("/mempool_space/api/mempool", None),
    ],
)
async def test_cache_headers_are_those_of_the_real_api(client: Client, path: str, age: int | None) -> None:
    async with client.get(path) as response:
        assert response.headers.get("Cache-Control") == (f"public, max-age={age}" if age else None)
        assert ("Expires" in response.headers) is bool(age)
    if path.endswith("24h"):
        assert response.headers["Expires"] == "Mon, 21 Sep 2026 14:17:23 GMT"
        assert int(response.headers["X-total-count"]) > 10


async def test_a_large_answer_is_compressed_when_the_client_can_read_it(client: Client, world: World) -> None:
    path = "/mempool_space/api/v1/blocks"
    async with client.get(path, headers={"Accept-Encoding": "gzip, deflate"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await response.read()) == ask(world, "mempool_space", "/api/v1/blocks").body
    async with client.get(path) as response:
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/forkmonitor/feeds/stale_candidates/btc.rss",
        "/fork_observer/api/1/stale.json",
        "/fork_observer/rss/1/forks.xml",
    ],
)
async def test_an_unchanged_fork_page_is_304_without_a_body(client: Client, path: str) -> None:
    async with client.get(path) as response:
        tag = response.headers["ETag"]
    async with client.get(path, headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    await _start(client, "reorg")
    async with client.get(path, headers={"If-None-Match": tag}) as response:
        assert response.status == 200
        assert response.headers["ETag"] != tag


@pytest.mark.parametrize("path", ["/mempool_space/api/mempool", f"/coingecko{PRICE}", "/blockchain_com/stats"])
async def test_other_sources_have_no_etag(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert "ETag" not in response.headers


async def test_requests_are_counted_by_source_and_path_until_cleared(client: Client) -> None:
    for _ in range(3):
        await client.get("/mempool_space/api/mempool")
    await client.get("/blockchain_com/charts/hash-rate?timespan=30days", headers={"User-Agent": "probe/1"})
    async with client.get("/requests") as response:
        told = await response.json()
    assert told["total"] == 4
    assert told["counts"] == {"blockchain_com": {"/charts/hash-rate": 1}, "mempool_space": {"/api/mempool": 3}}
    newest = told["recent"][-1]
    assert (newest["query"], newest["status"], newest["time"]) == ("timespan=30days", 200, NOW)
    assert newest["headers"]["User-Agent"] == "probe/1"
    async with client.delete("/requests") as response:
        assert (await response.json())["total"] == 0


async def test_questions_to_the_stage_are_not_counted(client: Client) -> None:
    for path in ("/", "/scenario", "/requests", "/recorded"):
        async with client.get(path) as response:
            assert response.status == 200
    async with client.get("/requests") as response:
        assert (await response.json())["total"] == 0


async def test_scenarios_are_listed_started_and_ended(client: Client) -> None:
    await _start(client, "fee-spike?after=10&for=60")
    await _start(client, "outage:coingecko")
    async with client.get("/scenario") as response:
        told = await response.json()
    assert told["available"] == dict(SCENARIOS)
    assert [(row["name"], row["source"], row["active"]) for row in told["running"]] == [
        ("fee-spike", None, False),
        ("outage", "coingecko", True),
    ]
    assert (told["running"][0]["start"], told["running"][0]["end"]) == (NOW + 10, NOW + 70)
    async with client.delete("/scenario/outage") as response:
        assert [row["name"] for row in (await response.json())["running"]] == ["fee-spike"]
    async with client.delete("/scenario") as response:
        assert (await response.json())["running"] == []


@pytest.mark.parametrize("path", ["earthquake", "outage?source=kraken", "slow?minutes=3"])
async def test_a_mistaken_scenario_is_400_and_starts_nothing(client: Client, path: str) -> None:
    async with client.post(f"/scenario/{path}") as response:
        assert response.status == 400
        assert "there are" in (await response.json())["error"]
    async with client.get("/scenario") as response:
        assert (await response.json())["running"] == []


@pytest.mark.parametrize(
    ("ended", "left"),
    [
        ("/scenario/outage?source=coingecko", ["mempool_space", "forkmonitor"]),
        ("/scenario/outage:forkmonitor", ["mempool_space", "coingecko"]),
        ("/scenario/outage?source=mempool_space&path=/api/mempool", ["coingecko", "forkmonitor"]),
        ("/scenario/outage?source=mempool_space", ["mempool_space", "coingecko", "forkmonitor"]),
        ("/scenario/outage", []),
    ],
)
async def test_one_of_several_faults_of_a_name_ends_by_its_place(client: Client, ended: str, left: list[str]) -> None:
    for start in ("outage?path=/api/mempool&how=503", "outage?source=coingecko", "outage:forkmonitor"):
        async with client.post(f"/scenario/{start}") as response:
            assert response.status == 201
    async with client.delete(ended) as response:
        assert [one["source"] for one in (await response.json())["running"]] == left


async def test_ending_a_scenario_that_does_not_exist_is_400(client: Client) -> None:
    async with client.delete("/scenario/earthquake") as response:
        assert response.status == 400


async def test_an_outage_hangs_up_and_is_still_counted(client: Client) -> None:
    await _start(client, "outage:coingecko")
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"GET /coingecko/api/v3/coins/bitcoin HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    async with client.get("/mempool_space/api/mempool") as response:
        assert response.status == 200
    async with client.get("/requests") as response:
        told = await response.json()
    assert told["counts"]["coingecko"] == {"/api/v3/coins/bitcoin": 1}
    assert told["recent"][0]["status"] is None


@pytest.mark.parametrize("how", ["502", "503"])
async def test_an_outage_may_answer_with_a_status_instead(client: Client, how: str) -> None:
    await _start(client, f"outage?how={how}")
    async with client.get("/mempool_space/api/mempool") as response:
        assert response.status == int(how)


async def test_a_slow_source_waits_before_it_answers(client: Client, clock: Clock) -> None:
    await _start(client, "slow?seconds=12")
    async with client.get("/mempool_space/api/mempool") as response:
        assert response.status == 200
        assert response.headers["Date"] == "Mon, 21 Sep 2026 14:15:35 GMT"
    assert clock.waited == [12.0]


async def test_a_rate_limited_source_says_when_to_come_back(client: Client) -> None:
    await _start(client, "rate-limited:bitnodes?retry_after=63768")
    async with client.get("/bitnodes/api/v1/snapshots/?limit=1") as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "63768"
        assert "Expires" not in response.headers


async def test_a_frozen_source_repeats_its_body_while_the_date_moves_on(client: Client, clock: Clock) -> None:
    await _start(client, "frozen:mempool_space")
    bodies, dates = set(), set()
    for _ in range(3):
        async with client.get("/mempool_space/api/v1/difficulty-adjustment") as response:
            bodies.add(await response.read())
            dates.add(response.headers["Date"])
        clock.now += 900
    assert (len(bodies), len(dates)) == (1, 3)
    async with client.get(f"/coingecko{PRICE}") as response:
        told = json.loads(await response.read())
    assert clock.now - told["bitcoin"]["last_updated_at"] < 80


@pytest.mark.parametrize("fault", ["garbage", "schema-drift"])
async def test_a_fault_of_one_path_leaves_its_neighbours_alone(client: Client, world: World, fault: str) -> None:
    await _start(client, f"{fault}?path=/api/mempool")
    async with client.get("/mempool_space/api/mempool") as response:
        assert response.status == 200
        assert await response.read() != ask(world, "mempool_space", "/api/mempool").body
    async with client.get("/mempool_space/api/v1/fees/precise") as response:
        assert await response.read() == ask(world, "mempool_space", "/api/v1/fees/precise").body


async def test_time_can_be_moved_by_hand(client: Client, clock: Clock) -> None:
    async with client.get("/mempool_space/api/blocks/tip/height") as response:
        before = int(await response.text())
    clock.now += 86_400
    async with client.get("/mempool_space/api/blocks/tip/height") as response:
        assert 100 < int(await response.text()) - before < 200
