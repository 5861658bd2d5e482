"""Whether a move is further than ordinary ones, with tracks drawn by hand."""

from __future__ import annotations

import pytest

from scoring.backtest.study import Track, falls, judge, moves, ordinary, sliding_maximum, unexplained

FLAT = [80.0] * 200


def dip(first: int, last: int, value: float | None, days: int = 200) -> list[float | None]:
    return [value if first <= day <= last else 80.0 for day in range(days)]


@pytest.mark.parametrize(
    ("first", "last", "want"),
    [
        pytest.param(0, 3, 2.5, id="all known"),
        pytest.param(3, 6, 4.0, id="half known"),
        pytest.param(4, 6, None, id="less than half known"),
        pytest.param(-1, 2, None, id="before the first day"),
        pytest.param(5, 7, None, id="after the last day"),
    ],
)
def test_mean_of_a_span(first: int, last: int, want: float | None) -> None:
    assert Track([1.0, 2.0, 3.0, 4.0, None, None, 4.0]).mean(first, last) == want


@pytest.mark.parametrize(
    ("values", "width", "want"),
    [
        pytest.param([3.0, 1.0, 2.0], 2, [(3.0, 0), (3.0, 0), (2.0, 2)], id="the largest leaves the window"),
        pytest.param([None, 1.0, None, None], 2, [None, (1.0, 1), (1.0, 1), None], id="gaps"),
        pytest.param([1.0, 2.0, 3.0], 1, [(1.0, 0), (2.0, 1), (3.0, 2)], id="a window of one"),
    ],
)
def test_sliding_maximum(values: list[float | None], width: int, want: list[tuple[float, int] | None]) -> None:
    assert list(sliding_maximum(values, width)) == want


def test_a_fall_is_measured_from_the_month_before_to_the_worst_week() -> None:
    found = moves(Track(dip(60, 66, 59.0)), 20, upward=False)
    move = found[55]
    assert move is not None
    assert (move.before, move.extreme, move.points, move.day) == (80, 59, 21, 66)


def test_a_window_shorter_than_a_week_is_taken_as_a_whole() -> None:
    move = moves(Track(dip(60, 61, 59.0)), 2, upward=False)[60]
    assert move is not None
    assert move.points == 21


def test_a_rise_is_measured_upwards() -> None:
    found = moves(Track(dip(60, 66, 95.0)), 20, upward=True)
    assert found[55] is not None
    assert found[55].points == 15


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(29, id="no month before"),
        pytest.param(181, id="ends after the last day"),
        pytest.param(60, id="half of its days unknown"),
        pytest.param(95, id="the month before unknown"),
    ],
)
def test_a_window_without_enough_days_has_no_move(start: int) -> None:
    assert moves(Track(dip(65, 99, None)), 20, upward=False)[start] is None


def test_ordinary_windows_keep_clear_of_episodes_and_the_month_after() -> None:
    found = moves(Track(FLAT), 10, upward=False)
    left = ordinary(found, 10, [(100, 109)])
    without = {day for day, move in enumerate(found) if move is not None} - set(range(91, 140))
    assert len(left) == len(without)


def test_an_episode_that_stands_out_is_seen() -> None:
    track = Track(dip(100, 119, 59.0, 400))
    verdict = judge(track, (100, 119), upward=False, busy=[(100, 119)])
    assert verdict is not None
    assert verdict.seen
    assert verdict.rank == 1
    assert verdict.p_value == pytest.approx(1 / (verdict.windows + 1))
    assert verdict.warning_days == verdict.move.day - 100


def test_an_episode_like_any_other_day_is_not_seen() -> None:
    verdict = judge(Track(FLAT), (100, 119), upward=False, busy=[(100, 119)])
    assert verdict is not None
    assert not verdict.seen
    assert (verdict.p_value, verdict.warning_days) == (1.0, None)


def test_ties_count_against_the_episode() -> None:
    values: list[float | None] = [80.0] * 1000
    for start in (200, 400, 600, 800):
        values[start : start + 20] = [59.0] * 20
    verdict = judge(Track(values), (200, 219), upward=False, busy=[(200, 219)])
    assert verdict is not None
    assert verdict.rank == 1 + 3 * 14


def test_without_ordinary_windows_nothing_is_judged() -> None:
    assert judge(Track(FLAT), (100, 119), upward=False, busy=[(0, 199)]) is None


def test_deep_falls_are_counted_once() -> None:
    values: list[float | None] = [80.0] * 400
    values[100:110] = [40.0] * 10
    values[120:130] = [40.0] * 10
    values[300:310] = [30.0] * 10
    found = falls(Track(values))
    assert [(first // 10, last // 10) for first, last in found] == [(10, 13), (30, 31)]
    assert unexplained(found, [(90, 100)]) == found[1:]
    assert unexplained(found, [(280, 285)]) == found[:1]


@pytest.mark.parametrize(
    "value",
    [pytest.param(55.0, id="deep but not low enough"), pytest.param(None, id="unknown")],
)
def test_not_every_dip_is_a_fall(value: float | None) -> None:
    assert falls(Track(dip(100, 120, value))) == []
