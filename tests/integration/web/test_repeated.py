"""A request that comes again byte for byte is answered without aiohttp, and nobody can tell."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from exporter.configuration.config import ApiConfig
from exporter.web.answer import Answer, Ask
from exporter.web.app import Site, Visit
from exporter.web.bounds import Bounds
from exporter.web.gate import Gate
from exporter.web.limits import Counted
from exporter.web.repeated import MOST_FIELDS, Wire
from exporter.web.route import Route
from exporter.web.standing import Standing
from exporter.web.webfile import WebFile
from tests.integration.web.house import House, house

LATEST: Final = "/api/v2/score/latest"
SERIES: Final = "/api/v2/score/timeseries"


def head(path: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode()


@dataclass(slots=True)
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> bytes:
        """The next one; its date is left out."""
        start = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", start)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        return re.sub(rb"Date: [^\r]+", b"", start) + body

    async def ask(self, sent: bytes) -> bytes:
        self.writer.write(sent)
        return await self.answer()


@asynccontextmanager
async def line(built: House, limit: int = 2**20) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port, limit=limit)
    try:
        async with asyncio.timeout(20):
            yield Line(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the requests that went through aiohttp."""
    paths: list[str] = []
    call = Site.__call__

    async def counted(site: Site, request: web.BaseRequest) -> web.StreamResponse:
        paths.append(request.path)
        return await call(site, request)

    monkeypatch.setattr(Site, "__call__", counted)
    return paths


@pytest.mark.parametrize(
    "sent",
    [
        head("/-/healthy"),
        head(LATEST),
        head(LATEST, "Accept-Encoding: gzip"),
        head(LATEST, "If-None-Match: *"),
        head(f"{LATEST}?x=1"),
        head(f"{LATEST}?a%20b=%C3%A9"),
        head(LATEST, "Origin: https://status.example.org"),
        head("/api/v2/methodology"),
        head(f"{SERIES}?kind=overall&days=1", "Accept-Encoding: gzip"),
    ],
)
async def test_the_second_answer_is_the_first_without_the_parser(sent: bytes, parsed: list[str]) -> None:
    settings = ApiConfig(cors_origins=("https://status.example.org",))
    async with house(settings=lambda: settings) as built, line(built) as one, line(built) as other:
        first = await one.ask(sent)
        assert await one.ask(sent) == first
        assert await other.ask(sent) == first
    assert len(parsed) == 1


@pytest.mark.parametrize(
    ("sent", "times"),
    [
        (head("/-/healthy", method="HEAD"), 2),
        (head("/-/reload", "Content-Length: 0", method="POST"), 2),
        (head("/"), 2),
        (head("/nowhere"), 2),
        (head(f"{SERIES}?kind=nothing"), 2),
        (head("/-/healthy", "Expect: 100-continue"), 2),
        (head("/-/healthy", f"X: {'x' * 2_048}"), 2),
        (head("/-/healthy", *[f"X{number}: x" for number in range(MOST_FIELDS)]), 2),
    ],
)
async def test_what_needs_more_than_a_look_is_always_parsed(sent: bytes, times: int, parsed: list[str]) -> None:
    async with house() as built:
        for _ in range(times):
            async with line(built) as one:
                one.writer.write(sent)
                assert (await one.reader.readline()).startswith(b"HTTP/1.1 ")
    assert len(parsed) == times


async def test_a_head_of_so_many_fields_is_still_remembered(parsed: list[str]) -> None:
    sent = head("/-/healthy", *[f"X{number}: x" for number in range(MOST_FIELDS - 1)])
    async with house() as built, line(built) as one:
        assert await one.ask(sent) == await one.ask(sent)
    assert len(parsed) == 1


