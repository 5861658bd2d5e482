"""Routes and doors: which handler answers, and who is let in. One look-up, one handler, one write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

import structlog
from aiohttp import web

from exporter.web.answer import Answer, Ask, Handler, Refusal, problem
from exporter.web.doors import Doors
from exporter.web.gate import Gate
from exporter.web.meter import OTHER, Meter
from exporter.web.protocol import Bounds
from exporter.web.webfile import Loaded, WebFile

log = structlog.get_logger(__name__)

NOT_FOUND: Final = "not_found"
UNREADABLE: Final = "unreadable"

# No page reads a body; a client may send this much by mistake.
MOST_BODY_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is the label `handler`; `codes` are ordinary answers; `limited`: counts among the requests at one time.

    `guarded`: not for foreign Host headers, and not too often for one client. `shared`: other sites may read it.
    """

    name: str
    handlers: Mapping[str, Handler]
    codes: tuple[int, ...] = (200,)
    limited: bool = True
    guarded: bool = True
    shared: bool = False

    @property
    def allow(self) -> str:
        return ", ".join(self.handlers)


def page(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes)


def probe(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    """For machines that call by address and must get an answer at any load."""
    return Route(name, {"GET": handler, "HEAD": handler}, codes, limited=False, guarded=False)


def data(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes, shared=True)


def expected_counts(routes: Iterable[Route]) -> Iterator[tuple[str, str, int]]:
    for route in routes:
        for method in route.handlers:
            for code in route.codes:
                yield route.name, method, code
    yield NOT_FOUND, "GET", 404


class Site:
    """Called by aiohttp's low-level server for every request."""

    def __init__(
        self, routes: Mapping[str, Route], web_file: WebFile, gate: Gate, doors: Doors, meter: Meter, bounds: Bounds
    ) -> None:
        self._routes, self._web_file, self._gate, self._doors, self._meter = routes, web_file, gate, doors, meter
        self.bounds = bounds
        self._running = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        started = perf_counter()
        route = self._routes.get(request.path)
        loaded = self._web_file.current()
        limited = route is not None and route.limited
        self._running += limited
        try:
            answer = await self._answer(request, route, loaded)
            response = _response(answer, loaded.headers)
            await _write(response, request, self.bounds.reading)
        finally:
            self._running -= limited
        name = NOT_FOUND if route is None else route.name
        self._meter.count(name, request.method, answer.status, perf_counter() - started)
        return response

    def refused(self, status: int) -> None:
        """The parser has answered in place of a page."""
        self._meter.count(UNREADABLE, OTHER, status, 0.0)

    async def _answer(self, request: web.BaseRequest, route: Route | None, loaded: Loaded) -> Answer:
        ask = self._gate.identified(_ask(request))
        answer = await self._visited(ask, request, route, loaded)
        if route is None or not route.shared:
            return answer
        sharing = self._gate.sharing(ask)
        return answer if sharing is None else replace(answer, headers=_also(answer.headers, sharing))

    async def _visited(self, ask: Ask, request: web.BaseRequest, route: Route | None, loaded: Loaded) -> Answer:
        try:
            _refuse_body(request.content_length or 0)
            if route is None or route.guarded:
                await self._gate.admit(ask, NOT_FOUND if route is None else route.name)
            # Before users: browsers send no password with this question.
            if route is not None and route.shared and (answer := self._gate.preflight(ask, route.allow)):
                return answer
            user = await self._doors.admit(ask, _certificate(request), loaded)
            return await self._dispatch(replace(ask, user=user), route)
        except Refusal as refusal:
            return problem(refusal.status, refusal.detail, refusal.headers)
        except Exception:  # the last resort: a bug in one page must not cost the others
            log.exception("page failed", path=ask.path)
            return problem(500, "a bug in the exporter; its log has the details")

    async def _dispatch(self, ask: Ask, route: Route | None) -> Answer:
        if route is None:
            raise Refusal(404, f"no page {ask.path!r} here")
        handler = route.handlers.get(ask.method)
        if handler is None:
            raise Refusal(405, f"{ask.method} is not for this page", {"Allow": route.allow})
        if route.limited and 0 < self.bounds.max_requests < self._running:
            raise Refusal(503, f"more than {self.bounds.max_requests} requests at the same time", {"Retry-After": "1"})
        return await handler(ask)


def _ask(request: web.BaseRequest) -> Ask:
    return Ask(request.method, request.path, request.rel_url.raw_query_string, request.headers, request.remote or None)


def _refuse_body(size: int) -> None:
    if size > MOST_BODY_BYTES:
        raise Refusal(413, f"body: expected at most {MOST_BODY_BYTES} bytes, got {size}")


def _also(headers: Mapping[str, str], sharing: Mapping[str, str]) -> Mapping[str, str]:
    """What a cache keeps for one origin is not for another."""
    vary = ", ".join(text for text in (headers.get("Vary"), "Origin") if text)
    return {**headers, **sharing, "Vary": vary}


def _certificate(request: web.BaseRequest) -> Mapping[str, Any] | None:
    transport = request.transport
    found: Mapping[str, Any] | None = transport.get_extra_info("peercert") if transport else None
    return found


def _response(answer: Answer, headers: Mapping[str, str]) -> web.Response:
    merged = {**headers, **answer.headers, "Content-Type": answer.content_type, "Server": "btc-health"}
    return web.Response(body=answer.body, status=answer.status, headers=merged)


async def _write(response: web.Response, request: web.BaseRequest, seconds: float) -> None:
    """Written here rather than by the caller, so that a slow reader counts as one of the requests at a time."""
    try:
        async with asyncio.timeout(seconds):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        log.debug("client dropped: it reads too slowly", path=request.path)
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        log.debug("client went away", path=request.path)
