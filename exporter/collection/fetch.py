"""One GET to one base URL: a usable response, or a FetchError with its reason."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import aiohttp
import aiohttp_socks
from aiohttp import http_exceptions
from yarl import URL

from exporter.collection import headers as reading
from exporter.collection import network
from exporter.collection.resolver import Resolver, SystemResolver, is_public, refusal
from exporter.errors import FetchError, Reason

REDIRECTS: Final = 5
CHUNK: Final = 64 * 1024
TIMEOUT: Final = aiohttp.ClientTimeout(total=20, sock_connect=10)

_REDIRECT_STATUS: Final = frozenset({301, 302, 303, 307, 308})
_STATUS: Final[Mapping[int, Reason]] = {
    HTTPStatus.NO_CONTENT: Reason.EMPTY,
    HTTPStatus.RESET_CONTENT: Reason.EMPTY,
    HTTPStatus.NOT_MODIFIED: Reason.EMPTY,
    HTTPStatus.FORBIDDEN: Reason.BLOCKED,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Reason.BLOCKED,
    HTTPStatus.TOO_MANY_REQUESTS: Reason.RATE_LIMITED,
}
_STATUS_CLASS: Final = {3: Reason.REDIRECT, 4: Reason.CLIENT_ERROR, 5: Reason.SERVER_ERROR}

# Entered for every host of a chain of redirects, before it is asked: waits for the host's turn, charges its budget.
Gate = Callable[[str], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """`hosts` names where redirects may lead besides the base URL's own host; `key` is sent to that one only.

    `largest`: bytes of the body, where less than `http_client.max_response_bytes` can be read anyway.
    """

    base_url: str
    path: str
    accept: str = "application/json"
    hosts: tuple[str, ...] = ()
    key: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    largest: int | None = None

    @property
    def url(self) -> URL:
        return URL(self.base_url + self.path)

    def headers(self, url: URL) -> dict[str, str]:
        conditions = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        secret = self.key if url.host == self.url.host else {}
        return {"Accept": self.accept, **secret, **{name: value for name, value in conditions.items() if value}}


@dataclass(frozen=True, slots=True)
class Response:
    """`host` and `url` are what answered, after redirects; `lifetime` counts from when the response left its origin."""

    body: bytes
    not_modified: bool
    host: str
    started_at: float
    received_at: float
    date: float | None = None
    age: float = 0.0
    etag: str | None = None
    last_modified: str | None = None
    lifetime: float | None = None
    url: str = ""

    @property
    def body_time(self) -> float:
        """The time of data that state none: when the response left its origin, never later than we asked."""
        return self.started_at if self.date is None else min(self.started_at, self.date - self.age)

    @property
    def expires_at(self) -> float | None:
        """On our clock."""
        return None if self.lifetime is None else self.received_at + max(self.lifetime - self.age, 0.0)

    @property
    def clock_skew(self) -> float | None:
        """Our clock minus the server's."""
        return None if self.date is None else self.received_at - (self.date + self.age)


