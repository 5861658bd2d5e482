"""Routes, methods, headers and limits as a client sees them."""

import asyncio
import gzip
import json
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest
import zstandard
from prometheus_client.parser import text_string_to_metric_families

from exporter.web.answer import Answer, Ask
from exporter.web.bounds import Bounds
from exporter.web.route import Route
from exporter.web.webfile import SECURITY_HEADERS
from tests.integration.web.house import House, house, visitor, waiting


async def text_of(session: aiohttp.ClientSession, url: str, **headers: str) -> str:
    async with session.get(url, headers=headers) as response:
        assert response.status == 200
        return (await response.read()).decode()


def requests_counted(text: str) -> dict[tuple[str, str, str], float]:
    return {
        (one.labels["handler"], one.labels["method"], one.labels["code"]): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == "btchealth_http_requests_total"
    }


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html; charset=utf-8"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/-/healthy", 200, "text/plain; charset=utf-8"),
        ("/-/ready", 200, "text/plain; charset=utf-8"),
        ("/health", 200, "application/json"),
        ("/config", 200, "text/plain; charset=utf-8"),
        ("/api/v2/score/latest", 200, "application/json"),
        ("/api/v2/sources", 200, "application/json"),
        ("/nothing", 404, "application/problem+json"),
        ("/metrics/", 404, "application/problem+json"),
        ("/favicon.ico", 404, "application/problem+json"),
        ("/-/reload", 405, "application/problem+json"),
    ],
)
async def test_every_route_answers_get_and_head_alike(path: str, status: int, content_type: str) -> None:
    async with house() as built, visitor() as session:
        async with session.get(built.url + path) as got:
            body = await got.read()
        async with session.head(built.url + path) as head:
            assert await head.read() == b""
        assert (got.status, head.status) == (status, status)
        assert got.headers["Content-Type"] == head.headers["Content-Type"] == content_type
        assert body


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        ("/", "max-age=5"),
        ("/docs", "max-age=3600"),
        ("/openapi.json", "max-age=3600"),
        ("/api/v2/methodology", "max-age=60"),
        ("/api/v2/score/latest", "max-age=5"),
        ("/api/v2/sources", "max-age=5"),
        ("/api/v2/score/explain", "max-age=5"),
        ("/api/v2/score/timeseries", "max-age=30"),
        ("/metrics", None),
        ("/-/healthy", None),
        ("/-/ready", None),
        ("/health", None),
        ("/config", None),
        ("/nothing", None),
        ("/api/v2/sources?x=1", None),
    ],
)
async def test_what_may_be_kept_has_a_validator_in_each_encoding_and_the_rest_is_not_kept(
    path: str, cached: str | None
) -> None:
    tags = set()
    async with house() as built, visitor() as session:
        for encoding in ("identity", "gzip", "zstd"):
            headers = {"Accept-Encoding": encoding}
            async with session.get(built.url + path, headers=headers) as response:
                body = await response.read()
            assert response.headers["Cache-Control"] == (cached or "no-store")
            assert ("ETag" in response.headers) is (cached is not None)
            async with session.head(built.url + path, headers=headers) as head:
                # The page of metrics counts these very requests.
                moving = dict.fromkeys(["Date", *(["Content-Length"] if path == "/metrics" else [])], "")
                assert {**head.headers, **moving} == {**response.headers, **moving}
            if cached is None:
                continue
            assert "Accept-Encoding" in response.headers["Vary"]
            tag = response.headers["ETag"]
            tags.add((tag, response.headers.get("Content-Encoding"), body))
            async with session.get(built.url + path, headers={**headers, "If-None-Match": tag}) as again:
                assert (again.status, await again.read()) == (304, b"")
                kept = ("Cache-Control", "ETag", "Vary")
                assert {name: again.headers[name] for name in kept} == {name: response.headers[name] for name in kept}
    assert len({tag for tag, _, _ in tags}) == len({body for _, _, body in tags})


async def test_metrics_are_nowhere_but_at_the_telemetry_path() -> None:
    """A fault of client_python's own server, which serves them under every path."""
    async with house(telemetry_path="/m") as built, visitor() as session:
        assert "btchealth_x 1\n" in await text_of(session, f"{built.url}/m")
        for path in ("/", "/metrics", "/m/x", "/anything"):
            async with session.get(built.url + path) as response:
                assert b"btchealth_x 1" not in await response.read()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("GET", "/-/reload", "POST, PUT"),
        ("OPTIONS", "/health", "GET, HEAD"),
        ("PROPFIND", "/health", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allow: str) -> None:
    async with house() as built, visitor() as session, session.request(method, built.url + path) as response:
        assert response.status == 405
        assert response.headers["Allow"] == allow
        problem = json.loads(await response.read())
        assert problem == {
            "type": "about:blank", "title": "Method Not Allowed", "status": 405,
            "detail": f"{method} is not for this page",
        }  # fmt: skip


@pytest.mark.parametrize("path", ["/metrics", "/health", "/nothing", "/-/reload", "/config"])
async def test_every_answer_has_the_security_headers(path: str) -> None:
    async with house() as built, visitor() as session, session.get(built.url + path) as response:
        assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert response.headers["Server"] == "btc-health"
        assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reload_from_this_machine(method: str) -> None:
    async with house() as built, visitor() as session:
        async with session.request(method, f"{built.url}/-/reload") as response:
            assert response.status == 200
        assert built.reloads == 1


