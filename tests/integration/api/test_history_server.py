"""A history server that misbehaves costs a reader a reason and nothing more, and never learns what the reader wrote."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporter.collection.network import tls_context
from exporter.errors import RemoteError
from exporter.history import Window
from exporter.history.alertmanager import AlertFeed
from exporter.history.jsonclient import JsonClient
from exporter.history.prometheus import MOST_QUERIES, PrometheusHistory
from exporter.history.selector import Selector
from exporter.storage.database import Storage
from exporter.web.answer import Answer, Ask, Refusal
from exporter.web.api.naming import Known
from exporter.web.api.stored import Stored
from exporter.web.api.timeseries import Timeseries
from tests.unit.web.certificates import authority, server
from tests.unit.web.world import NOW, readable

PATH = "/api/v2/score/timeseries"
BACKLOG = "btchealth_backlog_vbytes"
# The first moment of `days=1`.
FIRST = int(NOW) // 300 * 300 - 86_400
QUESTION = Selector("btchealth_overall_score"), Window(0, 60, 60)

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    started = TestServer(application, scheme="https" if tls else "http")
    await started.start_server(ssl=tls)
    yield str(started.make_url("")).rstrip("/")
    await started.close()


@asynccontextmanager
async def asking(ca_file: Path | None = None, **bounds: Any) -> AsyncIterator[JsonClient]:
    client = JsonClient(cache(lambda: tls_context(ca_file)), **bounds)
    yield client
    await client.close()


@asynccontextmanager
async def reader(answer: Answering, folder: Path, **bounds: Any) -> AsyncIterator[Callable[[str], Awaitable[Answer]]]:
    """Asks for time series with a query text, as a request does."""
    given = readable(Storage(folder / "a.sqlite"))
    known = Known({"security": ("difficulty",)}, {BACKLOG})
    async with listening(answer) as url, asking(**bounds) as client:
        history = PrometheusHistory(url, client)
        page = Timeseries(lambda: history, lambda: known, Stored(given.world, given.archive, given.wall), given.wall)
        yield lambda query: page(Ask("GET", PATH, query))


def saying(text: str | bytes, status: int = 200, **headers: str) -> Answering:
    body = text.encode() if isinstance(text, str) else text
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=named)

    return answer


def matrix(*series: list[Any], **more: Any) -> str:
    result = [{"metric": {}, "values": values} for values in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **more})


FOREIGN = "answered something else than a matrix of numbers"
TIMES = "answered times that were not asked for"
MISBEHAVING = [
    (saying("<html>Log in</html>", Content_Type="text/html"), FOREIGN),
    (saying(""), FOREIGN),
    (saying(b"\xff\xfe\x00"), FOREIGN),
    (saying("[" * 100_000), FOREIGN),
    (saying("null"), FOREIGN),
    (saying('{"status":"success","data":{"resultType":"vector","result":[]}}'), FOREIGN),
    (saying('{"status":"success","data":{"resultType":"matrix","result":[{"histograms":[]}]}}'), FOREIGN),
    (saying(matrix([[FIRST, "5,1"]])), FOREIGN),
    (saying(matrix([[FIRST, 5.1]])), FOREIGN),
    (saying(matrix([[FIRST]])), FOREIGN),
    (saying(matrix([[FIRST, "1", "2"]])), FOREIGN),
    (saying(matrix([[10**400, "1"]])), TIMES),
    (saying(matrix(["5"])), FOREIGN),
    (saying(matrix([[f"{FIRST}x", "1"]])), FOREIGN),
    (saying(matrix([[FIRST, "1"]], [[FIRST, "2"]])), "answered 2 series to a query for one"),
    (saying(matrix([[float("nan"), "1"]])), TIMES),
    (saying(matrix([[float("inf"), "1"]])), TIMES),
    (saying(matrix([[FIRST + 0.5, "1"]])), TIMES),
    (saying(matrix([[FIRST + 1, "1"]])), TIMES),
    (saying(matrix([[FIRST - 300, "1"]])), TIMES),
    (saying(matrix([[FIRST, "1"], [FIRST, "2"]])), TIMES),
    (saying(matrix([[FIRST + 300, "1"], [FIRST, "2"]])), TIMES),
    (saying(matrix([[FIRST + 300 * number, "1"] for number in range(12_000)])), TIMES),
    (saying("x" * 2_000_000), "answered more than 1000000 bytes"),
    (saying(b"\x1f\x8b\x08garbage", Content_Encoding="gzip"), "cannot be asked: ClientPayloadError"),
    (saying("{}", 400), "answered 400"),
    (saying("{}", 422), "answered 422"),
    (saying("{}", 503), "answered 503"),
    (saying("", 204), "answered 204"),
    (saying("", 307, Location="http://169.254.169.254/"), "answered 307"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "want"), MISBEHAVING)
async def test_whatever_it_answers_the_reader_gets_503_with_the_reason(
    answer: Answering, want: str, tmp_path: Path
) -> None:
    async with reader(answer, tmp_path, most_bytes=1_000_000) as ask:
        with pytest.raises(Refusal) as caught:
            await ask("days=1")
    assert (caught.value.status, caught.value.detail) == (503, f"the history server {want}")
    assert caught.value.headers == {"Retry-After": "5"}


@pytest.mark.parametrize(
    ("body", "want"),
    [
        (matrix(), []),
        (matrix([]), []),
        (matrix([[FIRST, "NaN"], [FIRST + 300, "1.5"], [FIRST + 600, "+Inf"], [FIRST + 900, "-Inf"]]), [1.5]),
        (matrix([[FIRST, "1e308"], [FIRST + 300, "1e308"]]), [1e308, 1e308]),
        (matrix([[FIRST, "2"]], warnings=["one store did not answer"], infos=["x"]), [2.0]),
    ],
)  # fmt: skip
async def test_what_is_odd_but_right_is_answered_and_gaps_stay_gaps(
    body: str, want: list[float], tmp_path: Path
) -> None:
    async with reader(saying(body), tmp_path) as ask:
        told = json.loads((await ask("days=1")).body)
    assert [value for _, value in told["data"]] == want
    assert told["statistics"]["count"] == len(want)


async def test_a_server_that_is_away_or_hangs_costs_a_bounded_time(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await gate.wait()
        return web.Response()

    started = time.monotonic()
    async with reader(hang, tmp_path, timeout=0.1) as ask:
        with pytest.raises(Refusal, match=r"the history server did not answer within 0\.1 s"):
            await ask("days=1")
        gate.set()
    async with asking() as client:
        with pytest.raises(RemoteError, match="cannot be asked"):
            await PrometheusHistory("http://127.0.0.1:9", client).points(*QUESTION)
    assert time.monotonic() - started < 5


async def test_no_more_than_a_few_queries_are_under_way_and_nobody_waits_long_for_a_turn() -> None:
    gate, inside = asyncio.Event(), 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal inside
        inside += 1
        await gate.wait()
        return web.Response(text=matrix())

    async with listening(slow) as url, asking() as client:
        history = PrometheusHistory(url, client, turn_seconds=0.3)
        queries = [asyncio.create_task(history.points(*QUESTION)) for _ in range(MOST_QUERIES + 3)]
        refused, _ = await asyncio.wait(queries, timeout=3, return_when=asyncio.FIRST_EXCEPTION)
        assert inside == MOST_QUERIES
        gate.set()
        answers = await asyncio.gather(*queries, return_exceptions=True)
        assert await history.points(*QUESTION) == []
    assert refused
    assert [str(one) for one in answers if one != []] == [f"is busy with {MOST_QUERIES} earlier queries"] * 3


INJECTIONS = (
    'btchealth_tip{job="x"}', "up", "btchealth_tip or up", "btchealth_tip)or(up", 'x"}', "{__name__=~'.+'}",
    "btchealth_tip\n", "btchealth_tip offset 1d", "btchealth_tip[1d]", "btchealth_tip#", "btchealth_tip%0aor%0aup",
    "sum", "scalar(up)", "__name__", "btchealth_tip\\", "${x}", "../../-/reload", "btchealth_tip\x00",
)  # fmt: skip


async def test_what_a_reader_writes_never_becomes_a_query(tmp_path: Path) -> None:
    seen: list[Mapping[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        seen.append({"path": request.path, **request.query})
        return web.Response(text=matrix())

    async with reader(note, tmp_path) as ask:
        refused = [
            await outcome(ask(f"{name}={quote(text, safe='')}"))
            for text in INJECTIONS
            for name in (
                "kind", "id", "days", "step", "label", text, "kind=pillar&id", "kind=indicator&id", "kind=metric&id",
                f"kind=metric&id={BACKLOG}&label", f"kind=metric&id={BACKLOG}&label=job:x&label",
            )
        ]  # fmt: skip
        assert (set(refused), seen) == ({400}, [])
        for query in ("days=1", "kind=pillar&id=security&days=1", f"kind=metric&id={BACKLOG}&days=1"):
            await ask(query)
    window = {"path": "/api/v1/query_range", "start": str(FIRST), "end": str(FIRST + 86_400), "step": "300"}
    assert seen == [
        {**window, "query": "max(btchealth_overall_score{})"},
        {**window, "query": 'max(btchealth_pillar_score{pillar="security"})'},
        {**window, "query": f"max({BACKLOG}{{}})"},
    ]


async def outcome(asked: Awaitable[Answer]) -> int:
    try:
        return (await asked).status
    except Refusal as refusal:
        return refusal.status


async def test_user_and_password_of_the_address_are_sent_and_a_private_authority_is_believed(tmp_path: Path) -> None:
    issuer = authority()
    issuer.write(tmp_path, "ca")
    server(issuer).write(tmp_path, "server")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    given: list[str] = []

    async def note(request: web.Request) -> web.Response:
        given.append(request.headers["Authorization"])
        return web.Response(text=matrix() if "query_range" in request.path else "[]")

    async with listening(note, tls) as url, asking(tmp_path / "ca.pem") as client, asking() as stranger:
        named = url.replace("://", "://on-call:p%40ss%3Aword@")
        assert await PrometheusHistory(named, client).points(*QUESTION) == []
        feed = AlertFeed(lambda: named, client, asyncio.sleep)
        await feed.refresh()
        with pytest.raises(RemoteError, match="cannot be asked: ClientConnectorCertificateError"):
            await PrometheusHistory(url, stranger).points(*QUESTION)
    assert feed.now.alerts == ()
    assert given == [f"Basic {b64encode(b'on-call:p@ss:word').decode()}"] * 2


async def test_authorities_that_cannot_be_read_any_more_are_said() -> None:
    async with asking(Path("gone.pem")) as client:
        with pytest.raises(RemoteError, match=r"http_client\.ca_file cannot be read"):
            await client.get("http://127.0.0.1:9", {})
