"""When an endpoint is polled next."""

from __future__ import annotations

import math

import pytest

from exporter.cache import CachedBody
from exporter.collection import pace
from exporter.errors import Reason
from exporter.snapshot import Accepted
from exporter.spec import Budget, Endpoint, Source

NOW = 1_790_000_000.0
SOURCE = Source("alpha", "Alpha", ("http://127.0.0.1",), Budget(1, 1), ())


def never(_: float) -> float:
    return 0.0


def most(seconds: float) -> float:
    return seconds


def endpoint(interval: float, max_age: float | None = None) -> Endpoint:
    return Endpoint("a", "/a", str, {}, lambda _: (), interval, 60.0, max_age_override=max_age)


def accepted(one: Endpoint, data_age: float = 0.0) -> Accepted:
    return Accepted(SOURCE, one, (), NOW, NOW - data_age, NOW, 0, "host")


@pytest.mark.parametrize(
    ("interval", "max_age", "data_age", "expires", "want"),
    [
        (100, None, 0, None, 100),
        (100, None, 0, 50, 100),
        (100, None, 0, 150, 150),
        (100, None, 0, 9999, 200),
        (100, 250, 0, 9999, 150),
        (100, 250, 100, 9999, 100),
        (100, 50, 0, 9999, 100),
    ],
    ids=[
        "nothing said",
        "good for less than the interval",
        "good for longer",
        "good for ever",
        "not past the second try before the values expire",
        "old data",
        "an age shorter than the interval, as the operator wished",
    ],
)
def test_the_next_poll_after_success(
    interval: float, max_age: float | None, data_age: float, expires: float | None, want: float
) -> None:
    expires_at = None if expires is None else NOW + expires
    assert pace.after_success(accepted(endpoint(interval, max_age), data_age), expires_at, never) == NOW + want


def test_polls_are_spread_over_a_tenth_of_the_interval() -> None:
    assert pace.after_success(accepted(endpoint(100)), None, most) == NOW + 110


@pytest.mark.parametrize(
    ("interval", "failing", "reason", "shortest", "longest"),
    [
        (60, 1, Reason.TIMEOUT, 5, 15),
        (60, 2, Reason.TIMEOUT, 5, 25),
        (60, 50, Reason.TIMEOUT, 5, 305),
        (3600, 50, Reason.TIMEOUT, 5, 3605),
        (60, 1, Reason.STALE, 60, 60),
        (60, 50, Reason.STALE, 60, 305),
        (3600, 3, Reason.OLDER, 3600, 3600),
        (60, 1, Reason.WRONG_NETWORK, 3600, 3600),
        (86400, 9, Reason.WRONG_NETWORK, 3600, 3600),
    ],
)
def test_the_next_poll_after_a_failure(
    interval: float, failing: int, reason: Reason, shortest: float, longest: float
) -> None:
    one = endpoint(interval)
    assert pace.after_failure(one, failing, reason, NOW, never) == NOW + shortest
    assert pace.after_failure(one, failing, reason, NOW, most) == NOW + longest


def body(took: float, due: float | None) -> CachedBody:
    due_at = None if due is None else NOW + due
    return CachedBody("alpha", "a", "http://h/a", "h", b"{}", NOW, NOW, took=took, due=due_at)


@pytest.mark.parametrize(
    ("took", "due", "dice", "want"),
    [
        (1.0, 110.0, 0.0, 110.0),
        (1.0, 110.0, 1 - math.exp(-1), 108.0),
        (1.0, 110.0, 1 - math.exp(-2), 106.0),
        (9.0, 110.0, 1 - math.exp(-1), 100.0),
        (1.0, 110.0, 1.0, 100.0),
        (1.0, 40.0, 0.0, 100.0),
        (1.0, 9999.0, 0.0, 200.0),
        (0.0, 150.0, 1.0, 150.0),
        (1.0, None, 0.0, 100.0),
    ],
    ids=[
        "by luck not early at all",
        "two fetches early on average",
        "twice that with e times less luck",
        "a slow source is not asked within the interval",
        "nor is any by the rarest luck",
        "nor because another replica has a shorter interval",
        "nobody waits longer than twice the interval",
        "a source that answers at once is never asked early",
        "a body from a disk says nothing about its successor",
    ],
)
def test_a_replica_asks_a_little_before_the_due_time(took: float, due: float | None, dice: float, want: float) -> None:
    assert pace.early(body(took, due), 100.0, lambda _: dice) == pytest.approx(NOW + want)


@pytest.mark.parametrize(
    ("interval", "ask_in", "want"),
    [(60.0, 60.0, 10.0), (60.0, 4.0, 4.0), (86400.0, 86400.0, 60.0), (60.0, -5.0, -5.0)],
    ids=["six times in an interval", "when this replica would ask", "at least once a minute", "at once when overdue"],
)
def test_replicas_look_at_the_shared_cache_between_polls(interval: float, ask_in: float, want: float) -> None:
    assert pace.look(interval, NOW, NOW + ask_in) == NOW + want


@pytest.mark.parametrize("interval", [10.0, 60.0, 3600.0, 86400.0])
def test_no_wait_after_a_failure_is_longer_than_the_longest(interval: float) -> None:
    one = endpoint(interval)
    waits = [pace.after_failure(one, failing, reason, NOW, most) - NOW for failing in (1, 99) for reason in Reason]
    assert max(waits) == pace.longest_wait(one)
