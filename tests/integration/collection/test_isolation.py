"""One endpoint broken in any way changes nothing of another."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from exporter.collection.fetch import TIMEOUT
from exporter.errors import Reason
from exporter.storage.database import Storage
from tests.integration.collection.stage import SHORT, Client, FakeClock, Upstream, declare, play

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMIT = 64 * 1024


def answer(body: bytes = b"{}", status: int = 200, content_type: str = "application/json", **headers: str) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        stated = {name.replace("_", "-"): text for name, text in headers.items()}
        return web.Response(body=body, status=status, headers={"Content-Type": content_type, **stated})

    return handle


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


async def trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"{")
    return await hang(request)


async def truncate(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"value": 1,')
    return await hang_up(request)


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def loop(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(request.path)


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://192.0.2.1/secret")


WAYS: dict[str, tuple[Handler, Reason]] = {
    "500": (answer(status=500), Reason.SERVER_ERROR),
    "404": (answer(status=404), Reason.CLIENT_ERROR),
    "403": (answer(status=403), Reason.BLOCKED),
    "204": (answer(b"", status=204), Reason.EMPTY),
    "redirect without a place": (answer(status=302), Reason.REDIRECT),
    "redirect loop": (loop, Reason.REDIRECT),
    "redirect to another host": (elsewhere, Reason.REDIRECT),
    "redirect to a file": (answer(status=302, Location="file:///etc/passwd"), Reason.REDIRECT),
    "redirect to nonsense": (answer(status=302, Location="http://[::1"), Reason.REDIRECT),
    "hang": (hang, Reason.TIMEOUT),
    "trickle": (trickle, Reason.TIMEOUT),
    "hang up": (hang_up, Reason.CONNECT),
    "truncated": (truncate, Reason.CONNECT),
    "garbage": (answer(b"\x00\xff garbage"), Reason.FORMAT),
    "empty": (answer(b""), Reason.EMPTY),
    "white space": (answer(b" \n"), Reason.EMPTY),
    "an error under 200": (answer(b'{"error": "nope"}'), Reason.ERROR_BODY),
    "another shape": (answer(b"[1, 2, 3]"), Reason.FORMAT),
    "all fields refused": (answer(b'{"value": "x", "other": null, "at": true}'), Reason.FORMAT),
    "an HTML page": (answer(b"<html>", content_type="text/html"), Reason.FORMAT),
    "an image": (answer(b"{}", content_type="image/png"), Reason.FORMAT),
    "unknown charset": (answer(b"{}", content_type="text/plain; charset=martian"), Reason.FORMAT),
    "huge by its own word": (answer(b"[" + b" " * LIMIT + b"]"), Reason.TOO_LARGE),
    "gzip bomb": (answer(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), Reason.TOO_LARGE),
    "broken gzip": (answer(b"\x1f\x8b\x08 not gzip", Content_Encoding="gzip"), Reason.FORMAT),
}


async def huge_in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(LIMIT // 1024 + 1):
        await response.write(b" " * 1024)
    return response


WAYS["huge without saying"] = (huge_in_pieces, Reason.TOO_LARGE)


@pytest.mark.parametrize("way", WAYS)
async def test_one_broken_endpoint_changes_no_value_and_no_count_of_its_neighbours(
    way: str, clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    handler, reason = WAYS[way]
    clock.dice = 1.0
    values = {"good": 1, "broken": 5, "fine": 2}
    upstream.says = {f"/{name}": {"value": value, "other": value} for name, value in values.items()}
    endpoints = [declare("good"), declare("broken", max_age_override=100.0), declare("fine")]
    client, timeout = Client(max_response_bytes=LIMIT), SHORT if reason is Reason.TIMEOUT else TIMEOUT
    async with play(clock, storage, [upstream.url], *endpoints, client=client, timeout=timeout) as run:
        upstream.says["/broken"] = handler
        await clock.forward(181)
        assert run.values() == {"good_value": 1, "good_other": 1, "fine_value": 2, "fine_other": 2}
        broken = run.figures("broken")
        assert sum(broken.failures.values()) == broken.failures[reason] > 0
        assert run.figures("broken").last_error.reason is reason
        for name in ("good", "fine"):
            assert sum(run.figures(name).failures.values()) == 0
            assert run.figures(name).fetches == 3
            assert run.figures(name).up


async def test_many_broken_endpoints_do_not_close_the_way_for_the_good_one(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {f"/{name}": answer(status=404) for name in "abcdefgh"} | {"/good": {"value": 1, "other": 1}}
    endpoints = [*(declare(name, interval=5.0) for name in "abcdefgh"), declare("good")]
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        await clock.forward(299)
        assert run.figures("good").fetches == 5
        assert not run.collection.figures()[0].breaker_open


async def test_a_disk_that_fails_is_counted_and_collection_goes_on(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1}
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        await storage.read(lambda connection: connection.executescript("PRAGMA query_only = ON"), None)
        await clock.forward(200)
        assert run.figures("a").fetches == 4
        assert storage.failures > 0
        assert not storage.healthy
        assert run.values() == {"a_value": 1, "a_other": 1}
