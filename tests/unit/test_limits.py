"""The token bucket of one host."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collection.headers import RETRY_AFTER_CEILING
from exporter.collection.limits import HostState
from exporter.spec import Budget

NOW = 1_790_000_000.0
BUDGET = Budget(burst=3, every=10.0)


def requests(state: HostState, budget: Budget, moments: list[float]) -> tuple[HostState, int]:
    """The state after asking at each moment where that is allowed, and how many requests that made."""
    made = 0
    for moment in moments:
        if state.ready_at(budget, moment) <= moment:
            state, made = state.charged(budget, moment), made + 1
    return state, made


def test_a_full_bucket_allows_its_burst_and_then_one_request_for_every_period() -> None:
    state, made = requests(HostState.full(BUDGET, NOW), BUDGET, [NOW] * 10)
    assert made == 3
    assert state.ready_at(BUDGET, NOW) == NOW + 10
    assert state.remaining(BUDGET, NOW + 9) == 0
    assert state.remaining(BUDGET, NOW + 25) == 2
    assert state.remaining(BUDGET, NOW + 9999) == 3


def test_spacing_keeps_two_requests_apart_even_with_tokens_left() -> None:
    spaced = Budget(burst=3, every=10.0, spacing=4.0)
    state = HostState.full(spaced, NOW).charged(spaced, NOW)
    assert state.ready_at(spaced, NOW + 1) == NOW + 4
    assert state.ready_at(BUDGET, NOW + 1) == NOW + 1


def test_a_wait_the_host_asked_for_is_kept_up_to_a_day_and_never_shortened() -> None:
    state = HostState.full(BUDGET, NOW).blocked(63768, NOW)
    assert state.ready_at(BUDGET, NOW) == NOW + 63768
    assert state.remaining(BUDGET, NOW) == 0
    assert state.blocked(5, NOW).blocked_until == NOW + 63768
    assert state.blocked(1e9, NOW).blocked_until == NOW + RETRY_AFTER_CEILING


@given(
    burst=st.integers(1, 50),
    every=st.floats(0.1, 10_000),
    gaps=st.lists(st.floats(0, 5_000), min_size=1, max_size=60),
)
def test_no_stretch_of_time_sees_more_requests_than_the_bucket_holds_and_regains(
    burst: int, every: float, gaps: list[float]
) -> None:
    budget, moments, moment = Budget(burst, every), [], NOW
    for gap in gaps:
        moment += gap
        moments.append(moment)
    _, made = requests(HostState.full(budget, NOW), budget, moments)
    assert made <= burst + (moments[-1] - NOW) / every + 1e-3


@given(st.floats(0, 100), st.floats(0, 1e5))
def test_a_moment_said_to_be_ready_is_ready(tokens: float, elapsed: float) -> None:
    state = HostState(min(tokens, 3.0), NOW, NOW, NOW + 50)
    ready_at = state.ready_at(BUDGET, NOW + elapsed)
    assert state.ready_at(BUDGET, ready_at) <= ready_at + 1e-3


@pytest.mark.parametrize(
    ("stored", "want"),
    [
        ({"tokens": 1.5, "updated_at": NOW - 5}, HostState(1.5, NOW - 5)),
        ({"tokens": 99, "updated_at": NOW}, HostState(3.0, NOW)),
        ({"tokens": -1, "updated_at": NOW}, HostState(0.0, NOW)),
        ({"tokens": 1, "updated_at": NOW + 9e9, "requested_at": NOW + 9e9}, HostState(1.0, NOW, NOW)),
        ({"tokens": 1, "updated_at": NOW, "blocked_until": NOW + 9e9}, HostState(1.0, NOW, None, NOW + 86400)),
        ({"tokens": "many", "updated_at": NOW}, HostState(3.0, NOW)),
        ({"unknown": 1}, HostState(3.0, NOW)),
        ("nonsense", HostState(3.0, NOW)),
        (None, HostState(3.0, NOW)),
    ],
)
def test_what_was_stored_is_taken_back_as_far_as_it_makes_sense(stored: Any, want: HostState) -> None:
    assert HostState.from_json(stored, BUDGET, NOW) == want


def test_a_state_survives_storage() -> None:
    state = HostState.full(BUDGET, NOW).charged(BUDGET, NOW).blocked(60, NOW)
    assert HostState.from_json(state.to_json(), BUDGET, NOW) == state


def test_two_processes_together_know_the_later_count_and_the_longer_wait() -> None:
    mine, theirs = HostState(3.0, NOW, NOW, NOW + 60), HostState(1.0, NOW + 1, NOW + 1)
    assert mine.merged(theirs) == HostState(1.0, NOW + 1, NOW + 1, NOW + 60)
    assert theirs.merged(mine) == mine.merged(theirs)
