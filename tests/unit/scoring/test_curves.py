"""Curves: bounded, monotone, continuous, and refused when their anchors are not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.backtest.frozen import CURVES
from scoring.curves import Axis, Curve, linear, logarithmic
from scoring.methodology import METHOD

FALLING = linear((0.0, 100, "a"), (0.5, 60, "b"), (1.0, 0, "c"))
RISING = logarithmic((1.0, 0, "a"), (100.0, 100, "b"))
PUBLISHED = {indicator.id: indicator.curve for indicator in METHOD.indicators()}
ALL = {**PUBLISHED, **{f"{name} in 2017": curve for name, curve in CURVES.items()}}
NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("curve", "value", "want"),
    [
        pytest.param(FALLING, 0.25, 80.0, id="half way between two anchors"),
        pytest.param(FALLING, 0.5, 60.0, id="on an anchor"),
        pytest.param(FALLING, -3.0, 100.0, id="left of the first anchor"),
        pytest.param(FALLING, 1.0, 0.0, id="on the last anchor"),
        pytest.param(FALLING, math.inf, 0.0, id="infinitely far to the right"),
        pytest.param(RISING, 10.0, 50.0, id="half way on a log axis"),
        pytest.param(RISING, 0.0, 0.0, id="zero on a log axis is the left end"),
        pytest.param(RISING, -5.0, 0.0, id="below zero on a log axis is the left end"),
        pytest.param(RISING, 1e6, 100.0, id="right of the last anchor"),
    ],
)
def test_score_of_a_value(curve: Curve, value: float, want: float) -> None:
    assert curve(value) == pytest.approx(want)


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a number, got NaN"):
        FALLING(math.nan)


@pytest.mark.parametrize(
    ("anchors", "words"),
    [
        pytest.param(((1.0, 50.0),), "at least two anchors", id="one anchor"),
        pytest.param(((1.0, 0.0), (1.0, 50.0)), "rising anchor positions", id="two anchors at one place"),
        pytest.param(((2.0, 0.0), (1.0, 50.0)), "rising anchor positions", id="anchors out of order"),
        pytest.param(((0.0, 0.0), (1.0, 101.0)), "scores in 0-100", id="a score above 100"),
        pytest.param(((0.0, 0.0), (1.0, 50.0), (2.0, 40.0)), "only rise or only fall", id="up and down"),
    ],
)
def test_anchors_that_make_no_curve_are_refused(anchors: tuple[tuple[float, float], ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        linear(*((at, score, "fact") for at, score in anchors))


def test_a_log_axis_needs_anchors_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0 on a log axis"):
        logarithmic((0.0, 0, "a"), (1.0, 100, "b"))


@pytest.mark.parametrize("curve", ALL.values(), ids=ALL)
class TestEveryPublishedCurve:
    @given(value=NUMBERS)
    def test_is_bounded(self, curve: Curve, value: float) -> None:
        assert 0 <= curve(value) <= 100

    @given(one=NUMBERS, other=NUMBERS)
    def test_is_monotone(self, curve: Curve, one: float, other: float) -> None:
        rises = curve.anchors[0].score <= curve.anchors[-1].score
        low, high = curve(min(one, other)), curve(max(one, other))
        assert low <= high + 1e-9 if rises else high <= low + 1e-9

    @given(part=st.floats(-0.2, 1.2))
    def test_is_continuous(self, curve: Curve, part: float) -> None:
        """A step of a millionth of the axis moves the score by no more than the steepest piece allows."""
        first, last = curve.positions[0], curve.positions[-1]
        position = first + part * (last - first)
        step = 1e-6 * (last - first)
        value, next_value = (math.exp(x) if curve.axis is Axis.LOG else x for x in (position, position + step))
        narrowest = min(b - a for a, b in zip(curve.positions, curve.positions[1:], strict=False))
        assert abs(curve(value) - curve(next_value)) <= 100 * step / narrowest + 1e-6

    def test_reaches_both_ends_and_states_why(self, curve: Curve) -> None:
        assert {curve.anchors[0].score, curve.anchors[-1].score} == {0, 100}
        assert all(len(anchor.fact.split()) > 1 for anchor in curve.anchors)
