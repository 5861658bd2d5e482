"""Whatever is answered, and whoever makes the answer, carries the headers that browsers and caches need."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

import bcrypt
import pytest

from exporter.configuration.config import ApiConfig
from exporter.web.answer import Answer, Ask
from exporter.web.bounds import Bounds
from exporter.web.route import Route
from tests.integration.web.house import House, house, waiting

LATEST = b"GET /api/v2/score/latest HTTP/1.1\r\n"
# As the OWASP REST Security Cheat Sheet has them, written out: a change is to be seen here.
ALWAYS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "btc-health",
}
STRICT = "default-src 'none'; frame-ancestors 'none'"
SETTINGS = ApiConfig(trusted_hosts=("a",), cors_origins=("https://a",), rate_limits={"docs": "1/day"})


async def told(built: House, sent: bytes) -> tuple[int, Message]:
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    writer.write(sent + (b"" if b"Host" in sent else b"Host: a\r\n") + b"Connection: close\r\n\r\n")
    async with asyncio.timeout(10):
        start, _, rest = (await reader.read()).partition(b"\r\n")
    writer.close()
    return int(start.split()[1]), BytesHeaderParser().parsebytes(rest)


async def broken(_: Ask) -> Answer:
    raise ZeroDivisionError


def checked(status: int, headers: Message, want: int, policy: str) -> None:
    assert status == want
    assert {name: headers.get_all(name) for name in ALWAYS} == {name: [value] for name, value in ALWAYS.items()}
    assert headers.get_all("Content-Security-Policy") == [policy]
    assert len(headers.get_all("Cache-Control") or ()) == 1
    if status not in (200, 304):
        assert headers["Cache-Control"] == "no-store"
    if status >= 400:
        assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\n", 200),
        (b"HEAD /metrics HTTP/1.1\r\n", 200),
        (b"GET /openapi.json HTTP/1.1\r\n", 200),
        (b"GET /health HTTP/1.0\r\n", 200),
        (b"OPTIONS /api/v2/score/latest HTTP/1.1\r\nOrigin: https://a\r\nAccess-Control-Request-Method: GET\r\n", 204),
        (LATEST + b"If-None-Match: *\r\n", 304),
        (b"GET /metrics?collect[]=x HTTP/1.1\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\n no field\r\n", 400),
        (LATEST + b"Host: elsewhere\r\n", 400),
        (b"OPTIONS /api/v2/score/latest HTTP/1.1\r\nOrigin: https://b\r\nAccess-Control-Request-Method: GET\r\n", 403),
        (b"GET /nowhere HTTP/1.1\r\n", 404),
        (b"HEAD /nowhere HTTP/1.1\r\n", 404),
        (b"DELETE /metrics HTTP/1.1\r\n", 405),
        (b"BREW / HTTP/1.1\r\n", 405),
        (b"POST /-/reload HTTP/1.1\r\nContent-Length: 99999\r\n", 413),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n", 431),
        (b"GET /broken HTTP/1.1\r\n", 500),
    ],
)
async def test_every_kind_of_answer_carries_the_security_headers(sent: bytes, status: int) -> None:
    more = {"/broken": Route("broken", {"GET": broken})}
    async with house(more=more, bounds=Bounds(body=0.05), settings=lambda: SETTINGS) as built:
        for _ in range(2):
            checked(*await told(built, sent), status, STRICT)


async def test_who_is_put_off_is_told_so_with_the_same_headers() -> None:
    gate, inside = asyncio.Event(), asyncio.Semaphore(0)
    more = {"/wait": waiting(gate, inside.release)}
    async with house(more=more, bounds=Bounds(max_requests=1), settings=lambda: SETTINGS) as built:
        assert (await told(built, b"GET /docs HTTP/1.1\r\n"))[0] == 200
        status, headers = await told(built, b"GET /docs HTTP/1.1\r\n")
        checked(status, headers, 429, STRICT)
        assert 86_000 < int(headers["Retry-After"]) <= 86_400
        running = asyncio.create_task(told(built, b"GET /wait HTTP/1.1\r\n"))
        await inside.acquire()
        status, headers = await told(built, b"GET /metrics HTTP/1.1\r\n")
        checked(status, headers, 503, STRICT)
        assert headers["Retry-After"] == "1"
        gate.set()
        await running


async def test_who_is_not_known_is_told_so_with_the_same_headers(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{anna: '{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}'}}\n")
    async with house(file) as built:
        for password, status in (("wrong", 401), ("secret", 200)):
            credentials = base64.b64encode(f"anna:{password}".encode())
            checked(*await told(built, LATEST + b"Authorization: Basic %s\r\n" % credentials), status, STRICT)


async def test_a_redirect_carries_the_security_headers() -> None:
    async with house(prefix="/btc") as built:
        checked(*await told(built, b"GET / HTTP/1.1\r\n"), 307, STRICT)


@pytest.mark.parametrize("path", [b"/", b"/docs"])
async def test_pages_for_people_allow_their_own_style_and_nothing_else(path: bytes) -> None:
    async with house() as built:
        status, headers = await told(built, b"GET " + path + b" HTTP/1.1\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        text = (await reader.read()).decode()
        writer.close()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    checked(status, headers, 200, f"default-src 'none'; {policy}")
    assert not re.search(r"<script|\sstyle=|\son\w+=|<iframe|<object|<form|src=", text)
