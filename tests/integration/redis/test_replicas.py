"""Several collections behind one real Redis: the sources see one of them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from exporter.cache import Cache, CachedBody
from exporter.cache.lease import Leases
from exporter.cache.link import OPEN_CEILING, Link
from exporter.cache.memory import MemoryTier
from exporter.cache.redis import RedisTier
from exporter.cache.sqlite import SqliteTier
from exporter.collection.collection import Collection, Surroundings
from exporter.snapshot import EndpointKey
from exporter.spec import Endpoint
from exporter.storage.database import Storage
from tests.integration.collection.stage import FakeClock, Play, Upstream, declare, play, serve, unfolded
from tests.integration.redis.server import PATIENCE, RedisServer, Watch, link_to

pytestmark = pytest.mark.usefixtures("patient")

KEY = ("alpha", "a")
NAME = "btchealth:1:{alpha}:body:a"
LEASE = "btchealth:1:{alpha}:lease:a"
INTERVAL = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def upstream(clock: FakeClock) -> AsyncIterator[Upstream]:
    async with serve(clock, {"/a": {"value": 1, "other": 1}, "/b": {"value": 2, "other": 2}}) as running:
        yield running


@dataclass
class Replicas:
    """Each with a file, a memory and a link of its own, and one clock for all. `polls` counts poll ticks."""

    clock: FakeClock
    server: RedisServer
    upstream: Upstream
    endpoints: tuple[Endpoint, ...]
    watch: Watch
    stack: AsyncExitStack
    runs: list[Play] = field(default_factory=list)
    caches: list[Cache] = field(default_factory=list)

    async def add(self, tier: type[RedisTier] = RedisTier, ahead: float = 0.0) -> Play:
        """`ahead`: seconds by which its clock is wrong."""

        def wall() -> float:
            return self.clock.wall() + ahead

        storage = Storage(Path(":memory:"))
        self.stack.push_async_callback(storage.close)
        link: Link = link_to(self.server.url, self.watch)
        run = play(self.clock, storage, [self.upstream.url], *self.endpoints)
        cache = Cache((MemoryTier(1 << 20), SqliteTier(storage)), tier(link, wall, 1 << 20))
        around = Surroundings(
            replace(self.clock.clock(), wall=wall), storage, cache, unfolded, run.timeout, Leases(link)
        )
        run.collection = Collection(run.sources, run.settings, around)
        self.stack.push_async_exit(run)
        await run.collection.restore()
        self.runs.append(run)
        self.caches.append(cache)
        return run

    async def start(self, *runs: Play) -> None:
        for run in runs:
            await run.collection.start()
            self.clock.workers += 1
        await self.clock.idle()

    def looks(self) -> int:
        return sum(cache.figures["memory"].requests for cache in self.caches)

    def fetches(self, endpoint: str = "a") -> list[int]:
        return [run.figures(endpoint).fetches for run in self.runs]


@asynccontextmanager
async def replicas(
    clock: FakeClock, server: RedisServer, upstream: Upstream, *endpoints: Endpoint, count: int = 3
) -> AsyncIterator[Replicas]:
    async with AsyncExitStack() as stack:
        together = Replicas(clock, server, upstream, endpoints or (declare("a"),), Watch(), stack)
        for _ in range(count):
            await together.add()
        await together.start(*together.runs)
        yield together
        clock.workers = 0


async def test_three_replicas_make_the_calls_of_one(clock: FakeClock, server: RedisServer, upstream: Upstream) -> None:
    clock.dice = 0.3
    start = clock.now
    async with replicas(clock, server, upstream, declare("a"), declare("b", interval=300.0, period=300.0)) as three:
        await clock.forward(1800)
        calls = upstream.calls.copy()
        shares = 1 - sum(calls.values()) / three.looks()
    async with serve(clock, upstream.says) as alone:
        server.renew()
        clock.now = start
        async with replicas(clock, server, alone, *three.endpoints, count=1):
            await clock.forward(1800)
        assert calls == alone.calls
    assert upstream.busiest <= 2, "each replica asks one thing at a time"
    assert shares > 0.9


async def test_followers_show_the_same_values_and_times_and_their_budgets_stay_whole(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream, count=1) as together:
        leader = together.runs[0]
        followers = [await together.add(), await together.add()]
        await together.start(*followers)
        for value in (5, 6, 7):
            upstream.says["/a"] = {"value": value, "other": 0}
            await clock.forward(59)
            for cache in together.caches[1:]:
                assert cache.figures["redis"].hits
            await clock.forward(15)
            for run in together.runs:
                assert run.values() == {"a_value": value, "a_other": 0}
        figures = [run.figures("a") for run in together.runs]
        assert {(one.last_success, one.data_time, one.changed_at, one.host) for one in figures} == {
            (figures[0].last_success, figures[0].data_time, figures[0].changed_at, figures[0].host)
        }
        idle = [run for run in together.runs if run.figures("a").fetches == 0]
        assert len(idle) >= 1
        assert {run.collection.figures()[0].remaining for run in idle} == {1000}
        assert leader.collection.figures()[0].remaining <= 1000
        assert all(one.up for one in figures)


async def test_when_to_ask_for_the_next_body_is_drawn_once_for_each_body_and_not_at_each_look(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    """Who drew again at each look would ask as early as the earliest of many draws."""

    async def slow(_: web.Request) -> web.Response:
        clock.now += 10
        return web.json_response({"value": 1, "other": 1})

    upstream.says["/a"] = slow
    clock.dice = 0.5
    async with replicas(clock, server, upstream, count=1) as one:
        drawn = clock.now + INTERVAL
        assert one.runs[0].figures("a").next_poll == drawn
        looks = one.looks()
        clock.dice = 0.0
        await clock.forward(25)
        assert one.looks() > looks
        assert one.runs[0].figures("a").next_poll == drawn


async def test_a_replica_that_starts_later_with_nothing_shows_what_the_others_know_without_a_call(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream, count=1) as together:
        fetched = clock.now
        await clock.forward(20)
        late = await together.add()
        assert late.values() == {"a_value": 1, "a_other": 1}
        assert late.figures("a").last_success == fetched
        own = [await tier.get(KEY) for tier in together.caches[-1].own]
        assert [body and body.fetched_at for body in own] == [fetched, fetched], "there after a restart without Redis"
        await together.start(late)
        await clock.forward(20)
        assert upstream.calls["/a"] == 1


async def test_what_a_follower_took_is_there_after_its_restart_without_redis(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream, count=2) as together:
        await clock.forward(70)
        for cache in together.caches:
            (memory, disk) = cache.own
            kept = [await tier.get(KEY) for tier in (memory, disk)]
            assert [one.fetched_at for one in kept if one] == [together.runs[0].figures("a").last_success] * 2


async def test_without_redis_each_goes_on_alone_and_together_again_when_it_is_back(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream) as three:
        await clock.forward(130)
        together = upstream.calls["/a"]
        assert together == 3
        server.stop()
        upstream.says["/a"] = {"value": 9, "other": 9}
        await clock.forward(61)
        assert upstream.calls["/a"] == together + 3
        for run in three.runs:
            assert run.values() == {"a_value": 9, "a_other": 9}
            assert sum(run.figures("a").failures.values()) == 0
        server.start()
        three.watch.now += OPEN_CEILING
        await clock.forward(61)
        before = upstream.calls["/a"]
        await clock.forward(300)
        assert upstream.calls["/a"] - before == 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda server: server.run("FLUSHALL"),
        lambda server: server.run("SET", NAME, "garbage"),
        lambda server: server.run("HSET", NAME, "body", "garbage"),
        lambda server: server.run("HSET", NAME, "at", "9e99"),
    ],
    ids=["emptied", "of another type", "with a torn body", "from the end of time"],
)
async def test_garbage_in_redis_costs_no_value_and_lasts_until_the_next_body(
    spoil: Callable[[RedisServer], Any], clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream) as three:
        await clock.forward(30)
        spoil(server)
        upstream.says["/a"] = {"value": 4, "other": 4}
        await clock.forward(45)
        for run in three.runs:
            assert run.values() == {"a_value": 4, "a_other": 4}
        assert upstream.calls["/a"] == 2
        assert sum(three.fetches()) == 2


async def test_an_answer_that_was_long_on_its_way_takes_the_place_of_none_that_was_asked_for_later(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    """The holder of a turn stood still until its lease ran out and another replica had asked."""
    asked, go_on = asyncio.Event(), asyncio.Event()
    asked_again = False

    async def slow(_: web.Request) -> web.Response:
        nonlocal asked_again
        if asked_again:
            return upstream.json({"value": 2, "other": 2})
        asked_again, old = True, upstream.json({"value": 1, "other": 1})
        asked.set()
        await go_on.wait()
        return old

    upstream.says["/a"] = slow
    async with replicas(clock, server, upstream, count=0) as together:
        first, second = await together.add(), await together.add()
        late = asyncio.create_task(first.collection.poll_once())
        await asked.wait()
        server.run("DEL", LEASE)
        clock.now += 12
        await second.collection.poll_once()
        fetched = clock.now
        clock.now += 3
        go_on.set()
        await late
        assert together.fetches() == [1, 1]
        for cache in together.caches:
            found = await cache.get(KEY, clock.now - INTERVAL)
            assert found is not None
            assert (found.fetched_at, json.loads(found.body)) == (fetched, {"value": 2, "other": 2})
        await first.collection.poll_once()
        assert first.values() == second.values() == {"a_value": 2, "a_other": 2}


@pytest.mark.parametrize("ahead", [(0.0, 60.0, 0.0), (0.0, 30.0, -90.0)], ids=["one ahead", "one ahead, one behind"])
async def test_clocks_that_differ_cost_no_call_and_no_value_goes_back(
    ahead: tuple[float, ...], clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    calls = itertools.count(1)

    async def counting(_: web.Request) -> web.Response:
        return upstream.json({"value": next(calls), "other": 0})

    upstream.says["/a"] = counting
    async with replicas(clock, server, upstream, count=0) as three:
        for seconds in ahead:
            await three.add(ahead=seconds)
        await three.start(*three.runs)
        # Who is behind may have asked first, for values that look old to the others.
        await clock.forward(INTERVAL)
        before, shown = upstream.calls["/a"], list[tuple[float, ...]]()
        for _ in range(60):
            await clock.forward(INTERVAL / 6)
            shown.append(tuple(run.values()["a_value"] for run in three.runs))
        assert upstream.calls["/a"] - before <= 10 + 1
        assert all(
            later >= earlier
            for before, after in itertools.pairwise(shown)
            for earlier, later in zip(before, after, strict=True)
        )
        assert sum(cache.figures["redis"].hits for cache in three.caches) > 100


async def test_at_start_a_slow_redis_is_asked_for_everything_at_the_same_time(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    endpoints = [declare(name) for name in ("a", "b", "c", "d", "e")]
    async with replicas(clock, server, upstream, *endpoints, count=0) as together:
        everybody = asyncio.Barrier(len(endpoints))

        class Slow(RedisTier):
            async def get(self, key: EndpointKey, known: CachedBody | None = None) -> CachedBody | None:
                async with asyncio.timeout(PATIENCE):
                    await everybody.wait()
                return await super().get(key, known)

        await together.add(Slow)


async def test_a_poll_counts_one_look_also_where_it_asks(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream, count=1) as one:
        looks = one.looks()
        await clock.forward(70)
        assert upstream.calls["/a"] == 2
        assert one.looks() - looks == 7


async def test_a_body_of_a_base_url_that_is_not_ours_is_not_taken(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async with replicas(clock, server, upstream, count=1) as together:
        tier = together.caches[0].shared
        assert tier is not None
        mine = await tier.get(KEY, None)
        assert isinstance(mine, CachedBody)
        await tier.put(replace(mine, url="http://elsewhere/a", body=b'{"value": 7}', fetched_at=mine.fetched_at + 30))
        await clock.forward(45)
        assert together.runs[0].values() == {"a_value": 1, "a_other": 1}
        await clock.forward(16)
        assert upstream.calls["/a"] == 2


async def test_the_network_of_a_base_url_is_vouched_for_once_for_all(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    upstream.says["/w"] = {"value": 3, "other": 3}
    witness = declare("w", interval=86400.0, period=86400.0, origins={}, parse=lambda _: ())
    async with replicas(clock, server, upstream, declare("a"), declare("b"), witness) as three:
        await clock.forward(130)
        assert sum(fetches > 0 for fetches in three.fetches()) >= 1
        assert upstream.calls == {"/w": 1, "/a": 3, "/b": 3}
        late = await three.add()
        await three.start(late)
        await clock.forward(60)
        assert upstream.calls["/w"] == 1


async def test_a_wait_that_one_host_asked_one_replica_for_holds_for_all(
    clock: FakeClock, server: RedisServer, upstream: Upstream
) -> None:
    async def later(_: Any) -> Any:
        response = upstream.json({"error": "slow down"}, Retry_After="600")
        response.set_status(429)
        return response

    upstream.says["/a"] = later
    upstream.says["/b"] = later
    async with replicas(clock, server, upstream, declare("a"), declare("b")):
        await clock.forward(500)
        assert sum(upstream.calls.values()) <= 3, "one each at the most: they start at the same moment"
        first = upstream.calls.copy()
        await clock.forward(90)
        assert upstream.calls == first
