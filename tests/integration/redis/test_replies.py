"""Whatever listens where Redis should: its replies are nobody's error."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from limits import parse

from exporter.cache import CachedBody
from exporter.cache.lease import Lease, Leases
from exporter.cache.link import Link
from exporter.cache.redis import RedisTier
from exporter.web.limits import Counted
from exporter.web.shared_limits import SECONDS, Shared
from tests.integration.redis.server import Watch, link_to

NOW = 1_790_000_000.0
BODY = CachedBody("alpha", "a", "http://h/a", "h", b"{}", NOW, NOW)


async def get(link: Link) -> None:
    assert await RedisTier(link, lambda: NOW, 1 << 20).get(BODY.key) is None


async def put(link: Link) -> None:
    await RedisTier(link, lambda: NOW, 1 << 20).put(BODY)


async def turn(link: Link) -> None:
    taken = await Leases(link).take(BODY.key, 600)
    if isinstance(taken, Lease):
        async with taken:
            await taken.tell({"h": {}})


async def limit(link: Link) -> None:
    counting = Shared(link, Counted(lambda: NOW), time.monotonic, 10 * SECONDS)
    assert await counting.wait(parse("3/hour"), "score_latest", "192.0.2.1") == 0.0


@asynccontextmanager
async def listening(reply: bytes) -> AsyncIterator[str]:
    ended: list[asyncio.Event] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(end := asyncio.Event())
        with contextlib.suppress(ConnectionError):
            while said := await reader.read(1 << 16):
                writer.write(b"+OK\r\n" * said.count(b"SETINFO") or reply)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        end.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for end in ended:
        await end.wait()


NESTED = b"*1\r\n" * 50_000


@pytest.mark.parametrize("use", [get, put, turn, limit])
@pytest.mark.parametrize(
    "reply",
    [
        b"+OK\r\n", b"$-1\r\n", b":1\r\n", b"*0\r\n", b"*2\r\n:1\r\n$1\r\na\r\n", b"*3\r\n:0\r\n:1\r\n:2\r\n",
        b"*3\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n", b"*3\r\n:0\r\n$1\r\na\r\n*1\r\n:1\r\n", b"*1\r\n*1\r\n*0\r\n",
        b"$3\r\n1e9\r\n", b"%1\r\n+a\r\n+b\r\n", b"$x\r\n", b"\xff\xfe\x00\r\n", NESTED, b"-ERR no\r\n", b"-MOVED\r\n",
        b"-NOAUTH Authentication required.\r\n", b"-LOADING loading\r\n", b"-CLUSTERDOWN down\r\n",
    ],
    ids=lambda reply: "nested" if reply is NESTED else repr(reply[:30]),
)  # fmt: skip
async def test_no_reply_is_an_error_to_who_asks(
    reply: bytes, use: Callable[[Link], Awaitable[None]], watch: Watch
) -> None:
    async with listening(reply) as url:
        link = link_to(url, watch)
        await use(link)
        await use(link)
        await link.close()


@pytest.mark.parametrize("use", [get, turn, limit])
@pytest.mark.parametrize("kind", ["redis+sentinel://{}/main", "redis+cluster://{}"])
@pytest.mark.parametrize(
    "reply",
    [
        b"$5\r\nhello\r\n", b"*-1\r\n", b"*1\r\n*1\r\n$1\r\na\r\n", b"*1\r\n*2\r\n$1\r\na\r\n:1\r\n", b":1\r\n",
        b"*1\r\n*3\r\n:0\r\n:9\r\n*1\r\n:1\r\n",
    ],
    ids=repr,
)  # fmt: skip
async def test_no_reply_about_other_servers_is_an_error_either(
    reply: bytes, kind: str, use: Callable[[Link], Awaitable[None]], watch: Watch
) -> None:
    async with listening(reply) as url:
        link = link_to(kind.format(url.removeprefix("redis://")), watch)
        await use(link)
        await link.close()
