"""What browsers, scrapers and proxies never send: answered as a mistake of the client or not at all, and forgotten."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.integration.web.house import House, house

END = b"Host: a\r\nConnection: close\r\n\r\n"
BODY = b"POST /-/reload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
API = b"GET /api/v2/score/latest HTTP/1.1\r\n"


async def spoken(built: House, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    said = b""
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            while piece := await reader.read(1 << 20):
                said += piece
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return said


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET http://elsewhere/metrics HTTP/1.1\r\n" + END, 200),
        (b"GET http://elsewhere:99999/metrics HTTP/1.1\r\n" + END, 400),
        (b"GET http://[::1/metrics HTTP/1.1\r\n" + END, 400),
        (b"CONNECT elsewhere:443 HTTP/1.1\r\n" + END, 404),
        (b"OPTIONS * HTTP/1.1\r\n" + END, 404),
        (b"GET * HTTP/1.1\r\n" + END, 400),
        (b"GET metrics HTTP/1.1\r\n" + END, 400),
        (b"GET //elsewhere/metrics HTTP/1.1\r\n" + END, 404),
        (b"GET /a/../metrics HTTP/1.1\r\n" + END, 404),
        (b"GET /%zz%ff%00 HTTP/1.1\r\n" + END, 404),
        (b"GET /api/v2/score/timeseries?days=%ff&%00=%zz HTTP/1.1\r\n" + END, 400),
        (b"GET /api/v2/score/timeseries?kind=metric&id=%ed%a0%80 HTTP/1.1\r\n" + END, 400),
        (b"GET /metrics?name[]=%0d%0aX:y HTTP/1.1\r\n" + END, 400),
        (b"TRACE / HTTP/1.1\r\n" + END, 405),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\nHost: a\n\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: a\r\n b\r\n" + END, 400),
        (b"GET /metrics HTTP/1.1\r\nX : a\r\n" + END, 400),
        (b"GET /metrics HTTP/1.1\r\nX: a\x00b\r\n" + END, 400),
        (b"GET /metrics HTTP/1.1\r\nHost: b\r\n" + END, 400),
        (b"GET /metrics HTTP/1.1\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\nHost: a\r\n\r\n", 200),
        (b"GET /metrics HTTP/1.1\r\nContent-Length: 4\r\n" + END + b"abcd", 200),
        (b"GET /metrics HTTP/1.1\r\n" + b"Cookie: %s\r\n" % (b"c" * 8_000) * 7 + END, 200),
        (b"GET /metrics HTTP/1.1\r\n" + b"Cookie: %s\r\n" % (b"c" * 8_000) * 120 + END, 431),
        (b"GET /metrics HTTP/1.1\r\nAccept: %s\r\n" % (b"a/b;q=0.1," * 800) + END, 200),
        (b"GET /metrics HTTP/1.1\r\nAuthorization: Basic \xff\r\n" + END, 200),
        (b"POST /metrics HTTP/1.1\r\nX-HTTP-Method-Override: GET\r\n" + END, 405),
        (API + b'If-None-Match: \xff"\r\n' + END, 200),
        (API + b"Origin: \xff\r\n" + END, 200),
        (API + b"X-Forwarded-For: \xff, [::1, 1.2.3.4.5:9, fe80::1%25x\r\n" + END, 200),
        (BODY + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (BODY + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400),
        (BODY + b"Content-Length: -4\r\n\r\n", 400),
        (BODY + b"Content-Length: 99999999999999999999999999\r\n\r\n", 400),
        (BODY + b"Transfer-Encoding: xchunked\r\n\r\nabcd", 400),
        (BODY + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (BODY + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400),
        (BODY + b"Transfer-Encoding: chunked\r\n\r\n1;%s\r\n" % (b"a" * 20_000), 200),
        (BODY + b"Expect: teapot\r\n\r\n", 200),
    ],
)
async def test_a_strange_request_is_answered_and_leaves_nothing_behind(sent: bytes, status: int) -> None:
    async with house() as built:
        said = await spoken(built, sent)
        after = await spoken(built, b"GET /metrics HTTP/1.1\r\n" + END)
    assert said.split(b" ", 2)[1] == b"%d" % status
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in said
    assert after.startswith(b"HTTP/1.1 200 ")
    assert b'code="500"' not in b"".join(line for line in after.splitlines(True) if not line.endswith(b" 0\n"))


async def test_requests_sent_ahead_are_answered_in_order_and_none_is_lost() -> None:
    many = 700
    ahead = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n" * many
    async with house() as built:
        said = await spoken(built, ahead + b"GET /-/healthy HTTP/1.1\r\n" + END)
    # Pages nobody knows are limited, probes are not.
    assert said.count(b"HTTP/1.1 200 OK") == many + 1
    assert said.count(b"HTTP/1.1 404 ") == 600
    assert said.count(b"HTTP/1.1 429 ") == many - 600


@pytest.mark.parametrize("value", ["x" * 101, "x" * 5_000])
async def test_what_was_sent_comes_back_shortened(value: str) -> None:
    async with house() as built:
        for target in (f"/metrics?name[]={value}", f"/{value}", f"/api/v2/score/timeseries?{value}=1"):
            said = await spoken(built, f"GET {target} HTTP/1.1\r\n".encode() + END)
            assert said.split(b" ", 2)[1] in (b"400", b"404")
            assert b"x" * 99 + b"..." in said
            assert b"x" * 101 not in said
