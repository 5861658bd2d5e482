"""Every limit on what a client may send, hold or leave unread: reached, and not reached by a little.

Limits elsewhere: requests at one time and per client in test_routes.py and tests/unit/web_api/test_gate.py, parameters
in tests/unit/web_api/test_queries.py, bytes of remembered answers in tests/unit/web_api/test_timeseries.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporter.web.answer import MOST_PARAMETERS, Answer, Ask
from exporter.web.app import MOST_BODY_BYTES
from exporter.web.bounds import Bounds
from exporter.web.route import Route
from exporter.web.server import HANDSHAKE_SECONDS
from tests.integration.web.house import House, house
from tests.unit.web import certificates

BOUNDS = Bounds()
CLOSE = b"Host: a\r\nConnection: close\r\n"


def lines(target: int, field: int, fields: int) -> bytes:
    """A request whose target, value of one header field and number of fields have these sizes."""
    more = b"".join(b"X%d: a\r\n" % number for number in range(fields - 3))
    return b"GET /" + b"a" * (target - 1) + b" HTTP/1.1\r\n" + CLOSE + b"X: " + b"a" * field + b"\r\n" + more + b"\r\n"


def body(size: int) -> bytes:
    return b"POST /-/reload HTTP/1.1\r\n" + CLOSE + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


def query(parameters: int) -> bytes:
    return b"GET /metrics?" + b"&".join([b"name[]=btchealth_x"] * parameters) + b" HTTP/1.1\r\n" + CLOSE + b"\r\n"


async def spoken(built: House, sent: bytes) -> bytes:
    """Everything the server says until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    writer.write(sent)
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    return said


@pytest.mark.parametrize(
    ("below", "above", "status", "named"),
    [
        (lines(BOUNDS.line, 9, 9), lines(BOUNDS.line + 1, 9, 9), 431, "start line of at most 8190 bytes"),
        (lines(9, BOUNDS.field, 9), lines(9, BOUNDS.field + 1, 9), 431, "header fields of 8190"),
        (lines(9, 9, BOUNDS.fields), lines(9, 9, BOUNDS.fields + 1), 431, "at most 128 header fields"),
        (body(MOST_BODY_BYTES), body(MOST_BODY_BYTES + 1), 413, "body: expected at most 65536 bytes, got 65537"),
        (query(MOST_PARAMETERS), query(MOST_PARAMETERS + 1), 400, "query: expected at most 100 parameters"),
    ],
    ids=["start line", "header field", "header fields", "body", "parameters"],
)
async def test_what_is_as_large_as_allowed_is_read_and_one_more_is_refused_by_name(
    below: bytes, above: bytes, status: int, named: str
) -> None:
    async with house() as built:
        read, refused = await spoken(built, below), await spoken(built, above)
    assert re.match(rb"HTTP/1\.1 (200|404) ", read), read[:200]
    head, _, said = refused.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] %d " % status, head), head
    assert named in json.loads(said)["detail"]


