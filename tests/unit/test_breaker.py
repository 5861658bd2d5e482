"""The circuit breaker of one host."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.collection.breaker import FAILURES, OPEN_CEILING, OPEN_FIRST, UNAVAILABLE, Breaker, BreakerState, growing
from exporter.errors import Reason

NOW = 1_790_000_000.0
FOUR = [(name, Reason.TIMEOUT) for name in "abcd"]


def after(failures: list[tuple[str, Reason]], endpoints: int) -> Breaker:
    state = Breaker()
    for endpoint, reason in failures:
        state = state.failure(endpoint, reason, endpoints, NOW)
    return state


@pytest.mark.parametrize(
    ("failures", "endpoints", "want"),
    [
        (FOUR, 9, BreakerState.CLOSED),
        ([(name, Reason.TIMEOUT) for name in "abcde"], 9, BreakerState.OPEN),
        ([("a", Reason.TIMEOUT)] * 99, 9, BreakerState.CLOSED),
        ([("a", Reason.TIMEOUT)] * 5, 1, BreakerState.OPEN),
        ([("a", Reason.CONNECT), ("b", Reason.CONNECT)] * 3, 2, BreakerState.OPEN),
        ([("a", Reason.CONNECT), ("b", Reason.CONNECT)] * 9, 3, BreakerState.CLOSED),
        ([("a", Reason.RATE_LIMITED)], 9, BreakerState.OPEN),
        ([(name, Reason.STALE) for name in "abcdefgh"], 9, BreakerState.CLOSED),
        ([(name, Reason.CLIENT_ERROR) for name in "abcdefgh"], 9, BreakerState.CLOSED),
        ([*FOUR, ("e", Reason.FORMAT), ("f", Reason.TIMEOUT)], 9, BreakerState.CLOSED),
    ],
    ids=[
        "four endpoints in a row",
        "five endpoints in a row",
        "one broken endpoint of many",
        "the only endpoint",
        "both endpoints",
        "two of three endpoints",
        "asked too often",
        "stale everywhere, but alive",
        "missing everywhere, but alive",
        "an answer in between, though nonsense",
    ],
)  # fmt: skip
def test_it_opens_when_the_host_is_in_trouble_and_not_one_endpoint(
    failures: list[tuple[str, Reason]], endpoints: int, want: BreakerState
) -> None:
    assert after(failures, endpoints).state(NOW) is want


def test_it_half_opens_after_a_while_and_one_failure_opens_it_for_twice_as_long() -> None:
    state = after([(name, Reason.CONNECT) for name in "abcde"], 9)
    waits = []
    for _ in range(6):
        moment = state.open_until
        assert state.state(moment - 0.001) is BreakerState.OPEN
        assert state.state(moment) is BreakerState.HALF_OPEN
        state = state.failure("a", Reason.CONNECT, 9, moment)
        waits.append(state.open_until - moment)
    assert waits == [60, 120, 240, OPEN_CEILING, OPEN_CEILING, OPEN_CEILING]


def test_one_success_closes_it_and_forgets_everything() -> None:
    state = after([(name, Reason.CONNECT) for name in "abcde"], 9)
    assert state.success() == Breaker()
    assert state.success().state(NOW) is BreakerState.CLOSED


@pytest.mark.parametrize("reason", sorted(UNAVAILABLE))
def test_each_sign_of_an_unavailable_host_counts(reason: Reason) -> None:
    assert after([(name, reason) for name in "abcde"], 9).state(NOW) is BreakerState.OPEN


@pytest.mark.parametrize(
    ("stored", "want"),
    [
        ({"failures": 2, "failed": ["a"], "openings": 0, "open_until": 0.0}, Breaker(2, ("a",))),
        ({"failures": 5, "failed": [], "openings": 1, "open_until": NOW + 9e9}, Breaker(5, (), 1, NOW + OPEN_CEILING)),
        ({"failures": 5, "failed": 7}, Breaker()),
        (["nonsense"], Breaker()),
        (None, Breaker()),
    ],
)
def test_what_was_stored_is_taken_back_as_far_as_it_makes_sense(stored: Any, want: Breaker) -> None:
    assert Breaker.from_json(stored, NOW) == want


def test_a_state_survives_storage() -> None:
    state = after([(name, Reason.CONNECT) for name in "abcde"], 9)
    assert Breaker.from_json(state.to_json(), NOW) == state


def test_waits_double_from_the_first_to_the_ceiling() -> None:
    assert [growing(attempt, 10, 100) for attempt in range(7)] == [10, 10, 20, 40, 80, 100, 100]
    assert growing(10**6, 10, 100) == 100
    assert growing(1, OPEN_FIRST, OPEN_CEILING) == OPEN_FIRST
    assert FAILURES > 1
