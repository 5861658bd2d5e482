"""The HTTP server: sources under their names, the stage beside them."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from simulator.answers.answer import Answer, encode, failure
from simulator.cache_ages import cache_age
from simulator.clock import http_date
from simulator.faults import drifted, garbage, rate_limited, unavailable
from simulator.request_log import Request, RequestLog
from simulator.scenario import SCENARIOS, SOURCES, Running, ScenarioError, Stage, parse
from simulator.upstream import Simulated, Upstream
from simulator.view import World

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

_COMPRESS_FROM = 512  # bytes
_LOGGED_HEADERS = ("User-Agent", "If-None-Match", "If-Modified-Since", "Accept", "Accept-Encoding")


@dataclass(frozen=True, slots=True)
class Server:
    """Handlers over one upstream; `sleep` is what a slow source waits with."""

    upstream: Upstream
    clock: Clock
    sleep: Sleep
    stage: Stage = field(default_factory=Stage)
    log: RequestLog = field(default_factory=RequestLog)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self.index),
            web.get("/scenario", self.list_scenarios),
            web.delete("/scenario", self.end_scenarios),
            web.post("/scenario/{name}", self.start_scenario),
            web.delete("/scenario/{name}", self.end_scenarios),
            web.get("/requests", self.show_requests),
            web.delete("/requests", self.clear_requests),
            web.get("/recorded", self.show_recorded),
            web.get(f"/{{source:{'|'.join(SOURCES)}}}/{{path:.*}}", self.answer),
        ]

    async def index(self, _request: web.Request) -> web.Response:
        own = ["/scenario", "/scenario/NAME", "/requests", "/recorded"]
        return _json({"sources": [f"/{source}" for source in SOURCES], "control": own})

    async def list_scenarios(self, _request: web.Request) -> web.Response:
        now = self.clock()
        running = [running.described(now) for running in self.stage.listed(now)]
        return _json({"running": running, "available": dict(SCENARIOS)})

    async def start_scenario(self, request: web.Request) -> web.Response:
        try:
            running = parse(request.match_info["name"], dict(request.query), self.clock())
        except ScenarioError as error:
            return _json({"error": str(error)}, 400)
        self.stage.start(running)
        return _json(running.described(self.clock()), 201)

    async def end_scenarios(self, request: web.Request) -> web.Response:
        name, now = request.match_info.get("name"), self.clock()
        try:
            one = None if name is None else parse(name, dict(request.query), now)
        except ScenarioError as error:
            return _json({"error": str(error)}, 400)
        # Without parameters every one of that name ends, wherever it is.
        placed = one is not None and (":" in str(name) or bool(request.query))
        self.stage.end(now, one.name if one else None, one if placed else None)
        return await self.list_scenarios(request)

    async def show_requests(self, _request: web.Request) -> web.Response:
        return _json(self.log.described())

    async def clear_requests(self, _request: web.Request) -> web.Response:
        self.log.clear()
        return _json(self.log.described())

    async def show_recorded(self, _request: web.Request) -> web.Response:
        return _json({"recordings": self.upstream.recordings()})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        source, path = request.match_info["source"], "/" + request.match_info["path"]
        now = self.clock()
        headers = {name: request.headers[name] for name in _LOGGED_HEADERS if name in request.headers}
        logged = Request(now, source, path, request.query_string, headers)
        self.log.add(logged)
        faults = self.stage.faults(source, path, now)
        if slow := faults.get("slow"):
            await self.sleep(float(slow.options.get("seconds", "30")))
        answer = self._answer(request, source, path, faults)
        if answer is None:
            return _closed(request)
        response = _response(request, answer, self.clock(), cache_age(source, path))
        logged.status = response.status
        return response

    def _answer(self, request: web.Request, source: str, path: str, faults: dict[str, Running]) -> Answer | None:
        """None: hang up."""
        if outage := faults.get("outage"):
            how = outage.options.get("how", "close")
            return None if how == "close" else unavailable(source, path, how)
        if limited := faults.get("rate-limited"):
            return rate_limited(source, int(float(limited.options.get("retry_after", "60"))))
        moment = faults["frozen"].start if "frozen" in faults else self.clock()
        answer = self.upstream.answer(source, path, request.query, moment, self.stage)
        if answer is None:
            return failure(404, {"error": f"{source} has nothing at {path}"})
        if bad := faults.get("garbage"):
            return garbage(answer, path, bad.options.get("form"))
        return drifted(answer, path) if "schema-drift" in faults else answer


def _json(payload: object, status: int = 200) -> web.Response:
    return web.Response(body=encode(payload), status=status, content_type="application/json")


def _closed(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _response(request: web.Request, answer: Answer, now: float, age: int | None) -> web.Response:
    headers = {"Content-Type": answer.content_type, "Date": http_date(now), **answer.headers}
    if age is not None and answer.status == HTTPStatus.OK:
        headers |= {"Expires": http_date(now + age), "Cache-Control": f"public, max-age={age}"}
    if answer.revalidates:
        headers["ETag"] = f'W/"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
    response = web.Response(body=answer.body, status=answer.status, headers=headers)
    if len(answer.body) >= _COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


SERVER = web.AppKey("server", Server)


def make_app(upstream: World | Upstream, clock: Clock = time.time, *, sleep: Sleep = asyncio.sleep) -> web.Application:
    """An application for a world, or for recordings, under a clock of your choice."""
    server = Server(Simulated(upstream) if isinstance(upstream, World) else upstream, clock, sleep)
    app = web.Application()
    app[SERVER] = server
    app.add_routes(server.routes())
    return app