class Moved:
    """The clock of the event loop, which can be put forward."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._real, self._ahead = loop.time, 0.0

    def __call__(self) -> float:
        return self._real() + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Moved:
    loop = asyncio.get_running_loop()
    moved = Moved(loop)
    monkeypatch.setattr(loop, "time", moved)
    return moved


@asynccontextmanager
async def connected(built: House) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    # An answer to somebody else: by then the server knows of this connection too.
    await spoken(built, b"GET /-/healthy HTTP/1.1\r\n" + CLOSE + b"\r\n")
    yield reader, writer
    writer.transport.abort()


async def is_dropped(built: House, reader: asyncio.StreamReader) -> bool:
    await spoken(built, b"GET /-/healthy HTTP/1.1\r\n" + CLOSE + b"\r\n")
    await spoken(built, b"GET /-/healthy HTTP/1.1\r\n" + CLOSE + b"\r\n")
    return reader.at_eof()


WHOLE = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "limit"),
    [
        ([], BOUNDS.head),
        ([b"GET / HT"], BOUNDS.head),
        ([b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: a"], BOUNDS.head),
        ([WHOLE], BOUNDS.idle),
        ([WHOLE, WHOLE], BOUNDS.idle),
        ([WHOLE, b"GET / HT"], BOUNDS.head),
    ],
    ids=["nothing", "half a line", "half a head", "one request", "two requests", "half a second head"],
)
async def test_who_does_not_go_on_is_dropped_when_the_time_is_over_and_not_before(
    clock: Moved, sent: list[bytes], limit: float
) -> None:
    async with house() as built, connected(built) as (reader, writer):
        for piece in sent:
            writer.write(piece)
            if piece is WHOLE:
                await reader.readuntil(b"is healthy.\n")
        assert not await is_dropped(built, reader)
        clock.forward(limit - 1)
        assert not await is_dropped(built, reader)
        clock.forward(2)
        assert await is_dropped(built, reader)


async def test_a_head_in_drops_has_no_more_time_than_one_in_a_piece(clock: Moved) -> None:
    async with house() as built, connected(built) as (reader, writer):
        for letter in b"GET / HTTP":
            writer.write(bytes([letter]))
            assert not await is_dropped(built, reader)
            clock.forward(BOUNDS.head / 10.5)
        assert not await is_dropped(built, reader)
        writer.write(b"/1.1")
        clock.forward(BOUNDS.head / 10.5)
        assert await is_dropped(built, reader)


@pytest.mark.parametrize("coding", [b"", b"Content-Encoding: gzip\r\n"])
async def test_a_body_that_never_ends_is_read_for_a_second_and_no_longer(clock: Moved, coding: bytes) -> None:
    head = b"POST /-/reload HTTP/1.1\r\nHost: a\r\n" + coding + b"Transfer-Encoding: chunked\r\n\r\n"
    async with house() as built, connected(built) as (reader, writer):
        writer.write(head + b"5\r\nhello\r\n")
        await reader.readuntil(b"configuration reloaded\n")
        clock.forward(BOUNDS.body * 0.8)
        writer.write(b"5\r\nhello\r\n")
        assert not await is_dropped(built, reader)
        clock.forward(BOUNDS.body * 0.4)
        # What has no end of its own is looked at again when the next piece comes, or at the end of the time.
        assert await is_dropped(built, reader)


LARGE = b"x" * (16 << 20)


def large() -> dict[str, Route]:
    async def answer(_: Ask) -> Answer:
        return Answer(LARGE, "text/plain")

    return {"/large": Route("large", {"GET": answer})}


@pytest.mark.parametrize(("waits", "dropped"), [(BOUNDS.reading - 1, False), (BOUNDS.reading + 1, True)])
async def test_who_does_not_read_an_answer_is_dropped_when_the_time_is_over_and_not_before(
    clock: Moved, waits: float, dropped: bool
) -> None:
    async with house(more=large()) as built:
        reader, writer = await asyncio.open_connection("127.0.0.1", built.port, limit=1_024)
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        clock.forward(waits)
        await is_dropped(built, reader)
        got = 0
        try:
            while piece := await reader.read(1 << 20):
                got += len(piece)
        except ConnectionResetError:
            assert dropped
        assert (got < len(LARGE)) is dropped
        writer.transport.abort()


async def test_as_many_connections_as_allowed_stay_open_and_the_next_is_turned_away() -> None:
    async def is_served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(WHOLE)
        with contextlib.suppress(ConnectionResetError, asyncio.IncompleteReadError):
            return bool(await reader.readuntil(b"is healthy.\n"))
        return False

    async with house(bounds=Bounds(connections=3)) as built:
        opened = [await asyncio.open_connection("127.0.0.1", built.port) for _ in range(5)]
        assert [await is_served(*one) for one in opened] == [True, True, True, False, False]
        opened[0][1].close()
        assert await opened[0][0].read() == b""
        opened.append(await asyncio.open_connection("127.0.0.1", built.port))
        assert await is_served(*opened[-1])
        for _, writer in opened:
            writer.transport.abort()
            with contextlib.suppress(ConnectionResetError):
                await writer.wait_closed()


@pytest.fixture
def encrypted(tmp_path: Path) -> Path:
    certificates.server(certificates.authority()).write(tmp_path, "server")
    file = tmp_path / "web.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
    return file


async def test_who_does_not_shake_hands_is_dropped_when_the_time_is_over_and_not_before(
    clock: Moved, encrypted: Path
) -> None:
    async with house(encrypted) as built:
        reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
        for forward, dropped in ((0.0, False), (HANDSHAKE_SECONDS - 1, False), (2.0, True)):
            clock.forward(forward)
            for _ in range(10):
                await asyncio.sleep(0)
            if dropped:
                assert await reader.read() == b""
            assert reader.at_eof() is dropped
        writer.transport.abort()


def unfinished(size: int) -> bytes:
    """The beginning of a head, of this size."""
    start = b"GET /-/healthy HTTP/1.1\r\n"
    line = b"X: %s\r\n" % (b"a" * 4_000)
    whole, rest = divmod(size - len(start), len(line))
    return start + line * whole + b"Y: " + b"a" * (rest - 3)


async def test_a_head_may_begin_with_so_many_bytes_and_no_more() -> None:
    async with house() as built:
        for size, refused in ((BOUNDS.head_bytes, False), (BOUNDS.head_bytes + 1, True)):
            async with connected(built) as (reader, writer):
                writer.write(unfinished(size))
                assert await is_dropped(built, reader) is False or refused
                if not refused:
                    writer.write(b"\r\n" + CLOSE + b"\r\n")
                said = await reader.read()
                assert said.split(b" ", 2)[1] == (b"431" if refused else b"200")
                assert (b"expected a head of at most 65536 bytes" in said) is refused


async def test_all_heads_that_are_not_complete_may_be_so_large_and_then_who_holds_the_most_is_dropped() -> None:
    async with house(bounds=Bounds(unfinished_bytes=60_000)) as built, contextlib.AsyncExitStack() as stack:
        open_ones = [await stack.enter_async_context(connected(built)) for _ in range(4)]
        for reader, writer in open_ones[:3]:
            writer.write(unfinished(20_000))
            assert not await is_dropped(built, reader)
        last, writer = open_ones[3]
        writer.write(unfinished(100))
        assert not await is_dropped(built, last)
        said = []
        for reader, writer in open_ones:
            with contextlib.suppress(ConnectionError):
                writer.write(b"\r\n" + CLOSE + b"\r\n")
                said.append(await reader.read())
        # One of those that hold the most had to go.
        assert sum(one.startswith(b"HTTP/1.1 200 ") for one in said) == 3
        assert said[-1].startswith(b"HTTP/1.1 200 ")
        # What they held is free again.
        async with connected(built) as (reader, writer):
            writer.write(unfinished(50_000))
            assert not await is_dropped(built, reader)


async def test_bodies_are_no_heads_however_they_come() -> None:
    async with house(bounds=Bounds(unfinished_bytes=10_000)) as built, connected(built) as (reader, writer):
        start, _, rest = body(9_000).partition(b"\r\n\r\n")
        writer.write(start.replace(b"Connection: close\r\n", b"") + b"\r\n\r\n")
        assert not await is_dropped(built, reader)
        writer.write(rest)
        await reader.readuntil(b"\r\n\r\n")
        async with connected(built) as (other, others):
            others.write(unfinished(9_000))
            assert not await is_dropped(built, other)
        assert not await is_dropped(built, reader)


async def test_who_sends_requests_ahead_and_does_not_read_goes_before_the_others() -> None:
    async def large(_: Ask) -> Answer:
        return Answer(b"x" * (8 << 20), "text/plain")

    more = {"/large": Route("large", {"GET": large})}
    async with house(more=more, bounds=Bounds(unfinished_bytes=60_000)) as built, connected(built) as (other, others):
        others.write(unfinished(1_000))
        assert not await is_dropped(built, other)
        async with connected(built) as (reader, writer):
            writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 1_500)
            with contextlib.suppress(ConnectionResetError):
                assert len(await reader.read()) < 8 << 20
        others.write(b"\r\n" + CLOSE + b"\r\n")
        assert (await other.read()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("before", [WHOLE, body(100)[:-100] + b"x" * 100], ids=["a request", "a body"])
async def test_a_head_that_begins_behind_another_request_counts(before: bytes) -> None:
    before = before.replace(b"Connection: close\r\n", b"")
    async with house(bounds=Bounds(unfinished_bytes=10_000)) as built, connected(built) as (reader, writer):
        writer.write(before + unfinished(9_000))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"a" * 2_000)
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        assert reader.at_eof()
