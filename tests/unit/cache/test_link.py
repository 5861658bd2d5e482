"""When Redis is left alone, for how long, and what is said about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from redis import exceptions

from exporter.cache.link import OPEN_CEILING, OPEN_FIRST, QUIET_SECONDS, SLOW_REPLIES, SLOW_SECONDS, CacheError, Link

Log = list[MutableMapping[str, Any]]


@dataclass
class Watch:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def link(watch: Watch) -> Link:
    return Link(None, watch)


def answers_after(watch: Watch, seconds: float) -> Callable[[Any], Awaitable[str]]:
    async def command(_: Any) -> str:
        watch.now += seconds
        return "reply"

    return command


def fails_with(error: Exception) -> Callable[[Any], Awaitable[str]]:
    async def command(_: Any) -> str:
        await asyncio.sleep(0)
        raise error

    return command


async def is_left_alone(link: Link) -> bool:
    try:
        await link.call("reading", answers_after(Watch(), 0.0))
    except CacheError:
        return True
    return False


def is_healthy(link: Link) -> bool:
    return link.healthy


def counted(link: Link) -> dict[str, int]:
    return {reason: count for reason, count in link.failures.items() if count}


async def test_replies_that_come_but_come_slowly_cost_three_waits_and_then_fewer_and_fewer(
    link: Link, watch: Watch
) -> None:
    slow = answers_after(watch, SLOW_SECONDS + 0.01)
    with structlog.testing.capture_logs() as log:
        for _ in range(SLOW_REPLIES):
            assert await link.call("reading", slow) == "reply"
        assert counted(link) == {"timeout": 1}
        for wait in (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
            watch.now += wait - 0.01
            assert await is_left_alone(link)
            watch.now += 0.02
            assert await link.call("reading", slow) == "reply"
        assert not is_healthy(link)
        watch.now += OPEN_CEILING
        assert not await is_left_alone(link)
    assert is_healthy(link)
    assert counted(link) == {"timeout": 8}
    assert [line["event"] for line in log] == ["shared cache failed", "shared cache works again"]


async def test_one_quick_reply_among_slow_ones_and_those_just_below_the_limit_are_no_trouble(
    link: Link, watch: Watch
) -> None:
    for _ in range(SLOW_REPLIES):
        await link.call("reading", answers_after(watch, SLOW_SECONDS - 0.001))
    for seconds in (1.0, 1.0, 0.0, 1.0, 1.0):
        await link.call("reading", answers_after(watch, seconds))
    assert counted(link) == {}
    assert not await is_left_alone(link)


async def test_many_who_waited_at_the_same_time_were_slow_once(link: Link, watch: Watch) -> None:
    free = asyncio.Event()

    async def wait(_: Any) -> None:
        await free.wait()

    waiting = [asyncio.create_task(link.call("reading", wait)) for _ in range(10)]
    await asyncio.sleep(0)
    watch.now += 0.5
    free.set()
    await asyncio.gather(*waiting)
    assert counted(link) == {}


async def test_many_who_failed_at_the_same_time_lengthen_the_wait_once(link: Link, watch: Watch) -> None:
    failed = fails_with(exceptions.ConnectionError("away"))
    await asyncio.gather(*(link.call("reading", failed) for _ in range(10)), return_exceptions=True)
    assert counted(link) == {"unreachable": 10}
    watch.now += OPEN_FIRST + 0.01
    assert not await is_left_alone(link)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ReadOnlyError("You can't write against a read only replica."),
        exceptions.NoPermissionError("User reader has no permissions"),
        exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."),
        exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist"),
    ],
    ids=["read-only", "no permission", "no replicas", "cannot save"],
)
async def test_what_redis_refuses_to_do_is_no_reason_to_leave_its_other_work(
    link: Link, watch: Watch, error: Exception
) -> None:
    with structlog.testing.capture_logs() as log:
        for _ in range(3):
            with pytest.raises(CacheError):
                await link.call("writing", fails_with(error))
            assert await link.call("reading", answers_after(watch, 0.0)) == "reply"
        assert not is_healthy(link)
        await link.call("writing", answers_after(watch, 0.0))
    assert is_healthy(link)
    assert counted(link) == {"error": 3}
    assert [(line["event"], line["what"]) for line in log] == [
        ("shared cache failed", "writing"),
        ("shared cache works again", "writing"),
    ]


@pytest.mark.parametrize(
    "error",
    [
        exceptions.MovedError("7000 127.0.0.1:7001"),
        exceptions.AskError("7000 127.0.0.1:7001"),
        exceptions.TryAgainError("Multiple keys request during rehashing of slot"),
        exceptions.ClusterDownError("The cluster is down"),
        exceptions.AuthenticationError("Authentication required."),
        exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_redis_can_do_for_nobody_at_present_is_a_reason_to_leave_it_alone(
    link: Link, error: Exception
) -> None:
    with pytest.raises(CacheError):
        await link.call("writing", fails_with(error))
    assert await is_left_alone(link)
    assert counted(link) == {"error": 1}


async def test_what_comes_and_goes_all_the_time_is_said_once_a_minute_at_most(link: Link, watch: Watch) -> None:
    moved = fails_with(exceptions.MovedError("7000 127.0.0.1:7001"))
    with structlog.testing.capture_logs() as log:
        for _ in range(int(QUIET_SECONDS / OPEN_FIRST) - 1):
            with pytest.raises(CacheError):
                await link.call("reading", moved)
            watch.now += OPEN_FIRST
            await link.call("reading", answers_after(watch, 0.0))
        assert len(log) == 2
        watch.now += OPEN_FIRST
        with pytest.raises(CacheError):
            await link.call("reading", moved)
        assert len(log) == 3
        watch.now += OPEN_FIRST
        await link.call("reading", answers_after(watch, 0.0))
        with pytest.raises(CacheError):
            await link.call("reading", fails_with(exceptions.ConnectionError("away")))
    assert [line.get("reason") for line in log] == ["error", None, "error", None, "unreachable"]
