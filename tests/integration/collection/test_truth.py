"""What is shown, how old it says it is, and when it leaves."""

from __future__ import annotations

from collections.abc import MutableMapping
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from exporter.errors import Reason
from exporter.storage.database import Storage
from tests.integration.collection.stage import FakeClock, Upstream, declare, play


async def test_values_leave_when_their_data_are_too_old_although_nothing_is_fetched(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 2, "at": clock.now - 100}
    async with play(clock, storage, [upstream.url], declare("a", dated=True, max_age_override=250.0)) as run:
        assert run.collection.snapshot.next_expiry(clock.now) == clock.now + 150
        await clock.forward(149)
        assert run.values() == {"a_value": 1, "a_other": 2}
        await clock.forward(1)
        assert run.values() == {}
        assert run.figures("a").failures[Reason.STALE] == 0


async def test_a_body_stamped_in_the_future_is_refused_and_loses_to_the_good_one_after_it(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1, "at": clock.now - 10}
    async with play(clock, storage, [upstream.url], declare("a", dated=True)) as run:
        upstream.says["/a"] = {"value": 666, "other": 666, "at": clock.now + 3 * 3600}
        await clock.forward(61)
        assert run.values()["a_value"] == 1
        assert run.figures("a").failures[Reason.FUTURE] == 1
        upstream.says["/a"] = {"value": 2, "other": 2, "at": clock.now}
        await clock.forward(61)
        assert run.values()["a_value"] == 2


async def test_a_body_stamped_an_hour_ahead_is_shown_but_does_not_keep_out_the_good_one_after_it(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1, "at": clock.now + 3600}
    async with play(clock, storage, [upstream.url], declare("a", dated=True)) as run:
        assert run.figures("a").data_time == clock.now
        upstream.says["/a"] = {"value": 2, "other": 2, "at": clock.now - 30}
        await clock.forward(61)
        assert run.values()["a_value"] == 2