async def test_the_page_comes_compressed_to_those_who_ask() -> None:
    async with house() as built, visitor() as session:
        async with session.get(f"{built.url}/metrics", headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.headers["Vary"] == "Accept, Accept-Encoding"
            assert b"btchealth_x 1\n" in gzip.decompress(await response.read())
        async with session.get(f"{built.url}/metrics", headers={"Accept-Encoding": "gzip, zstd"}) as response:
            assert response.headers["Content-Encoding"] == "zstd"
            assert b"btchealth_x 1\n" in zstandard.decompress(await response.read())
        async with session.get(f"{built.url}/metrics", headers={"Accept-Encoding": "identity"}) as response:
            assert "Content-Encoding" not in response.headers


async def test_a_bad_parameter_is_named() -> None:
    async with house() as built, visitor() as session:
        async with session.get(f"{built.url}/metrics?collect[]=nobody") as response:
            assert response.status == 400
            assert json.loads(await response.read())["detail"].startswith("collect[]: expected one of mempool_space")
        assert requests_counted(await text_of(session, f"{built.url}/metrics"))["metrics", "GET", "400"] == 1


async def test_the_counter_of_requests_grows_by_exactly_the_requests_made() -> None:
    async with house() as built, visitor() as session:
        before = requests_counted(await text_of(session, f"{built.url}/metrics"))
        for _ in range(5):
            await text_of(session, f"{built.url}/health")
        async with session.delete(f"{built.url}/nothing"):
            pass
        after = requests_counted(await text_of(session, f"{built.url}/metrics"))
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    assert grown == {("metrics", "GET", "200"): 1, ("health", "GET", "200"): 5, ("not_found", "other", "404"): 1}
    assert before["metrics", "GET", "200"] == 0
    assert before["reload", "POST", "200"] == 0


async def test_everything_moves_under_a_prefix() -> None:
    async with house(prefix="/btc") as built, visitor() as session:
        assert "btchealth_x 1" in await text_of(session, f"{built.url}/btc/metrics")
        for path in ("/", "/btc"):
            async with session.get(built.url + path, allow_redirects=False) as response:
                assert (response.status, response.headers["Location"]) == (307, "/btc/")
        async with session.get(f"{built.url}/metrics") as response:
            assert response.status == 404


ONE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"


@pytest.mark.parametrize(
    ("limit", "inside", "asks", "refused"),
    [
        (2, (ONE, OTHER), THIRD, "more than 2 requests at the same time"),
        (3, (ONE, OTHER), THIRD, None),
        (0, (ONE, ONE), ONE, None),
        (5, (ONE, ONE), ONE, "more than 2 requests of one client at the same time"),
        (5, (ONE, ONE), OTHER, None),
        (6, (ONE, ONE), ONE, None),
        (1, (), ONE, None),
    ],
)
async def test_more_requests_at_a_time_than_allowed_are_turned_away(
    limit: int, inside: tuple[str, ...], asks: str, refused: str | None
) -> None:
    gate, entered = asyncio.Event(), asyncio.Semaphore(0)
    more = {"/wait": waiting(gate, entered.release)}
    async with house(more=more, bounds=Bounds(limit)) as built, AsyncExitStack() as stack:
        sessions = {one: await stack.enter_async_context(visitor(address=one)) for one in (ONE, OTHER, THIRD)}
        running = [asyncio.create_task(text_of(sessions[one], f"{built.url}/wait")) for one in inside]
        for _ in running:
            await entered.acquire()
        async with sessions[asks].get(f"{built.url}/metrics") as response:
            assert response.status == (200 if refused is None else 503)
            assert ("Retry-After" in response.headers) is (refused is not None)
            assert (refused or "") in await response.text()
        async with sessions[asks].get(f"{built.url}/-/healthy") as response:
            assert response.status == 200
        gate.set()
        assert await asyncio.gather(*running) == ["done"] * len(inside)
        async with sessions[asks].get(f"{built.url}/metrics") as response:
            assert response.status == 200


async def test_a_bug_in_one_page_costs_only_that_page(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of client_python's own server, where one raising collector fails the whole scrape."""

    async def broken(_: Ask) -> Answer:
        raise ZeroDivisionError

    more = {"/broken": Route("broken", {"GET": broken})}
    async with house(more=more) as built, visitor() as session:
        async with session.get(f"{built.url}/broken") as response:
            assert response.status == 500
            assert "ZeroDivisionError" not in (await response.read()).decode()
        text = await text_of(session, f"{built.url}/metrics")
        assert requests_counted(text)["broken", "GET", "500"] == 1
    assert caplog.records == [] or "page failed" in caplog.text


async def test_a_client_that_goes_away_is_no_error() -> None:
    gate, inside = asyncio.Event(), asyncio.Semaphore(0)
    async with house(more={"/wait": waiting(gate, inside.release)}) as built:
        reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
        writer.write(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await inside.acquire()
        writer.transport.abort()
        gate.set()
        async with visitor() as session:
            assert "btchealth_x" in await text_of(session, f"{built.url}/metrics")
        assert await reader.read() == b""


async def raw(built: House, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    writer.write(request)
    answer = await reader.read(65536)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_a_400(request_bytes: bytes) -> None:
    async with house() as built:
        assert (await raw(built, request_bytes)).startswith(b"HTTP/1.")


async def test_a_stopped_server_lets_the_running_request_end_and_takes_no_other() -> None:
    gate, inside = asyncio.Event(), asyncio.Semaphore(0)
    async with visitor() as session:
        async with house(more={"/wait": waiting(gate, inside.release)}) as built:
            running = asyncio.create_task(text_of(session, f"{built.url}/wait"))
            await inside.acquire()
            asyncio.get_running_loop().call_later(0.05, gate.set)
        assert await running == "done"
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", built.port)) != 0