class Fetcher:
    """Shares one connection pool; must be closed in the event loop it was used in."""

    def __init__(
        self,
        settings: network.ClientSettings,
        wall: Callable[[], float],
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._timeout = timeout
        self._proxy = network.http_proxy(settings)
        self._tls = network.tls_context(settings.ca_file)
        proxies = [self._proxy.host] if self._proxy is not None and self._proxy.host else []
        self._resolver = Resolver(SystemResolver(), allow_private=settings.allow_private_addresses, exempt=proxies)
        self._session: aiohttp.ClientSession | None = None

    def public(self, host: str) -> bool:
        """Whether `host` (a host key) is a stranger's; yes until it is known to be the operator's own."""
        return self._resolver.public(URL(f"http://{host}").host or "") is not False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, request: Request, gate: Gate) -> Response:
        url = request.url
        for _ in range(REDIRECTS + 1):
            self._refuse_private(url)
            async with gate(network.host_key(url)):
                answer = await self._exchange_at(request, url)
            if isinstance(answer, Response):
                return answer
            url = redirected(request, url, answer)
        raise FetchError(Reason.REDIRECT, f"{request.url.host}: more than {REDIRECTS} redirects")

    async def _exchange_at(self, request: Request, url: URL) -> Response | str:
        try:
            return await self._exchange(request, url)
        except FetchError as error:
            error.url = str(url.with_user(None))
            raise

    def _refuse_private(self, url: URL) -> None:
        host = url.host or ""
        if not self._settings.allow_private_addresses and is_public(host) is False:
            raise FetchError(Reason.CONNECT, refusal(host, host))

    async def _exchange(self, request: Request, url: URL) -> Response | str:
        """The response, or where it redirects to."""
        started_at = self._wall()
        try:
            async with self._pool().get(
                url, headers=request.headers(url), allow_redirects=False, proxy=self._proxy, timeout=self._timeout
            ) as response:
                if response.status in _REDIRECT_STATUS and "Location" in response.headers:
                    return response.headers["Location"]
                self._check(response, request)
                body = await self._body(response, self._limit(request))
        except _FAILURES as error:
            raise translated(error, url.host or "") from error
        return self._response(response, url, body, started_at)

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=network.connector(self._settings, self._resolver, self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": network.user_agent(self._settings.user_agent_contact)},
            )
        return self._session

    def _check(self, response: aiohttp.ClientResponse, request: Request) -> None:
        reason = status_reason(response.status, conditional=bool(request.etag or request.last_modified))
        if reason is not None:
            wait = reading.retry_after(response.headers, self._wall())
            raise FetchError(reason, f"{response.url.host}: HTTP {response.status}", retry_after=wait)
        if not reading.acceptable(response.headers, request.accept):
            stated = response.headers.get("Content-Type", "")[:80]
            raise FetchError(Reason.FORMAT, f"{response.url.host}: expected {request.accept}, got {stated!r}")

    def _limit(self, request: Request) -> int:
        configured = self._settings.max_response_bytes
        return configured if request.largest is None else min(configured, request.largest)

    async def _body(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        """All of it, decompressed piece by piece; the limit holds before and after decompression."""
        pieces, size = [], 0
        if (response.content_length or 0) > limit:
            raise _too_large(response, limit)
        async for piece in response.content.iter_chunked(CHUNK):
            size += len(piece)
            if max(size, response.content.total_raw_bytes) > limit:
                raise _too_large(response, limit)
            pieces.append(piece)
            # What has arrived already is handed out without a pause: let the event loop serve others in between.
            await asyncio.sleep(0)
        # Several megabytes take milliseconds to copy; in a thread that happens without the interpreter.
        body = pieces[0] if len(pieces) == 1 else await asyncio.to_thread(b"".join, pieces)
        try:
            return reading.as_utf8(body, response.headers)
        except (LookupError, UnicodeError) as error:
            raise FetchError(Reason.FORMAT, f"{response.url.host}: {error}") from error

    def _response(self, response: aiohttp.ClientResponse, url: URL, body: bytes, started_at: float) -> Response:
        stated = response.headers
        not_modified = response.status == HTTPStatus.NOT_MODIFIED
        if not body.strip() and not not_modified:
            raise FetchError(Reason.EMPTY, f"{url.host}: empty body")
        return Response(
            body=body,
            not_modified=not_modified,
            host=network.host_key(url),
            started_at=started_at,
            received_at=self._wall(),
            date=reading.http_date(stated.get("Date")),
            age=reading.seconds(stated.get("Age")) or 0.0,
            etag=reading.validator(stated.get("ETag")),
            last_modified=reading.validator(stated.get("Last-Modified")),
            lifetime=reading.lifetime(stated),
            url=str(url.with_user(None)),
        )


def _too_large(response: aiohttp.ClientResponse, limit: int) -> FetchError:
    return FetchError(Reason.TOO_LARGE, f"{response.url.host}: body over {limit} bytes")


def status_reason(status: int, *, conditional: bool) -> Reason | None:
    """Why a response with this status is of no use; None where it is."""
    if status == HTTPStatus.OK or (status == HTTPStatus.NOT_MODIFIED and conditional):
        return None
    return _STATUS.get(status) or _STATUS_CLASS.get(status // 100, Reason.FORMAT)


def redirected(request: Request, current: URL, location: str) -> URL:
    """The next URL of the chain. Raises FetchError where a redirect must not be followed."""
    try:
        target = current.join(URL(location)).with_user(None).with_fragment(None)
        host = network.host_key(target)
    except ValueError as error:
        raise FetchError(Reason.REDIRECT, f"{current.host}: redirect to {location[:100]!r}: {error}") from error
    if target.scheme not in {"http", "https"} or (current.scheme == "https" and target.scheme == "http"):
        raise FetchError(Reason.REDIRECT, f"{current.host}: redirect from {current.scheme} to {target.scheme}")
    if host not in {network.host_key(request.url), *request.hosts}:
        raise FetchError(Reason.REDIRECT, f"{current.host}: redirect to {host!r}, which is not a host of this source")
    return target


_FAILURES: Final = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    aiohttp_socks.ProxyError,
    aiohttp_socks.ProxyConnectionError,
    aiohttp_socks.ProxyTimeoutError,
)

# Order matters: a certificate error is a connection error, a read timeout is a server error.
_REASONS: Final[tuple[tuple[type[BaseException], Reason], ...]] = (
    (TimeoutError, Reason.TIMEOUT),
    (aiohttp_socks.ProxyTimeoutError, Reason.TIMEOUT),
    (ssl.SSLError, Reason.TLS),
    (aiohttp.ClientSSLError, Reason.TLS),
    (aiohttp.ClientHttpProxyError, Reason.CONNECT),
    (aiohttp.ClientResponseError, Reason.FORMAT),
)


def translated(error: BaseException, host: str) -> FetchError:
    """The reason for which a request came to nothing."""
    text = f"{host}: {type(error).__name__}: {error}"
    if isinstance(error.__cause__, http_exceptions.ContentEncodingError):
        return FetchError(Reason.FORMAT, text)
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return FetchError(reason, text)
    return FetchError(Reason.CONNECT, text)