async def test_a_part_of_the_metrics_is_made_once_for_all_who_want_it(
    parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = head("/metrics?name[]=btchealth_x")
    async with house() as built, line(built) as one, line(built) as other:
        page = built.publication.page()
        monkeypatch.setattr(built.publication, "page", lambda: page)
        first = await one.ask(sent)
        assert b"btchealth_x 1" in first
        assert [await one.ask(sent), await other.ask(sent)] == [first, first]
    assert len(parsed) == 1


@pytest.mark.parametrize("origin", [b"https://\xff", b"https://\xc3\xa9", b"a\tb"])
async def test_an_origin_that_is_no_text_is_never_sent_back_and_leaves_nothing_behind(origin: bytes) -> None:
    sent = head(LATEST, "Origin: ORIGIN").replace(b"ORIGIN", origin)
    settings = ApiConfig(cors_origins=("*",))
    async with house(settings=lambda: settings, bounds=Bounds(max_requests=2)) as built, line(built) as one:
        for _ in range(5):
            answer = await one.ask(sent)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"Access-Control-Allow-Origin" not in answer


async def test_a_failure_at_the_last_step_gives_the_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(bounds=Bounds(max_requests=2)) as built, line(built) as one:
        await one.ask(head(LATEST))
        with monkeypatch.context() as broken:
            broken.setattr(Wire, "of", lambda *_: 1 / 0)
            for _ in range(3):
                async with line(built) as other:
                    other.writer.write(head(LATEST))
                    assert await other.reader.read() == b""
        assert (await one.ask(head(LATEST))).startswith(b"HTTP/1.1 200 ")


async def test_what_one_site_may_read_is_put_together_once() -> None:
    settings = ApiConfig(cors_origins=("https://a.example",))
    answer = Answer(b"x", "text/plain", again=True)
    gate = Gate(lambda: settings, Counted(time.time))
    ask = Ask("GET", "/", headers={"Origin": "https://a.example"})
    route = Route("x", {})
    standing = Standing(ask, route, settings, WebFile(None).current(), lambda: None, gate.sharing(ask))
    shared = standing.shared(answer)
    assert shared.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert standing.shared(answer) is shared
    assert standing.shared(replace(answer)) is not shared


async def test_requests_in_one_piece_or_in_several_are_answered_in_order(parsed: list[str]) -> None:
    healthy, latest = head("/-/healthy"), head(LATEST)
    async with house() as built, line(built) as one:
        answers = [await one.ask(healthy), await one.ask(latest)]
        one.writer.write(healthy + latest)
        assert [await one.answer(), await one.answer()] == answers
        one.writer.write(healthy[:10])
        await one.writer.drain()
        await asyncio.sleep(0)
        one.writer.write(healthy[10:])
        assert await one.answer() == answers[0]
    assert len(parsed) == 5


async def test_a_known_head_within_a_body_is_not_a_request(parsed: list[str]) -> None:
    healthy = head("/-/healthy")
    post = head("/-/reload", f"Content-Length: {len(healthy)}", method="POST")
    async with house() as built, line(built) as one:
        known = await one.ask(healthy)
        one.writer.write(post)
        assert b"reloaded" in await one.answer()
        one.writer.write(healthy)
        assert await one.ask(healthy) == known
    assert parsed == ["/-/healthy", "/-/reload", "/-/healthy"]


async def test_users_are_asked_for_their_password_every_time(tmp_path: Path, parsed: list[str]) -> None:
    file = tmp_path / "web.yml"
    file.write_text("basic_auth_users: {}\n")
    healthy = head("/-/healthy")
    async with house(file) as built, line(built) as one:
        await one.ask(healthy)
        file.write_text("basic_auth_users:\n  anna: $2b$04$N8XwRTHDLVYbQZ8Pq0UZfOQ9oGfQf0qR3bZ4o1eB7wB2Q1i1vYt4K\n")
        assert (await one.ask(healthy)).startswith(b"HTTP/1.1 401 ")
    assert len(parsed) == 2


async def test_limits_hold_for_requests_that_repeat() -> None:
    settings = ApiConfig(rate_limits={"default": "3/minute"})
    async with house(settings=lambda: settings) as built, line(built) as one:
        codes = [(await one.ask(head(LATEST)))[9:12] for _ in range(4)]
        page = await one.ask(head("/metrics"))
    assert codes == [b"200", b"200", b"200", b"429"]
    assert b'btchealth_http_requests_total{handler="score_latest",method="GET",code="200"} 3\n' in page
    assert b'btchealth_http_requests_total{handler="score_latest",method="GET",code="429"} 1\n' in page


@pytest.mark.parametrize(
    ("changes", "want"),
    [
        ({}, b"200"),
        ({"trusted_hosts": ("b",)}, b"400"),
        ({"trusted_hosts": ("a",)}, b"200"),
        ({"rate_limits": {"default": "1/minute"}}, b"429"),
    ],
)
async def test_a_reload_holds_for_connections_that_are_open(changes: dict[str, Any], want: bytes) -> None:
    settings = ApiConfig()
    async with house(settings=lambda: settings) as built, line(built) as one:
        assert [(await one.ask(head(LATEST)))[9:12] for _ in range(3)] == [b"200"] * 3
        settings = ApiConfig(**changes)
        assert [(await one.ask(head(LATEST)))[9:12] for _ in range(2)][-1] == want


async def test_headers_of_the_web_file_hold_for_connections_that_are_open(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    async with house(file) as built, line(built) as one:
        for _ in range(3):
            assert b"X-Frame-Options: deny" in await one.ask(head(LATEST))
        file.write_text("http_server_config: {headers: {X-Frame-Options: sameorigin}}\n")
        assert b"X-Frame-Options: sameorigin" in await one.ask(head(LATEST))


async def test_a_burst_over_the_limit_of_the_web_file_is_refused_over_an_open_connection(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("rate_limit: {interval: 1h, burst: 3}\n")
    async with house(file) as built, line(built) as one:
        codes = [(await one.ask(head("/-/healthy")))[9:12] for _ in range(4)]
    assert codes == [b"200", b"200", b"200", b"429"]


async def large(_: Ask) -> Answer:
    return Answer(b"x" * (16 << 20), "text/plain")


async def test_who_does_not_read_a_repeated_answer_is_dropped_and_counts_until_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = asyncio.Event()
    sent = head("/large")
    more = {"/large": Route("large", {"GET": large}, at_once=True)}
    async with house(more=more, bounds=Bounds(max_requests=1, reading=2.0)) as built, line(built) as one:
        assert len(await one.ask(sent)) > 16 << 20
        end = Site.end

        def ended(site: Site, visit: Visit, answer: Answer) -> None:
            end(site, visit, answer)
            over.set()

        monkeypatch.setattr(Site, "end", ended)
        async with line(built, limit=1_024) as slow, line(built) as other:
            slow.writer.write(sent)
            await slow.reader.readline()
            assert (await other.ask(sent)).startswith(b"HTTP/1.1 503 ")
            over.clear()
            await over.wait()
            with contextlib.suppress(ConnectionResetError):
                assert len(await slow.reader.read()) < 16 << 20
        assert len(await one.ask(sent)) > 16 << 20


async def test_an_answer_on_its_way_is_finished_before_the_server_ends() -> None:
    more = {"/large": Route("large", {"GET": large}, at_once=True)}
    async with AsyncExitStack() as stack:
        built = await stack.enter_async_context(house(more=more))
        one = await stack.enter_async_context(line(built))
        assert len(await one.ask(head("/large"))) > 16 << 20
        one.writer.write(head("/large"))
        await one.reader.readline()
        ending = asyncio.create_task(built.server.stop(20.0))
        # aiohttp, asked alone, is done in a turn or two of the event loop.
        for _ in range(100):
            await asyncio.sleep(0)
        assert not ending.done()
        rest = await one.reader.read()
        await ending
        assert len(rest) > 16 << 20


async def test_a_connection_that_repeats_itself_is_not_idle() -> None:
    async with house(bounds=Bounds(idle=0.3)) as built, line(built) as one:
        end = asyncio.get_running_loop().time() + 0.6
        while asyncio.get_running_loop().time() < end:
            assert b"healthy" in await one.ask(head("/-/healthy"))
        assert await one.reader.read() == b""


async def test_a_page_that_waits_although_it_must_not_is_a_bug(parsed: list[str]) -> None:
    async def waits(_: Ask) -> Answer:
        await asyncio.sleep(0)
        return Answer(b"", "text/plain")

    more = {"/waits": Route("waits", {"GET": waits}, at_once=True)}
    async with house(more=more) as built, line(built) as one:
        assert (await one.ask(head("/waits"))).startswith(b"HTTP/1.1 200 ")
        assert (await one.ask(head("/waits"))).startswith(b"HTTP/1.1 500 ")
    assert len(parsed) == 1
