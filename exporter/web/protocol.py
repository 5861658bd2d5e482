"""What aiohttp's server does before a handler is called, and where it differs from what is wanted here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar, cast
from typing import Protocol as TypingProtocol

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from exporter.web.answer import Answer, Ask, problem
from exporter.web.bounds import TOO_LARGE, Bounds, refusal
from exporter.web.repeated import HEAD_END, Heads, is_one_head
from exporter.web.standing import Standing

log = structlog.get_logger(__name__)

# A request in line, parsed; more where it has many fields.
PARSED_BYTES: Final = 4_096

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
        "_ahead", "_ask", "_certificate", "_head_timer", "_heads", "_in_line", "_last", "_open", "_pages", "_payload",
        "_protocols", "_remote", "_standing", "_unfinished", "_unread", "_whole",
    )  # fmt: skip

    def __init__(self, manager: Protocols[V], loop: asyncio.AbstractEventLoop) -> None:
        self._protocols, self._pages, self._heads, self._open = manager, manager.pages, manager.heads, manager.open
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
        # The body of the newest request, and how much has come of the head of the next.
        self._payload: StreamReader = EMPTY_PAYLOAD
        self._unfinished = self._in_line = 0
        # Bytes that came last, perhaps of many requests.
        self._ahead = 0

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
        self.hold(head=0, line=0)
        self._was_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # What the client sent ahead stays with the parser until it reads.
        if self._messages:
            self.hold(line=self._ahead + len(self._messages) * PARSED_BYTES)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.hold(line=0)
        self._was_read()

    def data_received(self, data: bytes) -> None:
        if self._whole and self._waits() and self._is_known(data) and self._answer_at_once():
            self._has_head()
            return
        before, body, self._ahead = len(self._messages), self._body_bytes(), len(data) or self._ahead
        was_open = not self._payload.is_eof()
        super().data_received(data)
        came = len(self._messages) > before
        if came:
            self._payload = self._messages[-1][1]
            self._has_head()
            size = len(data) - data.rfind(HEAD_END) - len(HEAD_END) - self._body_bytes()
        else:
            # Of a body nothing counts but what stands between its chunks.
            size = len(data) - self._body_bytes() + body if was_open else self._unfinished + len(data)
            if self._waits():
                self._await_head()
        self._count_unfinished(max(size, 0) if self._payload.is_eof() and not self._upgraded else 0)
        self._whole = self._whole and len(self._messages) == before + 1 and self._learns(data)

    def _body_bytes(self) -> int:
        return 0 if self._payload is EMPTY_PAYLOAD else self._payload.total_bytes

    def _count_unfinished(self, size: int) -> None:
        """`size`: what has come of a head. The parser bounds each field and their number: a megabyte together."""
        bound, before = self._pages.bounds.head_bytes, self._unfinished
        self.hold(head=size)
        if size:
            self._await_head()
        if before <= bound < size:
            self._refuse(TOO_LARGE)

    def hold(self, *, head: int | None = None, line: int | None = None) -> None:
        """So many bytes of a head that is not complete, or of requests in line; None: as many as before."""
        before = self.held
        self._unfinished = self._unfinished if head is None else head
        self._in_line = self._in_line if line is None else line
        self._protocols.unfinished += self.held - before
        if self._protocols.unfinished > self._pages.bounds.unfinished_bytes:
            most = max(self._open, key=lambda one: one.held)
            most.drop("requests of all connections that cannot be answered yet are too large together")
            most.hold(head=0, line=0)

    @property
    def held(self) -> int:
        return self._unfinished + self._in_line

    def _refuse(self, why: str) -> None:
        """As the parser does."""
        self._messages.append((_ErrInfo(HTTPStatus.BAD_REQUEST, BadHttpMessage(why), why), EMPTY_PAYLOAD))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self._pages.bounds.head, self.drop, "it does not finish a head")

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
            timer = self._loop.call_later(self._pages.bounds.reading, self.drop, "it reads too slowly")
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

    async def all_read(self) -> None:
        """Waits for an answer on its way that aiohttp knows nothing of."""
        if self._unread is not None:
            await self._drain_helper()

    def drop(self, why: str) -> None:
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
        answer = refusal(exc, self._pages.bounds) if status == HTTPStatus.BAD_REQUEST else _bug(exc)
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
        self.unfinished = 0

    def __call__(self) -> Protocol[V]:
        return Protocol(self, asyncio.get_running_loop())
