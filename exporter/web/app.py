"""Routes and doors: which handler answers, and who is let in. One look-up, one handler, one write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import structlog
from aiohttp import web

from exporter.web.answer import Answer, Ask, Handler, Refusal, echo, problem
from exporter.web.doors import Doors
from exporter.web.gate import Gate
from exporter.web.meter import OTHER, Meter
from exporter.web.protocol import Bounds, certificate_of
from exporter.web.repeated import Wire, headers_of, immediate
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
    `at_once`: no handler waits for anything. `ready`: one that does not, where there is one for what is asked.
    """

    name: str
    handlers: Mapping[str, Handler]
    codes: tuple[int, ...] = (200,)
    limited: bool = True
    guarded: bool = True
    shared: bool = False
    at_once: bool = False
    ready: Callable[[Ask], Handler | None] = lambda _: None

    def without_waiting(self, ask: Ask) -> Route | None:
        if self.at_once:
            return self
        handler = self.ready(ask)
        return None if handler is None else replace(self, handlers={ask.method: handler})

    @property
    def allow(self) -> str:
        return ", ".join(self.handlers)


def page(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes)


def probe(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,)) -> Route:
    """For machines that call by address and must get an answer at any load."""
    return Route(name, {"GET": handler, "HEAD": handler}, codes, limited=False, guarded=False, at_once=True)


def data(name: str, handler: Handler, *, codes: tuple[int, ...] = (200,), at_once: bool = False) -> Route:
    return Route(name, {"GET": handler, "HEAD": handler}, codes, shared=True, at_once=at_once)


def expected_counts(routes: Iterable[Route]) -> Iterator[tuple[str, str, int]]:
    for route in routes:
        for method in route.handlers:
            for code in route.codes:
                yield route.name, method, code
    yield NOT_FOUND, "GET", 404


@dataclass(frozen=True, slots=True)
class Visit:
    """One request under the web configuration of that moment."""

    ask: Ask
    route: Route | None
    loaded: Loaded
    started: float


class Site:
    """Called by aiohttp's low-level server for every request, except those that are answered at once."""

    def __init__(
        self, routes: Mapping[str, Route], web_file: WebFile, gate: Gate, doors: Doors, meter: Meter, bounds: Bounds
    ) -> None:
        self._routes, self._web_file, self._gate, self._doors, self._meter = routes, web_file, gate, doors, meter
        self.bounds = bounds
        self._running = 0
        self._wire = Wire()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        ask = _ask(request)
        visit = self._begin(ask, self._routes.get(ask.path))
        try:
            answer = await self._answer(visit)
            response = web.Response(
                body=answer.body, status=answer.status, headers=headers_of(answer, visit.loaded.headers)
            )
            await _write(response, request, self.bounds.reading)
        finally:
            self._leave(visit)
        self._count(visit, answer)
        return response

    def at_once(self, ask: Ask) -> tuple[Visit, Answer, bytes] | None:
        """The answer and its bytes where nothing has to be waited for; `end` is to be called once they are written."""
        known = self._routes.get(ask.path)
        route = known and known.without_waiting(ask)
        if route is None or not self._gate.at_once:
            return None
        visit = self._begin(ask, route)
        if visit.loaded.content.basic_auth_users:
            self._leave(visit)
            return None
        answer = immediate(self._answer(visit))
        return visit, answer, self._wire.of(answer, visit.loaded.headers)

    def end(self, visit: Visit, answer: Answer) -> None:
        self._leave(visit)
        self._count(visit, answer)

    def refused(self, status: int) -> None:
        """The parser has answered in place of a page."""
        self._meter.count(UNREADABLE, OTHER, status, 0.0)

    @property
    def security_headers(self) -> Mapping[str, str]:
        return self._web_file.current().headers

    def _begin(self, ask: Ask, route: Route | None) -> Visit:
        visit = Visit(ask, route, self._web_file.current(), perf_counter())
        self._running += route is not None and route.limited
        return visit

    def _leave(self, visit: Visit) -> None:
        self._running -= visit.route is not None and visit.route.limited

    def _count(self, visit: Visit, answer: Answer) -> None:
        name = NOT_FOUND if visit.route is None else visit.route.name
        self._meter.count(name, visit.ask.method, answer.status, perf_counter() - visit.started, answer.kept)

    async def _answer(self, visit: Visit) -> Answer:
        ask, route = self._gate.identified(visit.ask), visit.route
        answer = await self._visited(ask, route, visit.loaded)
        if route is None or not route.shared:
            return answer
        sharing = self._gate.sharing(ask)
        return answer if sharing is None else replace(answer, headers=_also(answer.headers, sharing))

    async def _visited(self, ask: Ask, route: Route | None, loaded: Loaded) -> Answer:
        try:
            _refuse_body(ask.length)
            if route is None or route.guarded:
                await self._gate.admit(ask, NOT_FOUND if route is None else route.name)
            # Before users: browsers send no password with this question.
            if route is not None and route.shared and (answer := self._gate.preflight(ask, route.allow)):
                return answer
            user = await self._doors.admit(ask, ask.certificate, loaded)
            return await self._dispatch(ask if user is None else replace(ask, user=user), route)
        except Refusal as refusal:
            return problem(refusal.status, refusal.detail, refusal.headers)
        except Exception:  # the last resort: a bug in one page must not cost the others
            log.exception("page failed", path=ask.path)
            return problem(500, "a bug in the exporter; its log has the details")

    async def _dispatch(self, ask: Ask, route: Route | None) -> Answer:
        if route is None:
            raise Refusal(404, f"no page {echo(ask.path)} here")
        handler = route.handlers.get(ask.method)
        if handler is None:
            raise Refusal(405, f"{ask.method} is not for this page", {"Allow": route.allow})
        if route.limited and 0 < self.bounds.max_requests < self._running:
            raise Refusal(503, f"more than {self.bounds.max_requests} requests at the same time", {"Retry-After": "1"})
        return await handler(ask)


def _ask(request: web.BaseRequest) -> Ask:
    return Ask(
        request.method,
        request.path,
        request.rel_url.raw_query_string,
        request.headers,
        request.remote or None,
        certificate=certificate_of(request.transport),
        length=request.content_length or 0,
    )


def _refuse_body(size: int) -> None:
    if size > MOST_BODY_BYTES:
        raise Refusal(413, f"body: expected at most {MOST_BODY_BYTES} bytes, got {size}")


def _also(headers: Mapping[str, str], sharing: Mapping[str, str]) -> Mapping[str, str]:
    """What a cache keeps for one origin is not for another."""
    vary = ", ".join(text for text in (headers.get("Vary"), "Origin") if text)
    return {**headers, **sharing, "Vary": vary}


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
