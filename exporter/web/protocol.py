"""What aiohttp's server does before a handler is called, and where it differs from what is wanted here.

Head and start line have its limits (8,190 bytes a line or field, 128 fields); a head that is not complete when the
keep-alive time is over costs the connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong
from aiohttp.web_protocol import RequestHandler

from exporter.web.answer import Answer, problem

log = structlog.get_logger(__name__)

# In the parser's message: the start line begins with a method as RFC 9110 writes one, which it does not know.
_METHOD: Final = re.compile(r"b['\"][!#$%&*+.^`|~\w-]+ /")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one server. `max_requests` at one time, 0: any number.

    In seconds: an idle connection or an unfinished head, the rest of a body nobody reads, an answer being read.
    """

    max_requests: int = 40
    idle: float = 75.0
    body: float = 1.0
    reading: float = 30.0


class Protocol(RequestHandler):
    """Says what was wrong with a request that could not be parsed as every other page does."""

    __slots__ = ("_refused", "_security_headers")

    def __init__(self, manager: Protocols, loop: asyncio.AbstractEventLoop) -> None:
        bounds = manager.bounds
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None is what its own code asks for; the annotation is wrong
            keepalive_timeout=bounds.idle,
            lingering_time=bounds.body,
        )
        self._security_headers, self._refused = manager.security_headers, manager.refused

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats bytes of the request, which may be anything
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer has been sent already")
        answer = _refusal(exc) if status == HTTPStatus.BAD_REQUEST else _bug(exc)
        self._refused(answer.status)
        headers = {
            **self._security_headers(),
            **answer.headers,
            "Content-Type": answer.content_type,
            "Server": "btc-health",
        }
        response = web.Response(body=answer.body, status=answer.status, headers=headers)
        response.force_close()
        return response


def _refusal(exc: BaseException | None) -> Answer:
    if isinstance(exc, LineTooLong):
        return problem(431, "request: expected a start line and header fields of at most 8190 bytes each")
    if isinstance(exc, BadHttpMethod) and _METHOD.search(exc.message):
        return problem(405, "method: expected GET or HEAD", {"Allow": "GET, HEAD"})
    return problem(400, "request: expected HTTP/1.1 with a Host header")


def _bug(exc: BaseException | None) -> Answer:
    log.error("request failed", exc_info=exc)
    return problem(500, "a bug in the exporter; its log has the details")


class Protocols(web.Server):
    """Makes one protocol a connection. `security_headers` go with every answer; `refused` counts by status."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        security_headers: Callable[[], Mapping[str, str]],
        refused: Callable[[int], None],
        bounds: Bounds,
    ) -> None:
        super().__init__(handler)
        self.security_headers, self.refused, self.bounds = security_headers, refused, bounds

    def __call__(self) -> Protocol:
        return Protocol(self, asyncio.get_running_loop())