async def test_older_data_never_overwrite_newer_ones(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    upstream.says = {"/a": {"value": 2, "other": 2, "at": clock.now - 10}, "/b": {"value": 1, "other": 1}}
    endpoints = [declare("a", dated=True, max_age_override=900.0), declare("b")]
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        newest = run.figures("a").data_time
        upstream.says["/a"] = {"value": 1, "other": 1, "at": clock.now - 11}
        await clock.forward(130)
        assert run.values()["a_value"] == 2
        assert run.figures("a").data_time == newest
        assert run.figures("a").failures[Reason.OLDER] == 2
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        await clock.forward(130)
        assert run.figures("a").data_time == newest


async def test_the_age_header_dates_a_body_that_states_no_time(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def cached(_: web.Request) -> web.StreamResponse:
        return upstream.json({"value": 1, "other": 1}, Age="100")

    upstream.says["/a"] = cached
    async with play(clock, storage, [upstream.url], declare("a", max_age_override=101.0)) as run:
        assert run.figures("a").data_time == clock.now - 100
        await clock.forward(1)
        assert run.values() == {}


async def test_not_modified_keeps_the_values_and_renews_their_time(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def tagged(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304, headers={"Date": formatdate(clock.now, usegmt=True), "ETag": '"v1"'})
        return upstream.json({"value": 7, "other": 7}, ETag='"v1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")

    upstream.says["/a"] = tagged
    endpoint = declare("a", max_age_override=90.0)
    async with play(clock, storage, [upstream.url], endpoint) as run:
        first = run.figures("a").changed_at
        await clock.forward(600)
        assert upstream.calls["/a"] == 11
        assert upstream.requests[-1].headers["If-Modified-Since"] == "Mon, 01 Jan 2024 00:00:00 GMT"
        assert run.values()["a_value"] == 7
        assert run.figures("a").data_time == clock.now
        assert run.figures("a").changed_at == first
    async with play(clock, storage, [upstream.url], endpoint) as run:
        assert run.values()["a_value"] == 7
        await clock.forward(61)
        assert upstream.requests[-1].headers["If-None-Match"] == '"v1"'


async def test_not_modified_does_not_renew_the_time_that_a_body_states(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    stamp = clock.now - 30

    async def tagged(request: web.Request) -> web.StreamResponse:
        if "If-None-Match" in request.headers:
            return web.Response(status=304)
        return upstream.json({"value": 7, "other": 7, "at": stamp}, ETag='"v1"')

    upstream.says["/a"] = tagged
    async with play(clock, storage, [upstream.url], declare("a", dated=True, max_age_override=200.0)) as run:
        await clock.forward(160)
        assert run.figures("a").data_time == stamp
        await clock.forward(10)
        assert run.values() == {}


async def test_not_modified_that_nobody_asked_for_is_no_answer(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def insist(_: web.Request) -> web.StreamResponse:
        return web.Response(status=304)

    upstream.says["/a"] = insist
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        assert run.figures("a").failures[Reason.EMPTY] == 1


async def test_an_event_feed_is_read_again_when_it_is_not_modified(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def tagged(request: web.Request) -> web.StreamResponse:
        if "If-None-Match" in request.headers:
            return web.Response(status=304)
        return upstream.json({"value": clock.now - 100}, ETag='"v1"')

    plain = declare("a")
    value = next(iter(plain.origins))

    def parse(body: Any, read_at: float) -> Any:
        return (value(read_at - body.value),)

    upstream.says["/a"] = tagged
    wide = declare("a", parse=parse, events=True, origins={value: "value"}, interval=60.0)
    async with play(clock, storage, [upstream.url], wide) as run:
        assert run.values() == {"a_value": 100}
        await clock.forward(60)
        assert run.values() == {"a_value": 160}
        assert run.figures("a").data_time == clock.now


async def test_a_restart_shows_what_was_known_at_its_true_age(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": {"value": 1, "other": 1}, "/b": {"value": 2, "other": 2}}
    endpoints = [declare("a", interval=3600.0), declare("b", interval=3600.0, max_age_override=3700.0)]
    async with play(clock, storage, [upstream.url], *endpoints):
        asked = clock.now
    clock.now += 3000
    async with play(clock, storage, [upstream.url], *endpoints) as run:
        assert run.values() == {"a_value": 1, "a_other": 1, "b_value": 2, "b_other": 2}
        assert {run.figures(name).last_success for name in "ab"} == {asked}
        assert run.collection.figures()[0].up
        assert sum(upstream.calls.values()) == 2
    clock.now += 100_000
    async with play(clock, storage, ["http://127.0.0.1:9"], *endpoints) as run:
        assert run.values() == {}


async def test_a_restart_without_network_shows_only_what_is_young_enough_and_still_says_how_old_the_rest_is(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1}
    async with play(clock, storage, [upstream.url], declare("a")):
        asked = clock.now
    upstream.says["/a"] = web.HTTPNotFound
    clock.now += 100_000
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        assert run.values() == {}
        assert run.figures("a").data_time == asked
        assert run.figures("a").last_success == asked
        assert not run.figures("a").up
        assert run.collection.figures()[0].tried


async def test_since_when_values_are_the_same_survives_a_restart(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1}
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        first = run.figures("a").changed_at
        await clock.forward(200)
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        assert run.figures("a").changed_at == first
        upstream.says["/a"] = {"value": 1, "other": 9}
        await clock.forward(60)
        assert run.figures("a").changed_at > first + 200


async def test_a_refused_field_is_counted_and_its_old_value_ages_out_beside_its_neighbours(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 5}
    async with play(clock, storage, [upstream.url], declare("a", max_age_override=150.0)) as run:
        upstream.says["/a"] = {"value": 2, "other": "nonsense", "surprise": True}
        await clock.forward(61)
        assert run.values() == {"a_value": 2, "a_other": 5}
        assert run.figures("a").rejected == {"at": 2, "body": 0, "other": 1, "value": 0}
        assert run.figures("a").unknown_fields == 1
        await clock.forward(89)
        assert run.values() == {"a_value": 2}
        assert run.collection.figures()[0].data_quality == pytest.approx(1 / 3)


async def test_a_body_kept_by_another_release_that_is_read_otherwise_now_is_fetched_anew(
    clock: FakeClock, storage: Storage, upstream: Upstream, log: list[MutableMapping[str, Any]]
) -> None:
    upstream.says["/a"] = {"value": 1, "other": 1}
    async with play(clock, storage, [upstream.url], declare("a")):
        pass
    async with play(clock, storage, [upstream.url], declare("a", payload=list[float])) as run:
        assert run.figures("a").failures[Reason.FORMAT] == 1
    assert [line["event"] for line in log] == ["kept body refused", "fetch failed"]


async def test_the_clock_skew_is_ours_minus_the_servers(clock: FakeClock, storage: Storage, upstream: Upstream) -> None:
    async def behind(_: web.Request) -> web.StreamResponse:
        return upstream.json({"value": 1, "other": 1}, Date=formatdate(clock.now - 90, usegmt=True), Age="30")

    upstream.says["/a"] = behind
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        assert run.collection.figures()[0].clock_skew == 60


async def test_a_failure_is_logged_once_until_its_reason_changes(
    clock: FakeClock, storage: Storage, upstream: Upstream, log: list[MutableMapping[str, Any]]
) -> None:
    async with play(clock, storage, [upstream.url], declare("a")) as run:
        await clock.forward(300)
        upstream.says["/a"] = {"value": "x", "other": "y"}
        await clock.forward(100)
        assert run.figures("a").last_error.reason is Reason.FORMAT
    warned = [line["reason"] for line in log if line["log_level"] == "warning"]
    assert warned == ["client_error", "format"]
    assert len([line for line in log if line["log_level"] == "debug"]) > 3
