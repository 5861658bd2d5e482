"""Requests and doors: which handler answers, and who is let in. One look-up, one handler, one write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import structlog
from aiohttp import web

from exporter.web.answer import Answer, Ask, Handler, Refusal, echo, problem
from exporter.web.bounds import Bounds
from exporter.web.clients import counted_as
from exporter.web.crowd import Crowd
from exporter.web.doors import Doors, check_names
from exporter.web.gate import Gate, shared
from exporter.web.limits import unlimited
from exporter.web.meter import OTHER, Meter
from exporter.web.protocol import certificate_of
from exporter.web.repeated import Wire, headers_of, immediate
from exporter.web.route import NOT_FOUND, Route
from exporter.web.standing import Standing
from exporter.web.webfile import Loaded, WebFile

log = structlog.get_logger(__name__)

UNREADABLE: Final = "unreadable"

# No page reads a body; a client may send this much by mistake.
MOST_BODY_BYTES: Final = 64 << 10


@dataclass(slots=True)
class Visit:
    """One request that is being answered, counted under `name`; `started` by the performance counter.

    `client`: whose place it takes, if any.
    """

    name: str
    method: str
    client: str | None
    started: float


class Site:
    """Called by aiohttp's low-level server for every request, except those that are answered at once."""

    def __init__(
        self, routes: Mapping[str, Route], web_file: WebFile, gate: Gate, doors: Doors, meter: Meter, bounds: Bounds
    ) -> None:
        self._routes, self._web_file, self._gate, self._doors, self._meter = routes, web_file, gate, doors, meter
        self.bounds = bounds
        self._crowd = Crowd(bounds.max_requests)
        self._wire = Wire()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        ask, loaded = self._gate.identified(_ask(request)), self._web_file.current()
        route = self._routes.get(ask.path)
        visit = self._begin(ask, route)
        try:
            answer = await self._settled(ask, self._visited(ask, route, loaded))
            if route is not None and route.shared:
                answer = shared(answer, self._gate.sharing(ask))
            response = web.Response(body=answer.body, status=answer.status, headers=headers_of(answer, loaded.headers))
            await _write(response, request, self.bounds.reading)
        finally:
            self._leave(visit)
        self._count(visit, answer)
        return response

    def standing(self, ask: Ask, before: Standing | None) -> Standing | None:
        """What holds of a request that comes again; None where each is looked at anew. `before`: what held last."""
        settings, loaded = self._gate.settings, self._web_file.current()
        if before is not None and before.settings is settings and before.loaded is loaded:
            return before
        route = self._routes.get(ask.path)
        if route is None or loaded.content.basic_auth_users:
            return None
        ask = self._gate.identified(ask)
        try:
            check_names(ask, loaded)
            admit = self._gate.admission(ask, route.name) if route.guarded else unlimited
        except Refusal:
            return None
        sharing = self._gate.sharing(ask) if route.shared else None
        return admit and Standing(ask, route, settings, loaded, admit, sharing)

    def at_once(self, standing: Standing) -> tuple[Visit, Answer, bytes] | None:
        """The answer and its bytes where nothing has to be waited for; `end` is to be called once they are written."""
        handler = standing.route.without_waiting(standing.ask)
        if handler is None:
            return None
        visit, done = self._begin(standing.ask, standing.route), False
        try:
            answer = standing.shared(immediate(self._settled(standing.ask, self._again(standing, handler))))
            made = self._wire.of(answer, standing.loaded.headers)
            done = True
        finally:
            if not done:
                self._leave(visit)
        return visit, answer, made

    def end(self, visit: Visit, answer: Answer) -> None:
        self._leave(visit)
        self._count(visit, answer)

    def refused(self, status: int) -> None:
        """The parser has answered in place of a page."""
        self._meter.tally(UNREADABLE, OTHER).count(status, 0.0, None)

    @property
    def security_headers(self) -> Mapping[str, str]:
        return self._web_file.current().headers

    def _begin(self, ask: Ask, route: Route | None) -> Visit:
        client = counted_as(ask.remote) if route is not None and route.limited else None
        if client is not None:
            self._crowd.enter(client)
        return Visit(NOT_FOUND if route is None else route.name, ask.method, client, perf_counter())

    def _leave(self, visit: Visit) -> None:
        if visit.client is not None:
            self._crowd.leave(visit.client)

    def _count(self, visit: Visit, answer: Answer) -> None:
        tally = self._meter.tally(visit.name, visit.method)
        tally.count(answer.status, perf_counter() - visit.started, answer.kept)

    async def _settled(self, ask: Ask, answer: Awaitable[Answer]) -> Answer:
        try:
            return await answer
        except Refusal as refusal:
            return problem(refusal.status, refusal.detail, refusal.headers)
        except Exception:  # the last resort: a bug in one page must not cost the others
            log.exception("page failed", path=ask.path)
            return problem(500, "a bug in the exporter; its log has the details")

    async def _visited(self, ask: Ask, route: Route | None, loaded: Loaded) -> Answer:
        _refuse_body(ask.length)
        if route is None or route.guarded:
            await self._gate.admit(ask, NOT_FOUND if route is None else route.name)
        # Before users: browsers send no password with this question.
        if route is not None and route.shared and (answer := self._gate.preflight(ask, route.allow)):
            return answer
        user = await self._doors.admit(ask, loaded)
        return await self._dispatch(ask if user is None else replace(ask, user=user), route)

    async def _again(self, standing: Standing, handler: Handler) -> Answer:
        standing.admit()
        self._doors.take_token(standing.loaded.content.rate_limit)
        if standing.route.limited:
            self._crowd.check(counted_as(standing.ask.remote))
        return await handler(standing.ask)

    async def _dispatch(self, ask: Ask, route: Route | None) -> Answer:
        if route is None:
            raise Refusal(404, f"no page {echo(ask.path)} here")
        handler = route.handlers.get(ask.method)
        if handler is None:
            raise Refusal(405, f"{ask.method} is not for this page", {"Allow": route.allow})
        if route.limited:
            self._crowd.check(counted_as(ask.remote))
        return await handler(ask)


def _ask(request: web.BaseRequest) -> Ask:
    return Ask(
        request.method,
        request.path,
        request.rel_url.raw_query_string,
        request.headers,
        request.remote,
        certificate=certificate_of(request.transport),
        length=request.content_length or 0,
    )


def _refuse_body(size: int) -> None:
    if size > MOST_BODY_BYTES:
        raise Refusal(413, f"body: expected at most {MOST_BODY_BYTES} bytes, got {size}")


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
