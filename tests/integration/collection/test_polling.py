"""When collection calls upstream."""

from __future__ import annotations

import asyncio
import itertools
import time
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from exporter.errors import Reason
from exporter.spec import Budget
from exporter.storage.database import Storage
from tests.integration.collection.stage import (
    SHORT,
    FakeClock,
    Play,
    Settings,
    SourceChoice,
    Upstream,
    declare,
    play,
    source,
)


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def status(code: int, **headers: str) -> Any:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return answer


async def test_an_endpoint_is_polled_at_its_interval(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    upstream.says["/a"] = {"value": 1, "other": 2}
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        await clock.forward(299)
        assert upstream.calls["/a"] == 5
        assert run.values() == {"a_value": 1, "a_other": 2}
        assert run.figures("a").fetches == 5
        assert run.figures("a").next_poll == clock.now + 1
    assert run.changes >= 5


async def test_at_start_endpoints_are_asked_in_order_of_declaration(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    names = ["d", "a", "c", "b"]
    upstream.says = {f"/{name}": {"value": 1, "other": 1} for name in names}
    budget = Budget(burst=2, every=10)
    async with play(clock, storage, [upstream.url], *(declare(name) for name in names), budget=budget):
        start = clock.now
        await clock.forward(30)
    assert [path for _, path in upstream.times] == ["/d", "/a", "/c", "/b"]
    assert [moment - start for moment, _ in upstream.times] == [0, 0, 10, 20]


async def test_a_budget_too_small_for_all_is_shared_fairly(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    names = ["a", "b", "c", "d", "e"]
    upstream.says = {f"/{name}": {"value": 1, "other": 1} for name in names}
    fast, slow = declare("a", interval=10.0, period=600.0), [declare(name) for name in names[1:]]
    async with play(clock, storage, [upstream.url], fast, *slow, budget=Budget(burst=1, every=20)):
        await clock.forward(1999)
    assert sum(upstream.calls.values()) == 100
    assert min(upstream.calls.values()) >= 16


async def test_a_response_that_stays_good_postpones_the_next_poll_by_at_most_one_interval(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def good_for(request: web.Request) -> web.StreamResponse:
        return upstream.json({"value": 1, "other": 1}, Cache_Control=f"max-age={request.path[2:]}")

    upstream.says = {"/w30": good_for, "/w90": good_for, "/w9999": good_for}
    endpoints = [declare(name) for name in ("w30", "w90", "w9999")]
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        waits = {one.name: run.figures(one.name).next_poll - clock.now for one in endpoints}
    assert waits == {"w30": 60, "w90": 90, "w9999": 120}


async def test_waits_after_failures_grow_to_a_ceiling_and_end_with_success(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = status(500)
    clock.dice = 1.0
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        await clock.forward(3600)
        waits = [round(later - earlier) for (earlier, _), (later, _) in itertools.pairwise(upstream.times)]
        assert waits[:5] == [15, 25, 45, 85, 165]
        assert set(waits[5:]) == {305}
        upstream.says["/a"] = {"value": 1, "other": 1}
        await clock.forward(400)
        assert run.values() == {"a_value": 1, "a_other": 1}
        assert run.figures("a").next_poll - run.figures("a").last_success == 66


@pytest.mark.parametrize("code", [404, 403])
async def test_an_answer_that_will_not_change_is_not_asked_for_before_the_interval(
    code: int, clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = status(code)
    async with play(clock, storage, [upstream.url], declare("a", interval=300.0)):
        await clock.forward(599)
    assert upstream.calls["/a"] == 2


async def test_retry_after_of_17_hours_silences_all_endpoints_of_the_host_also_after_a_restart(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": status(429, Retry_After="63768"), "/b": {"value": 1, "other": 1}}
    endpoints = [declare("b", interval=300.0), declare("a")]
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        asked = clock.now
        await clock.forward(3600)
        assert run.figures("a").failures[Reason.RATE_LIMITED] == 1
        assert run.collection.figures()[0].remaining == 0
    async with play(clock, storage, [upstream.url], *endpoints):
        await clock.forward(63768 - 3600 - 1)
        assert sum(upstream.calls.values()) == 2
        upstream.says["/a"] = {"value": 1, "other": 1}
        await clock.forward(1)
    assert upstream.times[2][0] == asked + 63768


async def test_retry_after_as_a_date_is_obeyed(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    until = formatdate(clock.now + 900, usegmt=True)
    upstream.says["/a"] = status(503, Retry_After=until, Date=formatdate(clock.now, usegmt=True))
    async with play(clock, storage, [upstream.url], declare("a")):
        await clock.forward(899)
        assert upstream.calls["/a"] == 1
        await clock.forward(2)
        assert upstream.calls["/a"] == 2


async def test_a_rate_limit_without_retry_after_opens_the_breaker(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": status(429), "/b": {"value": 1, "other": 1}}
    async with play(clock, storage, [upstream.url], declare("a"), declare("b")) as run:
        await clock.forward(29)
        assert sum(upstream.calls.values()) == 1
        assert run.collection.figures()[0].breaker_open
        await clock.forward(1)
        assert [path for _, path in upstream.times] == ["/a", "/b", "/a"]
        assert run.values() == {"b_value": 1, "b_other": 1}


async def test_a_dead_host_is_asked_ever_more_rarely(clock: FakeClock, storage: Storage) -> None:
    endpoints = [declare(name) for name in "abcdefgh"]
    async with play(clock, storage, ["http://127.0.0.1:9"], *endpoints) as run:
        await clock.forward(3600)
        calls = sum(run.figures(one.name).fetches for one in endpoints)
        assert run.collection.figures()[0].breaker_open
    assert calls <= 5 + 3600 / 300 + 4


async def test_five_restarts_make_no_call_beyond_the_budget_and_change_no_data_time(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    names = ["a", "b", "c", "broken"]
    upstream.says = {f"/{name}": {"value": 1, "other": 1, "at": clock.now - 50} for name in names[:2]}
    upstream.says |= {"/c": {"value": 1, "other": 1}, "/broken": status(500)}
    endpoints = [declare(name, interval=900.0, dated=name == "a") for name in names]
    budget = Budget(burst=5, every=900)
    async with play(clock, storage, [upstream.url], *endpoints, budget=budget) as run:
        await clock.forward(4)
        before = {name: (run.figures(name).data_time, run.figures(name).changed_at) for name in names}
    assert sum(upstream.calls.values()) == 4
    for _ in range(5):
        await clock.forward(7)
        async with play(clock, storage, [upstream.url], *endpoints, budget=budget) as run:
            await clock.forward(7)
            assert run.collection.figures()[0].tried
            after = {name: (run.figures(name).data_time, run.figures(name).changed_at) for name in names}
            assert after == before
    assert upstream.calls == {"/a": 1, "/b": 1, "/c": 1, "/broken": 2}


@pytest.mark.parametrize(("code", "calls"), [(403, 1), (404, 1), (500, 2)])
async def test_restarts_do_not_shorten_the_wait_after_a_failure(
    code: int, calls: int, clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = status(code)
    endpoint = declare("a", interval=300.0)
    for _ in range(5):
        async with play(clock, storage, [upstream.url], endpoint) as run:
            await clock.forward(1)
            assert run.collection.figures()[0].tried
    assert upstream.calls["/a"] == calls
    async with play(clock, storage, [f"{upstream.url}/other"], endpoint):
        await clock.forward(1)
    assert upstream.calls["/other/a"] == 1


async def test_a_host_never_has_two_requests_at_once(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    async def slow(_: web.Request) -> web.StreamResponse:
        for _step in range(20):
            await asyncio.sleep(0)
        return upstream.json({"value": 1, "other": 1})

    names = "abcdefghij"
    upstream.says = {f"/{name}": slow for name in names}
    async with play(clock, storage, [upstream.url], *(declare(name) for name in names)):
        await clock.forward(600)
    assert sum(upstream.calls.values()) > 100
    assert upstream.busiest == 1


async def test_a_source_that_hangs_delays_no_other(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    upstream.says = {"/x/a": hang, "/y/b": {"value": 1, "other": 1}}
    polled = {"alpha": (declare("a"),), "beta": (declare("b"),)}
    bases = {"alpha": SourceChoice((f"{upstream.url}/x",)), "beta": SourceChoice((f"{upstream.url}/y",))}
    run = Play(clock, storage, (source("alpha"), source("beta")), Settings(polled, bases), SHORT)
    async with run:
        await clock.forward(1)
        assert {moment for moment, _ in upstream.times} == {clock.now - 1}
        assert run.values() == {"b_value": 1, "b_other": 1}
        assert run.figures("a").failures[Reason.TIMEOUT] == 1


async def test_a_mistake_in_a_parser_is_counted_as_a_bug_and_the_worker_lives_on(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    def parse(_: Any) -> Any:
        raise KeyError("no such key")

    upstream.says = {"/a": {"value": 1, "other": 1}, "/b": {"value": 1, "other": 1}}
    async with play(clock, storage, [upstream.url], declare("a", parse=parse), declare("b")) as run:
        await clock.forward(299)
        assert run.figures("a").failures[Reason.BUG] >= 3
        assert "KeyError" in run.figures("a").last_error.message
        assert run.figures("b").fetches == 5


async def test_a_clock_set_back_does_not_stop_polling(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    upstream.says["/a"] = {"value": 1, "other": 2}
    async with play(clock, storage, [upstream.url], declare("a")):
        await clock.forward(61)
        clock.now -= 86400
        clock.wake()
        await clock.forward(130)
    assert upstream.calls["/a"] == 4


async def test_a_body_kept_under_a_clock_set_back_since_is_fetched_anew(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 2}
    async with play(clock, storage, [upstream.url], declare("a")):
        pass
    clock.now -= 86400
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        assert upstream.calls["/a"] == 2
        assert run.figures("a").data_time == clock.now


async def test_collection_stops_within_two_seconds_while_a_request_hangs(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = hang
    run = play(clock, storage, [upstream.url], declare("a"))
    await run.collection.restore()
    await run.collection.start()
    await upstream.reached.wait()
    started = time.monotonic()
    await run.collection.stop()
    assert time.monotonic() - started < 2


async def test_requests_say_who_we_are_and_what_we_know(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    upstream.says["/a"] = {"value": 1, "other": 2}
    endpoint = declare("a", accept="application/json")
    changes = {"key_header": "x-key", "api_key": "secret"}
    async with play(clock, storage, [upstream.url], endpoint, **changes):
        pass
    headers = upstream.requests[0].headers
    assert headers["User-Agent"].startswith("btc-health/")
    assert headers["Accept"] == "application/json"
    assert headers["x-key"] == "secret"
    assert "gzip" in headers["Accept-Encoding"]
