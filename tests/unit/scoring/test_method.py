"""An operator's own weights: every mistake at once, groups brought back to a sum of 1, a version that tells."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from scoring.method import Method, customised, mistakes
from scoring.methodology import METHOD
from tests.unit.scoring.worlds import FIRST, SECOND, method


@pytest.mark.parametrize(
    ("weights", "want"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"first": 2, "a": 0.1}, [], id="a pillar and an indicator"),
        pytest.param(
            {"nobody": 1},
            ["weight 'nobody': unknown; expected one of first, second, a, b, c, d, g"],
            id="a misspelt name",
        ),
        pytest.param({"a": -1}, ["weight 'a': expected a number from 0 to 1000, got -1"], id="below zero"),
        pytest.param({"a": 1e308}, ["weight 'a': expected a number from 0 to 1000, got 1e+308"], id="beyond all sense"),
        pytest.param({"a": math.nan}, ["weight 'a': expected a number from 0 to 1000, got nan"], id="not a number"),
        pytest.param(
            {"x": 1, "b": math.inf},
            [
                "weight 'x': unknown; expected one of first, second, a, b, c, d, g",
                "weight 'b': expected a number from 0 to 1000, got inf",
            ],
            id="two mistakes",
        ),
        pytest.param({"d": 0, "g": 0}, ["weights of second: expected at least one above 0"], id="an empty pillar"),
        pytest.param({"first": 0, "second": 0}, ["weights of pillars: expected at least one above 0"], id="no pillar"),
    ],
)
def test_mistakes_are_all_named(weights: dict[str, float], want: list[str]) -> None:
    assert mistakes(method(), weights) == want


def test_no_own_weights_leave_the_method_as_it_is() -> None:
    assert customised(METHOD, {}) is METHOD


def test_each_group_sums_to_one_again() -> None:
    own = customised(method(), {"first": 0.4, "a": 1.5})
    assert [pillar.weight for pillar in own.pillars] == [0.5, 0.5]
    assert [one.weight for one in own.pillars[0].indicators] == [0.75, 0.15, 0.1]
    assert own.pillars[1].indicators == SECOND.indicators


def test_the_version_tells_own_weights_apart_whatever_their_order() -> None:
    one = customised(METHOD, {"security": 0.5, "hashprice": 0.2})
    same = customised(METHOD, {"hashprice": 0.2, "security": 0.5})
    other = customised(METHOD, {"hashprice": 0.3, "security": 0.5})
    assert one.version == same.version != other.version
    assert one.version.startswith(f"{METHOD.version}+custom.")
    assert one.base_version == METHOD.version


def test_mistakes_stop_the_making_of_a_method() -> None:
    with pytest.raises(ValueError, match=r"weight 'x': unknown.*; weight 'a': expected a number"):
        customised(method(), {"x": 1, "a": -1})


@pytest.mark.parametrize(
    ("pillars", "words"),
    [
        pytest.param((FIRST, replace(SECOND, weight=0.5)), "weights of pillars from 0 that sum to 1", id="sum above 1"),
        pytest.param((FIRST, replace(SECOND, id="first")), "every pillar and indicator id once", id="an id twice"),
        pytest.param(
            (replace(FIRST, indicators=FIRST.indicators[:2]), SECOND),
            "weights of first from 0 that sum to 1",
            id="a gap",
        ),
    ],
)
def test_a_method_that_does_not_add_up_is_refused(pillars: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Method("9.0", pillars, 100)  # type: ignore[arg-type]  # the table of cases need not know the class
