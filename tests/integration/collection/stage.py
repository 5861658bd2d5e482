"""A clock that moves only when told, a server that answers as told, and collection between the two."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporter.cache import Cache
from exporter.cache.memory import MemoryTier
from exporter.cache.sqlite import SqliteTier
from exporter.clock import Clock
from exporter.collection.collection import Collection, Surroundings
from exporter.collection.fetch import TIMEOUT
from exporter.collection.intake import Members
from exporter.payload import Count, Payload, UnixSeconds
from exporter.spec import Budget, Endpoint, Metric, Sample, Source
from exporter.storage.database import Storage

NOW = 1_790_000_000.0
PATIENCE = 60.0


class FakeClock:
    """Sleepers wake in order when time is moved; between two moves everything runs until all workers sleep.

    `dice` decides what jitter adds: nothing, or the most there can be.
    """

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.workers = 0
        self.dice = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def clock(self) -> Clock:
        return Clock(self.wall, self.sleep, lambda most: self.dice * most)

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), awake))
        await awake

    async def idle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self._sleeping()) < self.workers:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(self._sleepers)} of {self.workers} workers sleep: the others hang")
            await asyncio.sleep(0)

    async def forward(self, seconds: float) -> None:
        end = self.now + seconds
        await self.idle()
        while (sleeping := self._sleeping()) and sleeping[0][0] <= end:
            due, _, awake = heapq.heappop(self._sleepers)
            self.now = max(self.now, due)
            awake.set_result(None)
            await self.idle()
        self.now = end

    def wake(self) -> None:
        """Let every sleeper look at the clock, as the longest sleep would."""
        for _, _, awake in self._sleeping():
            awake.set_result(None)

    def _sleeping(self) -> list[tuple[float, int, asyncio.Future[None]]]:
        self._sleepers = [one for one in self._sleepers if not one[2].done()]
        heapq.heapify(self._sleepers)
        return self._sleepers


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Upstream:
    """`says` maps a path to the next answer: a JSON value, or a handler. Calls are counted by path."""

    clock: FakeClock
    says: dict[str, Any] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    times: list[tuple[float, str]] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls[request.path] += 1
        self.times.append((self.clock.now, request.path))
        self.requests.append(request)
        self.busy += 1
        self.reached.set()
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0)
            return await self.answer(request)
        finally:
            self.busy -= 1

    async def answer(self, request: web.Request) -> web.StreamResponse:
        said = self.says.get(request.path, web.HTTPNotFound)
        if said is web.HTTPNotFound:
            return web.Response(status=404)
        if callable(said):
            response: web.StreamResponse = await said(request)
            return response
        return self.json(said)

    def json(self, value: Any, **headers: str) -> web.Response:
        stated = {"Date": formatdate(self.clock.now, usegmt=True)}
        stated.update({name.replace("_", "-"): text for name, text in headers.items()})
        return web.Response(body=json.dumps(value).encode(), content_type="application/json", headers=stated)


@asynccontextmanager
async def serve(clock: FakeClock, says: Mapping[str, Any] | None = None) -> AsyncIterator[Upstream]:
    upstream = Upstream(clock, dict(says or {}))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", upstream.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    upstream.url = str(server.make_url("")).rstrip("/")
    try:
        yield upstream
    finally:
        await server.close()


class Body(Payload):
    value: Count = None
    other: Count = None
    at: UnixSeconds = None


def metric(name: str) -> Metric:
    return Metric(f"btchealth_{name}", f"{name} in a test", bounds=(0, 1e9))


def declare(name: str, *, dated: bool = False, **changes: Any) -> Endpoint:
    """An endpoint `/name` with two metrics, `name_value` and `name_other`."""
    value, other = metric(f"{name}_value"), metric(f"{name}_other")

    def parse(body: Body) -> Sequence[Sample | None]:
        return (value(body.value), other(body.other))

    declared: dict[str, Any] = {
        "name": name,
        "path": f"/{name}",
        "payload": Body,
        "origins": {value: "value", other: "other"},
        "parse": parse,
        "interval": 60.0,
        "period": 60.0,
        "data_time": (lambda body: body.at) if dated else None,
    }
    return Endpoint(**{**declared, **changes})


def source(name: str = "alpha", **changes: Any) -> Source:
    declared: dict[str, Any] = {
        "name": name, "title": name.title(), "base_urls": (), "budget": Budget(1000, 0.01), "modules": (),
    }  # fmt: skip
    return Source(**{**declared, **changes})


@dataclass(frozen=True)
class Client:
    proxy: str | None = None
    ca_file: Path | None = None
    user_agent_contact: str | None = None
    max_response_bytes: int = 1 << 20
    allow_private_addresses: bool = True


@dataclass(frozen=True)
class SourceChoice:
    base_urls: tuple[str, ...]
    api_key: str | None = None


@dataclass(frozen=True)
class Settings:
    polled: Mapping[str, tuple[Endpoint, ...]]
    sources: Mapping[str, SourceChoice]
    http_client: Client = Client()

    def endpoints(self, source: Source) -> tuple[Endpoint, ...]:
        return self.polled.get(source.name, ())


def unfolded(samples: Sequence[Sample], members: Members) -> tuple[Sequence[Sample], Members]:
    return samples, members


# Only for upstreams that never answer; long enough for the others on a busy machine.
SHORT = aiohttp.ClientTimeout(total=1.0)


@dataclass
class Play:
    """One run of collection over a storage that may outlive it."""

    clock: FakeClock
    storage: Storage
    sources: tuple[Source, ...]
    settings: Settings
    timeout: aiohttp.ClientTimeout = TIMEOUT
    changes: int = 0
    collection: Collection = field(init=False)

    def __post_init__(self) -> None:
        cache = Cache((MemoryTier(1 << 20), SqliteTier(self.storage)))
        around = Surroundings(self.clock.clock(), self.storage, cache, unfolded, self.timeout)
        self.collection = Collection(self.sources, self.settings, around, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def __aenter__(self) -> Self:
        await self.collection.restore()
        await self.collection.start()
        self.clock.workers = len(self.settings.polled)
        await self.clock.idle()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.clock.workers = 0
        await self.collection.stop()

    def values(self) -> dict[str, float]:
        view = self.collection.snapshot.view(self.clock.now)
        return {key.removeprefix("btchealth_"): one.sample.value for key, one in view.items()}

    def figures(self, endpoint: str) -> Any:
        every = (one for figures in self.collection.figures() for one in figures.endpoints)
        return next(one for one in every if one.name == endpoint)


def play(clock: FakeClock, storage: Storage, base_urls: Sequence[str], *endpoints: Endpoint, **changes: Any) -> Play:
    """Collection of one source `alpha`."""
    timeout = changes.pop("timeout", TIMEOUT)
    client = changes.pop("client", Client())
    key = changes.pop("api_key", None)
    settings = Settings({"alpha": endpoints}, {"alpha": SourceChoice(tuple(base_urls), key)}, client)
    return Play(clock, storage, (source(**changes),), settings, timeout)
