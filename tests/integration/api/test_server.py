"""What a client meets on a socket: validators, other origins, limits, and requests that are wrong."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from exporter.configuration.config import ApiConfig
from exporter.web.webfile import SECURITY_HEADERS
from tests.integration.web.house import House, house, visitor

LATEST = "/api/v2/score/latest"
SERIES = "/api/v2/score/timeseries"
DOCUMENTS = (
    LATEST, SERIES, f"{SERIES}?days=1&step=60", "/api/v2/score/explain", "/api/v2/sources", "/api/v2/methodology",
)  # fmt: skip
PAGE = "https://status.example.org"


def settings(**given: Any) -> Any:
    chosen = ApiConfig(**given)
    return lambda: chosen


async def get(session: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    async with session.get(url, headers=named) as response:
        return response.status, await response.read(), response.headers


async def spoken(built: House, sent: bytes, seconds: float = 5.0) -> bytes:
    """Everything the server says to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", built.port)
    writer.write(sent)
    try:
        async with asyncio.timeout(seconds):
            return await reader.read()
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("path", [*DOCUMENTS, f"{SERIES}?days=x", "/health"])
async def test_every_answer_is_what_the_openapi_document_says(path: str) -> None:
    async with house() as built, visitor() as session:
        _, text, _ = await get(session, f"{built.url}/openapi.json")
        document = json.loads(text)
        status, body, headers = await get(session, built.url + path)
    declared = document["paths"][path.partition("?")[0]]["get"]["responses"][str(status)]["content"]
    schema = declared[headers["Content-Type"]]["schema"]
    Draft202012Validator({**document, **schema}).validate(json.loads(body))


@pytest.mark.parametrize("path", [*DOCUMENTS, "/openapi.json", "/docs"])
async def test_what_can_be_cached_has_a_validator_and_the_security_headers(path: str) -> None:
    async with house() as built, visitor() as session:
        status, body, headers = await get(session, built.url + path, Accept_Encoding="gzip")
        again = await get(session, built.url + path, If_None_Match=headers["ETag"])
        async with session.head(built.url + path) as response:
            head = (response.status, await response.read(), response.headers["ETag"])
    assert status == 200
    assert headers["Cache-Control"].startswith("max-age=")
    assert body[:2] == b"\x1f\x8b" or "Content-Encoding" not in headers
    assert again[:2] == (304, b"")
    assert head[:2] == (200, b"")
    own = ("Cache-Control", "Content-Security-Policy")
    fixed = {name: text for name, text in SECURITY_HEADERS.items() if name not in own}
    assert headers.items() >= fixed.items()
    assert again[2].items() >= fixed.items()


async def test_the_page_of_the_api_needs_nothing_from_outside_and_runs_no_script() -> None:
    async with house() as built, visitor() as session:
        _, body, headers = await get(session, f"{built.url}/docs")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert b"<script" not in body
    assert b"http://" not in body
    assert b"https://" not in body
    for path in (LATEST, SERIES, "/api/v2/methodology"):
        assert f"GET {path}".encode() in body


@pytest.mark.parametrize("path", [LATEST, "/api/v2/sources", "/api/v2/methodology"])
async def test_a_parameter_where_none_is_known_is_named(path: str) -> None:
    async with house() as built, visitor() as session:
        status, body, headers = await get(session, f"{built.url}{path}?pretty=1")
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert json.loads(body)["detail"] == "'pretty': expected no parameter"


async def test_one_request_more_than_the_limit_is_refused_but_not_for_scrapes_and_probes() -> None:
    async with house(settings=settings(rate_limits={"default": "3/hour"})) as built, visitor() as session:
        answers = [await get(session, built.url + LATEST) for _ in range(4)]
        free = [
            (await get(session, built.url + path))[0]
            for path in ("/metrics", "/-/healthy", "/-/ready", "/health")
            for _ in range(5)
        ]
        unknown = [(await get(session, f"{built.url}/{number}"))[0] for number in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    assert answers[-1][2]["Content-Type"] == "application/problem+json"
    assert 3_590 <= int(answers[-1][2]["Retry-After"]) <= 3_600
    assert set(free) == {200}
    assert unknown == [404, 404, 404, 429]


async def test_behind_a_trusted_proxy_each_client_has_its_own_limit() -> None:
    given = settings(rate_limits={"default": "1/hour"}, trusted_proxies=("127.0.0.0/8",))
    async with house(settings=given) as built, visitor() as session:
        clients = ("203.0.113.1", "203.0.113.2", "203.0.113.1", "203.0.113.9, 203.0.113.2")
        statuses = [(await get(session, built.url + LATEST, X_Forwarded_For=one))[0] for one in clients]
    assert statuses == [200, 200, 429, 429]


async def test_without_a_trusted_proxy_a_header_gives_nobody_a_new_limit() -> None:
    async with house(settings=settings(rate_limits={"default": "1/hour"})) as built, visitor() as session:
        clients = ("203.0.113.1", "203.0.113.2")
        statuses = [(await get(session, built.url + LATEST, X_Forwarded_For=one))[0] for one in clients]
    assert statuses == [200, 429]


async def test_foreign_hosts_are_refused_but_not_for_scrapes_and_probes() -> None:
    async with house(settings=settings(trusted_hosts=("scores.example.org",))) as built, visitor() as session:
        paths = (LATEST, "/", "/nothing", "/metrics", "/health", "/-/healthy")
        statuses = [(await get(session, built.url + path))[0] for path in paths]
        right = (await get(session, built.url + LATEST, Host="scores.example.org"))[0]
    assert statuses == [400, 400, 400, 200, 200, 200]
    assert right == 200


async def test_a_listed_origin_may_read_the_api_and_no_other_page() -> None:
    async with house(settings=settings(cors_origins=(PAGE,))) as built, visitor() as session:
        _, _, shared = await get(session, built.url + LATEST, Origin=PAGE)
        _, _, foreign = await get(session, built.url + LATEST, Origin="https://evil.example.org")
        _, _, wrong = await get(session, f"{built.url}{SERIES}?days=x", Origin=PAGE)
        _, _, config = await get(session, f"{built.url}/config", Origin=PAGE)
        question = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
        async with session.options(built.url + LATEST, headers=question) as response:
            preflight = response.status, response.headers["Access-Control-Allow-Origin"]
        async with session.options(f"{built.url}/config", headers=question) as response:
            refused = response.status, response.headers["Allow"]
    assert shared["Access-Control-Allow-Origin"] == PAGE
    assert shared["Vary"] == "Accept-Encoding, Origin"
    assert "Access-Control-Allow-Origin" not in foreign
    assert foreign["Vary"] == "Accept-Encoding, Origin"
    assert wrong["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Origin" not in config
    assert preflight == (204, PAGE)
    assert refused == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    ],
)
async def test_a_request_that_is_wrong_gets_a_problem_document_and_is_hung_up_on(sent: bytes, status: int) -> None:
    async with house() as built:
        head, _, body = (await spoken(built, sent)).partition(b"\r\n\r\n")
    # After what could not be parsed nobody knows the client's version.
    assert re.match(rb"HTTP/1\.[01] %d " % status, head), head
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Content-Type-Options: nosniff" in head
    assert json.loads(body)["status"] == status
    assert (b"Allow: GET, HEAD" in head) is (status == 405)


async def test_requests_that_cannot_be_read_are_counted_too() -> None:
    async with house() as built, visitor() as session:
        await spoken(built, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")
        _, page, _ = await get(session, f"{built.url}/metrics")
    assert b'btchealth_http_requests_total{handler="unreadable",method="other",code="405"} 1\n' in page
