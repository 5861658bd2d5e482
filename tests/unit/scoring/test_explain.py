"""What moved, what one input matters, what is unusual."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from scoring.explain import leave_one_out, moved, unusual
from scoring.method import customised
from scoring.score import score
from tests.unit.scoring.test_score_properties import ALL, CAPS, KNOWN, as_readings, with_cap
from tests.unit.scoring.worlds import DAY, FULL, HOUR, NOW, method, readings


@given(before=ALL, after=KNOWN, cap=CAPS)
@settings(max_examples=40)
def test_movements_sum_to_the_change_of_the_score(
    before: dict[str, float], after: dict[str, float], cap: float
) -> None:
    one = score(as_readings(before), NOW, method=with_cap(cap), minimum_coverage=0)
    other = score(as_readings(after), NOW + 30 * HOUR, one.memory, with_cap(cap), minimum_coverage=0)
    movements = moved(one, other)
    if other.overall is not None and one.overall is not None:
        assert movements is not None
        assert abs(math.fsum(part.points for part in movements) - (other.overall - one.overall)) < 1e-9
        assert all(abs(part.points - part.by_score - part.by_weight) < 1e-9 for part in movements)


def test_the_largest_movement_comes_first_and_says_why() -> None:
    before = score(FULL, NOW, method=method())
    after = score({**FULL, **readings(a=50, d=22)}, NOW + HOUR, before.memory, method())
    movements = moved(before, after)
    assert movements is not None
    assert (movements[0].pillar, movements[0].indicator) == ("first", "a")
    assert movements[0].by_score == pytest.approx(0.6 * 0.5 * -30)
    assert movements[0].by_weight == pytest.approx(0)
    assert movements[1].points == pytest.approx(0.4 * 0.75 * 2)


def test_an_input_that_went_missing_moves_by_weight() -> None:
    before = score(FULL, NOW, method=method(), minimum_coverage=0.5)
    left = {name: reading for name, reading in FULL.items() if name != "a"}
    after = score(left, NOW + 2 * DAY, before.memory, method(), minimum_coverage=0.5)
    by_name = {part.indicator: part for part in moved(before, after) or []}
    assert by_name["a"].by_score == 0
    assert by_name["a"].points == pytest.approx(0.6 * 0.5 * 20)
    assert by_name["b"].by_weight == pytest.approx(-0.6 * 0.3 * 40)


def test_a_withheld_score_has_no_movements() -> None:
    stated, withheld = score(FULL, NOW, method=method()), score({}, NOW, method=method())
    assert moved(stated, withheld) is None
    assert moved(withheld, stated) is None


def test_leaving_one_input_out_gives_a_range() -> None:
    ranges = {one.pillar: one for one in leave_one_out(score(FULL, NOW, method=method()))}
    first = ranges["first"]
    assert first.score == pytest.approx(66)
    assert (first.without_for_lowest, first.without_for_highest) == ("a", "c")
    assert first.lowest == pytest.approx((0.3 * 60 + 0.2 * 40) / 0.5)
    assert first.highest == pytest.approx((0.5 * 80 + 0.3 * 60) / 0.8)
    assert (ranges["second"].lowest, ranges["second"].highest) == (20, 100)


def test_a_pillar_with_one_input_has_no_range() -> None:
    assert list(leave_one_out(score(readings(a=80), NOW, method=method()))) == []
    own = customised(method(), {"b": 0})
    assert list(leave_one_out(score(readings(a=80, b=60), NOW, method=own))) == []


def test_unusual_is_a_percentile_of_the_own_last_year() -> None:
    card = score(FULL, NOW, method=method())
    year = [float(day % 100) for day in range(365)]
    found = unusual(card, {"a": [1e9, *year], "b": year[:291], "c": [40.0] * 292})
    assert found == {"a": pytest.approx(306.5 / 365), "c": 0.5}


def test_what_is_missing_is_not_unusual() -> None:
    assert unusual(score({}, NOW, method=method()), {"a": [1.0] * 365}) == {}
