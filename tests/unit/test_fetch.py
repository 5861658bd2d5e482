"""One GET: what is sent, what is followed, what is refused, and which reason a failure has."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import ipaddress
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from exporter.collection.fetch import Fetcher, Request, Response, redirected, status_reason, translated
from exporter.errors import FetchError, Reason

NOW = 1_790_000_000.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Client:
    proxy: str | None = None
    ca_file: Path | None = None
    user_agent_contact: str | None = None
    max_response_bytes: int = 1000
    allow_private_addresses: bool = True


@dataclass
class Gate:
    """Notes the hosts that were let through."""

    hosts: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def __call__(self, host: str) -> AsyncIterator[None]:
        self.hosts.append(host)
        yield


@asynccontextmanager
async def server(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    running = TestServer(app, host="127.0.0.1", scheme="https" if tls else "http")
    await running.start_server(ssl=tls)
    try:
        yield str(running.make_url("")).rstrip("/")
    finally:
        await running.close()


async def get(base_url: str, client: Client | None = None, **changes: Any) -> Response:
    fetcher = Fetcher(client or Client(), lambda: NOW, aiohttp.ClientTimeout(total=5))
    try:
        return await fetcher.get(Request(base_url, "/a", **changes), Gate())
    finally:
        await fetcher.close()


async def refused(base_url: str, client: Client | None = None, **changes: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await get(base_url, client, **changes)
    return caught.value


def saying(body: bytes, status: int = 200, **headers: str) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        stated = {"Content-Type": "application/json"} | {key.replace("_", "-"): text for key, text in headers.items()}
        return web.Response(body=body, status=status, headers=stated)

    return handle


async def test_a_response_says_where_it_came_from_and_when() -> None:
    stated = {
        "Date": "Mon, 21 Sep 2026 14:13:00 GMT", "Age": "10", "ETag": '"v1"', "Cache_Control": "max-age=60",
        "Last_Modified": "Mon, 21 Sep 2026 14:00:00 GMT",
    }  # fmt: skip
    async with server(saying(b'{"a": 1}', 200, **stated)) as base:
        response = await get(base)
    assert response.body == b'{"a": 1}'
    assert response.host == base.removeprefix("http://")
    assert (response.date, response.age, response.lifetime) == (NOW - 20, 10, 60)
    assert (response.etag, response.last_modified) == ('"v1"', "Mon, 21 Sep 2026 14:00:00 GMT")
    assert response.body_time == NOW - 30
    assert response.expires_at == NOW + 50
    assert response.clock_skew == 10
    assert not response.not_modified


@pytest.mark.parametrize(
    ("date", "age", "body_time", "skew"),
    [(None, 0, NOW, None), (NOW + 500, 0, NOW, -500), (NOW - 500, 0, NOW - 500, 500), (NOW, 60, NOW - 60, -60)],
    ids=["no date", "a server ahead of us", "a server behind us", "a cache between"],
)
def test_the_time_of_a_body_is_never_later_than_the_request(
    date: float | None, age: float, body_time: float, skew: float | None
) -> None:
    response = Response(b"{}", False, "host", NOW, NOW, date, age)
    assert (response.body_time, response.clock_skew, response.expires_at) == (body_time, skew, None)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
async def test_compressed_bodies_are_read_up_to_the_limit_and_not_beyond(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    for size, fits in ((1000, True), (1001, False)):
        async with server(saying(pack(b"1" * size), Content_Encoding=encoding)) as base:
            if fits:
                assert len((await get(base)).body) == size
            else:
                assert (await refused(base)).reason is Reason.TOO_LARGE


async def test_a_request_may_read_less_than_is_configured_but_not_more() -> None:
    async with server(saying(b"1" * 500)) as base:
        assert len((await get(base, largest=500)).body) == 500
        assert "body over 499 bytes" in str(await refused(base, largest=499))
    async with server(saying(b"1" * 1001)) as base:
        assert "body over 1000 bytes" in str(await refused(base, largest=5000))


async def test_the_limit_also_holds_for_what_arrives_before_decompression() -> None:
    # Empty members add to what is sent and nothing to what comes out.
    packed = gzip.compress(b"1") + gzip.compress(b"") * 60
    assert len(packed) > 1000

    async def in_pieces(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(packed)
        return response

    async with server(in_pieces) as base:
        assert (await refused(base)).reason is Reason.TOO_LARGE


async def test_conditions_and_keys_are_sent() -> None:
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.Response(status=304)

    async with server(handle) as base:
        response = await get(base, etag='"v1"', last_modified="yesterday", key={"x-key": "secret"})
    assert response.not_modified
    assert response.body == b""
    sent = seen[0].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"], sent["x-key"]) == ('"v1"', "yesterday", "secret")
    assert "Cookie" not in sent


async def test_a_redirect_to_a_host_of_the_source_is_followed_without_the_key() -> None:
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.json_response({})

    async with server(handle) as final:
        host = final.replace("127.0.0.1", "localhost").removeprefix("http://")

        async def redirect(_: web.Request) -> web.StreamResponse:
            raise web.HTTPPermanentRedirect(f"http://{host}/elsewhere")

        async with server(redirect) as base:
            gate, fetcher = Gate(), Fetcher(Client(), lambda: NOW)
            response = await fetcher.get(Request(base, "/a", hosts=(host,), key={"x-key": "secret"}), gate)
            await fetcher.close()
    assert response.host == host
    assert seen[0].path == "/elsewhere"
    assert "x-key" not in seen[0].headers
    assert gate.hosts == [base.removeprefix("http://"), host]


@pytest.mark.parametrize(
    ("current", "location", "want"),
    [
        ("https://a.example/x/y", "/z", "https://a.example/z"),
        ("https://a.example/x/y", "z?q=1#part", "https://a.example/x/z?q=1"),
        ("https://a.example/x", "//b.example/z", "https://b.example/z"),
        ("http://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("https://a.example/x", "https://user:secret@b.example/z", "https://b.example/z"),
        ("https://a.example/x", "https://b.example:443/z", "https://b.example/z"),
    ],
)
def test_redirects_that_are_followed(current: str, location: str, want: str) -> None:
    request = Request("https://a.example", "/x", hosts=("b.example",))
    assert str(redirected(request, URL(current), location)) == want


@pytest.mark.parametrize(
    ("current", "location", "message"),
    [
        ("https://a.example/x", "http://a.example/x", "redirect from https to http"),
        ("https://a.example/x", "https://evil.example/", "redirect to 'evil.example', which is not a host"),
        ("https://a.example/x", "https://a.example.evil.example/", "not a host of this source"),
        ("https://a.example/x", "https://a.example:8443/", "redirect to 'a.example:8443'"),
        ("https://a.example/x", "https://169.254.169.254/", "redirect to '169.254.169.254'"),
        ("https://a.example/x", "ftp://a.example/", "redirect from https to ftp"),
        ("https://a.example/x", "file:///etc/passwd", "redirect to 'file:///etc/passwd'"),
        ("https://a.example/x", "https://a.example:99999/", "redirect to"),
        ("https://a.example/x", "https://[::1", "redirect to"),
    ],
)
def test_redirects_that_are_refused(current: str, location: str, message: str) -> None:
    request = Request("https://a.example", "/x", hosts=("b.example",))
    with pytest.raises(FetchError, match=message) as caught:
        redirected(request, URL(current), location)
    assert caught.value.reason is Reason.REDIRECT


@pytest.mark.parametrize(
    ("status", "conditional", "want"),
    [
        (200, False, None),
        (304, True, None),
        (304, False, Reason.EMPTY),
        (204, False, Reason.EMPTY),
        (206, False, Reason.FORMAT),
        (300, False, Reason.REDIRECT),
        (400, False, Reason.CLIENT_ERROR),
        (401, False, Reason.CLIENT_ERROR),
        (403, False, Reason.BLOCKED),
        (404, False, Reason.CLIENT_ERROR),
        (429, False, Reason.RATE_LIMITED),
        (451, False, Reason.BLOCKED),
        (500, False, Reason.SERVER_ERROR),
        (503, False, Reason.SERVER_ERROR),
        (599, False, Reason.SERVER_ERROR),
        (999, False, Reason.FORMAT),
    ],
)
def test_what_a_status_means(status: int, conditional: bool, want: Reason | None) -> None:
    assert status_reason(status, conditional=conditional) is want


@pytest.mark.parametrize(
    ("error", "want"),
    [
        (TimeoutError(), Reason.TIMEOUT),
        (aiohttp.SocketTimeoutError(), Reason.TIMEOUT),
        (aiohttp.ConnectionTimeoutError(), Reason.TIMEOUT),
        (aiohttp.ServerDisconnectedError(), Reason.CONNECT),
        (aiohttp.ClientPayloadError("cut"), Reason.CONNECT),
        (aiohttp.ClientOSError(104, "reset"), Reason.CONNECT),
        (aiohttp.InvalidURL("http://"), Reason.CONNECT),
        (ssl.SSLError("handshake"), Reason.TLS),
        (OSError("anything"), Reason.CONNECT),
    ],
)
def test_every_failure_of_the_client_has_its_reason(error: BaseException, want: Reason) -> None:
    failure = translated(error, "a.example")
    assert failure.reason is want
    assert str(failure).startswith(f"a.example: {type(error).__name__}")


async def test_a_status_that_asks_to_wait_says_how_long() -> None:
    async with server(saying(b"{}", status=503, Retry_After="5")) as base:
        error = await refused(base)
    assert (error.reason, error.retry_after) == (Reason.SERVER_ERROR, 5)
    assert "HTTP 503" in str(error)


async def test_private_addresses_are_refused_where_they_are_not_allowed() -> None:
    strict = Client(allow_private_addresses=False)
    async with server(saying(b"{}")) as base:
        for url in (base, base.replace("127.0.0.1", "localhost"), base.replace("127.0.0.1", "[::1]")):
            error = await refused(url, strict)
            assert error.reason is Reason.CONNECT
            assert "http_client.allow_private_addresses is false" in str(error)


async def test_names_that_do_not_exist_are_connection_failures() -> None:
    assert (await refused("http://no-such-host.example")).reason is Reason.CONNECT


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate of its own, and that certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "server.pem", folder / "server.key"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*form))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, secret)
    return context, pem


async def test_certificates_of_strangers_are_refused_and_those_of_the_ca_file_believed(tmp_path: Path) -> None:
    tls, pem = certificate(tmp_path)
    async with server(saying(b"{}"), tls) as base:
        assert (await refused(base)).reason is Reason.TLS
        assert (await get(base, Client(ca_file=pem))).body == b"{}"


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    tls, pem = certificate(tmp_path, "127.0.0.2")
    async with server(saying(b"{}"), tls) as base:
        assert (await refused(base, Client(ca_file=pem))).reason is Reason.TLS


async def test_an_http_proxy_is_used_and_may_be_on_a_private_address() -> None:
    asked: list[str] = []

    async def proxy(request: web.Request) -> web.StreamResponse:
        asked.append(str(request.url))
        return web.json_response({"by": "proxy"})

    async with server(proxy) as address:
        for strict in (False, True):
            client = Client(proxy=address.replace("127.0.0.1", "localhost"), allow_private_addresses=not strict)
            response = await get("http://mempool.example", client)
            assert response.body == b'{"by": "proxy"}'
            assert response.host == "mempool.example"
    assert asked == ["http://mempool.example/a"] * 2


@asynccontextmanager
async def socks(target: str | None) -> AsyncIterator[tuple[str, list[str]]]:
    """A SOCKS 5 proxy that leads everybody to `target`, or refuses; and the names it was asked for."""
    asked: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            writer.write(piece)
        writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly((await reader.readexactly(2))[1])
        writer.write(b"\x05\x00")
        kind = (await reader.readexactly(4))[3]
        length = (await reader.readexactly(1))[0] if kind == 3 else 4
        name = await reader.readexactly(length)
        await reader.readexactly(2)
        asked.append(name.decode() if kind == 3 else str(ipaddress.ip_address(name)))
        writer.write(b"\x05" + (b"\x00" if target else b"\x05") + b"\x00\x01\x00\x00\x00\x00\x00\x00")
        if target is None:
            writer.close()
            return
        url = URL(target)
        there = await asyncio.open_connection(url.host, url.port)
        tasks.add(asyncio.create_task(pump(reader, there[1])))
        tasks.add(asyncio.create_task(pump(there[0], writer)))

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"socks5h://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked
    finally:
        await asyncio.gather(*tasks)
        listening.close()
        await listening.wait_closed()


async def test_a_socks_proxy_is_used_and_resolves_the_names() -> None:
    async with server(saying(b'{"by": "socks"}')) as target, socks(target) as (proxy, asked):
        response = await get("http://hidden.example", Client(proxy=proxy))
    assert response.body == b'{"by": "socks"}'
    assert asked == ["hidden.example"]


async def test_a_socks_proxy_that_refuses_or_is_not_there_is_a_connection_failure() -> None:
    async with socks(None) as (proxy, _):
        assert (await refused("http://hidden.example", Client(proxy=proxy))).reason is Reason.CONNECT
    assert (await refused("http://hidden.example", Client(proxy="socks5://127.0.0.1:9"))).reason is Reason.CONNECT


async def test_a_host_is_a_stranger_until_its_address_is_known() -> None:
    fetcher = Fetcher(Client(), lambda: NOW)
    assert not fetcher.public("127.0.0.1:9000")
    assert not fetcher.public("[::1]:9000")
    assert fetcher.public("localhost:9000")
    async with server(saying(b"{}")) as base:
        await fetcher.get(Request(base.replace("127.0.0.1", "localhost"), "/a"), Gate())
    assert not fetcher.public("localhost:9000")
    await fetcher.close()
