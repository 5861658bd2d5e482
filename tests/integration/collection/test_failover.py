"""Several base URLs: which one serves, and when the first is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from exporter.cache.sqlite import SqliteTier
from exporter.errors import BodyError, Reason
from exporter.spec import Endpoint, Sample
from exporter.storage.database import Storage
from tests.integration.collection.stage import FakeClock, Upstream, declare, play

GOOD = {"value": 1, "other": 1}
OTHER = {"value": 2, "other": 2}


def network(name: str = "a") -> Endpoint:
    """An endpoint that can tell the network: a value of 0 is another one."""
    plain = declare(name)
    value, other = plain.origins

    def parse(body: Any) -> Sequence[Sample | None]:
        if body.value == 0:
            raise BodyError(Reason.WRONG_NETWORK, "difficulty 0 is a test network's")
        return (value(body.value), other(body.other))

    return declare(name, parse=parse, origins=plain.origins)


async def test_one_endpoint_that_fails_moves_to_the_second_base_url_and_no_other_does(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    upstream.says = {"/a": GOOD, "/b": {"error": "broken"}, "/c": GOOD}
    second.says = {"/a": OTHER, "/b": OTHER, "/c": OTHER}
    endpoints = [declare(name) for name in "abc"]
    async with play(clock, storage, [upstream.url, second.url], *endpoints) as run:
        await clock.forward(600)
        assert {one.name: run.figures(one.name).base_urls_active for one in endpoints} == {
            "a": (True, False),
            "b": (False, True),
            "c": (True, False),
        }
        assert run.values()["b_value"] == 2
        assert run.figures("b").host == second.url.removeprefix("http://")
        assert second.calls == {"/b": 11}
        upstream.says["/b"] = GOOD
        await clock.forward(60)
        assert run.figures("b").base_urls_active == (True, False)
        assert run.values()["b_value"] == 1


async def test_data_that_are_too_old_count_as_a_failure_and_the_next_base_url_is_asked(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    upstream.says["/a"] = {**GOOD, "at": clock.now - 20 * 86400}
    second.says["/a"] = {**OTHER, "at": clock.now - 100}
    async with play(clock, storage, [upstream.url, second.url], declare("a", dated=True)) as run:
        assert run.values()["a_value"] == 2
        assert run.figures("a").failures[Reason.STALE] == 1
        assert not run.collection.figures()[0].breaker_open


async def test_a_dead_first_base_url_is_left_alone_by_its_breaker_and_tried_again_later(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    names = "abcdef"

    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502)

    upstream.says = {f"/{name}": down for name in names}
    second.says = {f"/{name}": OTHER for name in names}
    endpoints = [declare(name) for name in names]
    async with play(clock, storage, [upstream.url, second.url], *endpoints) as run:
        assert sum(upstream.calls.values()) == 5
        assert sum(second.calls.values()) == 6
        await clock.forward(1200)
        assert sum(upstream.calls.values()) < 16
        upstream.says = {f"/{name}": GOOD for name in names}
        await clock.forward(400)
        assert set(run.values().values()) == {1}
        assert not run.collection.figures()[0].breaker_open


async def test_the_breaker_stays_open_over_a_restart(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502)

    upstream.says = {f"/{name}": down for name in "abcde"}
    endpoints = [declare(name) for name in "abcde"]
    async with play(clock, storage, [upstream.url], *endpoints):
        pass
    calls = sum(upstream.calls.values())
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        assert run.collection.figures()[0].breaker_open
        assert run.collection.figures()[0].tried
    assert sum(upstream.calls.values()) == calls


async def test_base_urls_that_lead_to_one_host_are_asked_once_and_share_its_budget(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{second.url}{request.path}")

    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=502)

    upstream.says["/a"] = moved
    second.says["/a"] = GOOD
    hosts = (second.url.removeprefix("http://"),)
    async with play(clock, storage, [upstream.url, second.url], declare("a"), hosts=hosts) as run:
        assert run.figures("a").host == hosts[0]
        assert run.figures("a").base_urls_active == (True, False)
        assert run.figures("a").fetches == 2
        second.says["/a"] = down
        await clock.forward(61)
        assert second.calls["/a"] == 2
        assert run.figures("a").failures[Reason.SERVER_ERROR] == 1


async def test_a_base_url_on_another_network_is_refused_for_all_endpoints_and_what_it_said_is_withdrawn(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    upstream.says = {"/first": OTHER, "/a": {"value": 0, "other": 1}, "/b": OTHER}
    second.says = {"/first": GOOD, "/a": GOOD, "/b": GOOD}
    endpoints = [declare("first", interval=600.0), network(), declare("b")]
    async with play(clock, storage, [upstream.url, second.url], *endpoints) as run:
        assert upstream.calls == {"/first": 1, "/a": 1}
        assert run.values() == {"a_value": 1, "a_other": 1, "b_value": 1, "b_other": 1}
        assert run.collection.figures()[0].refusals == {upstream.url: "difficulty 0 is a test network's"}
        await clock.forward(601)
        assert run.values()["first_value"] == 1
        assert sum(upstream.calls.values()) == 2
    async with play(clock, storage, [upstream.url, second.url], *endpoints) as run:
        await clock.forward(601)
        assert sum(upstream.calls.values()) == 2
        assert run.figures("b").base_urls_active == (False, True)


async def test_what_a_base_url_on_another_network_said_leaves_the_caches_and_nothing_else_does(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    upstream.says = {"/first": OTHER, "/a": GOOD}
    second.says = {"/a": GOOD}
    disk = SqliteTier(storage)
    async with play(clock, storage, [upstream.url, second.url], declare("first", interval=600.0), network()) as run:
        assert await disk.get(("alpha", "first")) is not None
        upstream.says["/a"] = {"value": 0, "other": 1}
        await clock.forward(61)
        assert run.collection.figures()[0].refusals.keys() == {upstream.url}
        assert await disk.get(("alpha", "first")) is None
        kept = await disk.get(("alpha", "a"))
        assert kept is not None
        assert kept.url.startswith(second.url)


async def test_a_refused_base_url_is_looked_at_once_an_hour_and_taken_back_when_it_is_right(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": {"value": 0, "other": 1}, "/b": GOOD}
    async with play(clock, storage, [upstream.url], network(), declare("b")) as run:
        await clock.forward(2 * 3600 - 1)
        assert upstream.calls == {"/a": 2}
        upstream.says["/a"] = GOOD
        await clock.forward(3601)
        assert upstream.calls["/a"] >= 3
        assert run.collection.figures()[0].refusals == {}
        await clock.forward(3600)
        assert upstream.calls["/b"] > 1
        assert set(run.values()) == {"a_value", "a_other", "b_value", "b_other"}


async def test_two_base_urls_on_one_host_are_two_backends(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def down(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    names = "abcdef"
    upstream.says = {f"/dead/{name}": down for name in names} | {f"/alive/{name}": GOOD for name in names}
    base_urls = [f"{upstream.url}/dead", f"{upstream.url}/alive"]
    async with play(clock, storage, base_urls, *(declare(name) for name in names)) as run:
        assert len(run.values()) == 12
        assert run.collection.figures()[0].up
        assert sum(run.figures(name).failures[Reason.SERVER_ERROR] for name in names) == 5


async def test_a_wait_asked_for_behind_a_redirect_is_kept_by_every_base_url_that_leads_there(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{second.url}{request.path}")

    async def too_many(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "61200"})

    upstream.says["/a"] = moved
    second.says["/a"] = too_many
    async with play(clock, storage, [upstream.url, second.url], declare("a")):
        await clock.forward(61199)
        assert (upstream.calls["/a"], second.calls["/a"]) == (1, 1)
        await clock.forward(1)
        assert second.calls["/a"] == 2


def witness() -> Endpoint:
    """Knows the network and yields nothing."""

    def parse(body: Any) -> Sequence[Sample | None]:
        if body.value == 0:
            raise BodyError(Reason.WRONG_NETWORK, "another genesis block")
        return ()

    return declare("genesis", parse=parse, origins={}, interval=86400.0)


async def test_nothing_is_shown_of_a_base_url_before_its_network_is_known(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    shown: list[set[str]] = []
    upstream.says = {"/genesis": {"value": 0}, "/a": OTHER, "/b": OTHER}
    second.says = {"/genesis": {"value": 0}, "/a": OTHER, "/b": OTHER}
    run = play(clock, storage, [upstream.url, second.url], declare("a"), declare("b"), witness())
    async with run:
        shown.append(set(run.values()))
        await clock.forward(3599)
        shown.append(set(run.values()))
        assert shown == [set(), set()]
        assert (upstream.calls, second.calls) == ({"/genesis": 1}, {"/genesis": 1})
        second.says["/genesis"] = GOOD
        await clock.forward(120)
        assert len(run.values()) == 4
        assert run.figures("a").base_urls_active == (False, True)
        upstream.says["/genesis"] = GOOD
        await clock.forward(3700)
        assert run.figures("a").base_urls_active == (True, False)
        assert run.collection.figures()[0].refusals == {}


async def test_the_second_base_url_is_asked_for_its_network_before_it_takes_over(
    clock: FakeClock, storage: Storage, upstream: Upstream, second: Upstream
) -> None:
    upstream.says = {"/genesis": GOOD, "/b": GOOD}
    second.says = {"/genesis": {"value": 0}, "/a": OTHER}
    async with play(clock, storage, [upstream.url, second.url], declare("a"), declare("b"), witness()) as run:
        await clock.forward(600)
        assert set(run.values()) == {"b_value", "b_other"}
        assert second.calls == {"/genesis": 1}
        assert list(run.collection.figures()[0].refusals) == [second.url]


async def test_a_server_that_does_not_tell_its_network_is_believed(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": GOOD}
    async with play(clock, storage, [upstream.url], declare("a"), witness()) as run:
        await clock.forward(600)
        assert set(run.values()) == {"a_value", "a_other"}
        assert upstream.calls["/genesis"] <= 2
