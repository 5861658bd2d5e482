"""What aiohttp's server does before a handler is called, and where it differs from what is wanted here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, cast
from typing import Protocol as TypingProtocol

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, BadHttpMethod, LineTooLong
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler

from exporter.web.answer import Answer, Ask, problem
from exporter.web.repeated import Heads, is_one_head
from exporter.web.standing import Standing

log = structlog.get_logger(__name__)

# In the parser's message: the start line begins with a method as RFC 9110 writes one, which it does not know.
_METHOD: Final = re.compile(r"b['\"][!#$%&*+.^`|~\w-]+ /")

# Its words for more header fields than allowed.
_TOO_MANY: Final = "Too many headers received"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one server takes from its clients. `max_requests` at one time, 0: any number.

    In bytes: the start line, one header field. In seconds: from the first byte of a head, or from connecting, to its
    end; an idle connection; the rest of a body nobody reads; an answer being read.
    """

    max_requests: int = 40
    connections: int = 16_384
    line: int = 8_190
    field: int = 8_190
    fields: int = 128
    head: float = 10.0
    idle: float = 75.0
    body: float = 1.0
    reading: float = 30.0


V = TypeVar("V")


class Pages(TypingProtocol[V]):
    """What a connection asks for answers. `V`: what stays open until an answer has been written."""

    bounds: Bounds

    @property
    def security_headers(self) -> Mapping[str, str]: ...
    def refused(self, status: int) -> None: ...
    def standing(self, ask: Ask, before: Standing | None) -> Standing | None: ...
    def at_once(self, standing: Standing) -> tuple[V, Answer, bytes] | None: ...
    def end(self, visit: V, answer: Answer) -> None: ...
    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse: ...


class Protocol(RequestHandler, Generic[V]):
    """Answers known requests itself; says what was wrong with an unreadable one as every other page does."""

    __slots__ = (
        "_ask", "_certificate", "_head_timer", "_heads", "_last", "_open", "_pages", "_remote", "_standing", "_unread",
        "_whole",
    )  # fmt: skip

    def __init__(self, manager: Protocols[V], loop: asyncio.AbstractEventLoop) -> None:
        self._pages, self._heads, self._open = manager.pages, manager.heads, manager.open
        bounds = self._pages.bounds
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is what its own code asks for; the annotation is wrong
            keepalive_timeout=bounds.idle,
            lingering_time=bounds.body,
            max_line_size=bounds.line,
            max_field_size=bounds.field,
            max_headers=bounds.fields,
            # Bodies are thrown away; unpacking them first would be work for whoever sends a bomb.
            auto_decompress=False,
        )
        # Everything received so far was whole requests without a body, so that the next byte begins a new one.
        self._whole = True
        self._unread: tuple[V, Answer, asyncio.TimerHandle] | None = None
        # The newest request that was known: a connection mostly asks one thing.
        self._last, self._ask = b"", Ask("GET", "")
        self._standing: Standing | None = None
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open.add(self)
        if len(self._open) > self._pages.bounds.connections:
            log.debug("client turned away", why="too many connections")
            cast(asyncio.WriteTransport, transport).abort()
            return
        self._await_head()
        # Any byte the client has not taken yet makes writing wait, so that one who reads too slowly is noticed.
        cast(asyncio.WriteTransport, transport).set_write_buffer_limits(high=0)
        peer = transport.get_extra_info("peername")
        self._remote = None if peer is None else str(peer[0] if isinstance(peer, tuple) else peer)
        self._certificate = certificate_of(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._open.discard(self)
        self._has_head()
        self._was_read()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._was_read()

    def data_received(self, data: bytes) -> None:
        if self._whole and self._waits() and self._is_known(data) and self._answer_at_once():
            self._has_head()
            return
        before = len(self._messages)
        super().data_received(data)
        if len(self._messages) > before:
            self._has_head()
        elif self._waits():
            self._await_head()
        self._whole = self._whole and len(self._messages) == before + 1 and self._learns(data)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self._pages.bounds.head, self._drop, "it does not finish a head")

    def _has_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _waits(self) -> bool:
        """Whether the connection does nothing but wait for a request."""
        waiter, closing = self._waiter, self._close or self._force_close
        return waiter is not None and not (waiter.done() or self._messages or self._paused or closing)

    def _learns(self, data: bytes) -> bool:
        """Whether the head that aiohttp has just parsed was all that came; if so it is kept."""
        message, payload = self._messages[-1]
        if payload is not EMPTY_PAYLOAD or self._upgraded or not is_one_head(data):
            return False
        if isinstance(message, RawRequestMessage):
            self._heads.learn(data, message)
        return True

    def _is_known(self, data: bytes) -> bool:
        if data != self._last:
            known = self._heads.find(data)
            if known is None:
                return False
            self._last, self._standing = data, None
            self._ask = replace(known, remote=self._remote, certificate=self._certificate)
        return True

    def _answer_at_once(self) -> bool:
        self._standing = standing = self._pages.standing(self._ask, self._standing)
        found = standing and self._pages.at_once(standing)
        if not found or self.transport is None:
            return False
        visit, answer, made = found
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        self.transport.write(made)
        if self._paused:
            timer = self._loop.call_later(self._pages.bounds.reading, self._drop, "it reads too slowly")
            self._unread = visit, answer, timer
        else:
            self._pages.end(visit, answer)
        return True

    def _was_read(self) -> None:
        if self._unread is not None:
            visit, answer, timer = self._unread
            self._unread = None
            timer.cancel()
            self._pages.end(visit, answer)

    def _drop(self, why: str) -> None:
        log.debug("client dropped", why=why, client=self._remote)
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats bytes of the request, which may be anything
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer has been sent already")
        answer = _refusal(exc, self._pages.bounds) if status == HTTPStatus.BAD_REQUEST else _bug(exc)
        self._pages.refused(answer.status)
        headers = {
            **self._pages.security_headers,
            **answer.headers,
            "Content-Type": answer.content_type,
            "Server": "btc-health",
        }
        response = web.Response(body=answer.body, status=answer.status, headers=headers)
        response.force_close()
        return response


def _refusal(exc: BaseException | None, bounds: Bounds) -> Answer:
    if isinstance(exc, LineTooLong):
        return problem(
            431, f"request: expected a start line of at most {bounds.line} bytes and header fields of {bounds.field}"
        )
    if isinstance(exc, BadHttpMessage) and exc.message == _TOO_MANY:
        return problem(431, f"request: expected at most {bounds.fields} header fields")
    if isinstance(exc, BadHttpMethod) and _METHOD.search(exc.message):
        return problem(405, "method: expected GET or HEAD", {"Allow": "GET, HEAD"})
    return problem(400, "request: expected HTTP/1.1 with a Host header")


def _bug(exc: BaseException | None) -> Answer:
    log.error("request failed", exc_info=exc)
    return problem(500, "a bug in the exporter; its log has the details")


def certificate_of(transport: asyncio.BaseTransport | None) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = transport.get_extra_info("peercert") if transport else None
    return found


class Protocols(web.Server, Generic[V]):
    """Makes one protocol a connection; all of them share what is known of requests."""

    def __init__(self, pages: Pages[V]) -> None:
        super().__init__(pages)
        self.pages, self.heads = pages, Heads()
        self.open: set[Protocol[V]] = set()

    def __call__(self) -> Protocol[V]:
        return Protocol(self, asyncio.get_running_loop())
