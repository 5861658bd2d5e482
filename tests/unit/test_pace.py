"""When an endpoint is polled next."""

from __future__ import annotations

import pytest

from exporter import pace
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
    ],
)
def test_the_next_poll_after_a_failure(
    interval: float, failing: int, reason: Reason, shortest: float, longest: float
) -> None:
    one = endpoint(interval)
    assert pace.after_failure(one, failing, reason, NOW, never) == NOW + shortest
    assert pace.after_failure(one, failing, reason, NOW, most) == NOW + longest
