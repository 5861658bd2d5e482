"""From readings to a scorecard, in numbers that can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

import pytest

from scoring.indicator import Largest, Level, Quantity, Ratio
from scoring.memory import Memory
from scoring.method import Method, customised
from scoring.methodology import METHOD
from scoring.reading import Reading, Readings, State, series
from scoring.score import score
from tests.machine import ROOT
from tests.unit.scoring.worlds import DAY, FULL, HOUR, NOW, indicator, indicator_of, method, pillar_of, plain, readings


def test_pillars_are_weighted_means_and_so_is_the_whole() -> None:
    card = score(FULL, NOW, method=method())
    assert pillar_of(card, "first").score == pytest.approx(0.5 * 80 + 0.3 * 60 + 0.2 * 40)
    assert pillar_of(card, "second").score == pytest.approx(0.75 * 20 + 0.25 * 100)
    assert card.overall == pytest.approx(0.6 * 66 + 0.4 * 40)
    assert card.lower == pytest.approx(card.overall)
    assert card.upper == pytest.approx(card.overall)
    assert card.coverage == pytest.approx(1)
    assert card.capped_by is None
    assert card.methodology == "9.0"


def test_points_lost_are_weight_times_weight_times_the_missing_score() -> None:
    card = score(FULL, NOW, method=method())
    assert indicator_of(card, "b").points_lost == pytest.approx(0.6 * 0.3 * 40)
    assert math.fsum(one.points_lost or 0 for _, one in card.indicators()) == pytest.approx(100 - (card.overall or 0))


def test_the_cap_holds_the_whole_near_the_worst_pillar() -> None:
    card = score(FULL, NOW, method=method(cap=10))
    assert card.mean == pytest.approx(55.6)
    assert card.overall == pytest.approx(40 + 10)
    assert card.capped_by == "second"
    lost = {one.id: one.points_lost or 0 for _, one in card.indicators()}
    assert lost["b"] == pytest.approx(0.6 * 0.3 * 40)
    assert lost["d"] == pytest.approx(0.4 * 0.75 * 80 + 5.6)
    assert lost["g"] == 0
    assert math.fsum(lost.values()) == pytest.approx(50)


def test_no_reading_at_all_gives_no_score_and_the_widest_bounds() -> None:
    card = score({}, NOW, method=method())
    assert (card.overall, card.lower, card.upper, card.coverage, card.mean) == (None, 0, 100, 0, None)
    assert all(pillar.score is None and pillar.counted_score is None for pillar in card.pillars)
    assert all(one.state is State.MISSING and one.points_lost is None for _, one in card.indicators())


def without(known: Readings, *names: str) -> dict[str, Reading]:
    return {name: reading for name, reading in known.items() if name not in names}


@pytest.mark.parametrize(
    ("name", "after", "state"),
    [
        pytest.param("a", 0, State.FRESH, id="still there"),
        pytest.param("a", 24 * HOUR, State.HELD, id="gone for a day"),
        pytest.param("a", 24 * HOUR + 1, State.MISSING, id="gone for more than a day"),
        pytest.param("c", 7 * DAY, State.HELD, id="daily data gone for a week"),
        pytest.param("c", 7 * DAY + 1, State.MISSING, id="daily data gone for more than a week"),
    ],
)
def test_what_vanishes_is_held_and_then_missing(name: str, after: float, state: State) -> None:
    before = score(FULL, NOW, method=method())
    left = FULL if after == 0 else without(FULL, name)
    card = score(left, NOW + after, before.memory, method())
    assert indicator_of(card, name).state is state


def test_held_inputs_move_nothing_but_coverage_and_bounds() -> None:
    before = score(FULL, NOW, method=method())
    card = score(without(FULL, "a"), NOW + HOUR, before.memory, method())
    assert card.overall == before.overall
    assert card.basis_changed_at == before.basis_changed_at
    assert card.coverage == pytest.approx(1 - 0.6 * 0.5)
    assert card.lower == pytest.approx(before.lower - 0.6 * 0.5 * 80)
    assert card.upper == pytest.approx(before.upper + 0.6 * 0.5 * 20)
    assert pillar_of(card, "first").score is None
    assert pillar_of(card, "first").counted_score == pytest.approx(66)
    assert indicator_of(card, "a").fresh_at == NOW


def test_after_the_hold_the_others_take_the_weight_and_the_basis_changes() -> None:
    before = score(FULL, NOW, method=method())
    later = NOW + 2 * DAY
    card = score(without(FULL, "b"), later, before.memory, method())
    assert pillar_of(card, "first").counted_score == pytest.approx((0.5 * 80 + 0.2 * 40) / 0.7)
    assert indicator_of(card, "a").effective_weight == pytest.approx(0.5 / 0.7)
    assert card.basis_changed_at == later
    again = score(without(FULL, "b"), later + HOUR, card.memory, method())
    assert again.basis_changed_at == later


def test_a_pillar_without_any_indicator_leaves_its_weight_to_the_others() -> None:
    card = score(readings(a=80, b=60, c=40), NOW, method=method(), minimum_coverage=0.5)
    assert card.overall == pytest.approx(66)
    assert (pillar_of(card, "second").effective_weight, pillar_of(card, "first").effective_weight) == (0, 1)


def test_the_overall_score_is_withheld_below_the_minimum_coverage() -> None:
    known = readings(a=80, b=60)
    withheld = score(known, NOW, method=method(), minimum_coverage=0.49)
    assert withheld.overall is None
    assert withheld.mean is None
    assert withheld.coverage == pytest.approx(0.48)
    assert all(one.points_lost is None for _, one in withheld.indicators())
    assert all(pillar.effective_weight == 0 for pillar in withheld.pillars)
    stated = score(known, NOW, method=method(), minimum_coverage=0.48)
    assert stated.overall is not None


class TestWhichPillarsCount:
    """Those of which at least the minimum coverage is known, fresh or held; the others have no part in the whole."""

    @pytest.mark.parametrize(
        ("known", "weight", "overall"),
        [
            pytest.param(readings(a=80, b=80, c=80, d=0, g=0), 0.4, 10.0, id="all of it is known: it caps"),
            pytest.param(readings(a=80, b=80, c=80, d=0), 0.4, 10.0, id="three quarters are known: it caps"),
            pytest.param(readings(a=80, b=80, c=80, g=0), 0.0, 80.0, id="a quarter is known: neither mean nor cap"),
            pytest.param(readings(a=80, b=80, c=80), 0.0, 80.0, id="nothing is known"),
        ],
    )
    def test_a_pillar_of_which_little_is_known_has_no_part(
        self, known: Readings, weight: float, overall: float
    ) -> None:
        card = score(known, NOW, method=method(cap=10), minimum_coverage=0.6)
        second = pillar_of(card, "second")
        assert second.effective_weight == pytest.approx(weight)
        assert card.overall == pytest.approx(overall)
        assert card.capped_by == ("second" if weight else None)
        lost = [one.points_lost for one in second.indicators if one.points_lost is not None]
        assert weight or not any(lost)

    def test_its_few_values_are_no_bound_of_the_whole(self) -> None:
        card = score(readings(a=80, b=80, c=80, g=0), NOW, method=method(cap=10))
        assert card.lower == pytest.approx(10)
        assert card.upper == pytest.approx(0.6 * 80 + 0.4 * 100)
        assert (pillar_of(card, "second").lower, pillar_of(card, "second").upper) == (0, 75)
        assert pillar_of(card, "second").counted_score is None

    def test_an_operators_own_minimum_decides(self) -> None:
        known = readings(a=80, b=80, c=80, g=0)
        assert score(known, NOW, method=method(), minimum_coverage=0.25).overall == pytest.approx(48)
        assert score(known, NOW, method=method(), minimum_coverage=0.26).overall == pytest.approx(80)

    def test_weights_that_sum_to_the_minimum_are_enough(self) -> None:
        own = customised(method(), {"a": 0.31, "b": 0.29, "c": 0.4})
        assert pillar_of(score(readings(a=80, b=80), NOW, method=own), "first").score == pytest.approx(80)

    def test_a_pillar_that_is_held_counts_as_before_and_then_leaves(self) -> None:
        before = score(FULL, NOW, method=method(cap=10))
        left = without(FULL, "d")
        held = score(left, NOW + DAY, before.memory, method(cap=10), minimum_coverage=0.5)
        assert held.overall == before.overall
        assert (pillar_of(held, "second").score, held.basis_changed_at) == (None, NOW)
        gone = score(left, NOW + DAY + 1, held.memory, method(cap=10), minimum_coverage=0.5)
        assert gone.overall == pytest.approx(66)
        assert gone.basis_changed_at == NOW + DAY + 1
        assert gone.upper - gone.lower > held.upper - held.lower

    def test_what_else_such_a_pillar_loses_is_no_change_of_basis(self) -> None:
        before = score(readings(a=80, b=60, c=40, g=0), NOW, method=method())
        after = score(readings(a=80, b=60, c=40), NOW + 2 * DAY, before.memory, method())
        assert after.basis_changed_at == NOW

    def test_the_worst_value_of_the_lightest_indicator_of_security_cannot_take_fifty_points(self) -> None:
        """With the published weights and cap: all others at 80, and of security nothing but six invalid blocks."""
        security, *others = METHOD.pillars
        known = {one.id: 80.0 for pillar in others for one in pillar.indicators}
        card = score(readings(**known, invalid_blocks=0), NOW, method=plain(METHOD))
        assert pillar_of(card, security.id).effective_weight == 0
        assert card.overall == pytest.approx(80)


def with_holds(whole: Method, daily: Collection[str]) -> Method:
    """What is made once a day is held for a week."""
    return replace(
        whole,
        pillars=tuple(
            replace(pillar, indicators=tuple(replace(one, daily=one.id in daily) for one in pillar.indicators))
            for pillar in whole.pillars
        ),
    )


def test_a_crisis_that_is_forgotten_lifts_the_score_as_the_documents_say() -> None:
    """The numbers of docs/reading-the-score.md, When data are missing."""
    daily = {one.id for one in METHOD.indicators() if one.daily}
    published, page = (
        with_holds(plain(METHOD), daily),
        (ROOT / "docs" / "reading-the-score.md").read_text(encoding="utf-8"),
    )
    security = [one.id for one in published.pillars[0].indicators]
    known = readings(**{one.id: 13.0 if one.id in security else 80.0 for one in published.indicators()})
    left = without(known, *security)
    fresh = score(known, NOW, method=published)
    held = score(left, NOW + DAY, fresh.memory, published)
    less = score(left, NOW + DAY + 1, held.memory, published)
    last = score(left, NOW + 7 * DAY, less.memory, published)
    gone = score(left, NOW + 7 * DAY + 1, last.memory, published)
    cards = (fresh, held, less, last, gone)
    assert [card.overall for card in cards] == pytest.approx([43, 43, 43, 43, 80])
    assert math.fsum(one.weight for one in METHOD.pillars[0].indicators if not one.daily) == pytest.approx(
        1 / 3, abs=0.02
    )
    uneven = {**known, **readings(**dict.fromkeys(daily & set(security), 20.0))}
    both = score(uneven, NOW, method=published)
    step = score(left, NOW + DAY + 1, both.memory, published)
    assert both.overall is not None
    assert both.overall < 50
    assert step.overall == pytest.approx(50), "what is left of security is at 20"
    assert [held.lower, held.upper, gone.lower, gone.upper] == pytest.approx([30, 86, 30, 86])
    assert [card.basis_changed_at for card in cards] == [NOW, NOW, NOW + DAY + 1, NOW + DAY + 1, NOW + 7 * DAY + 1]
    assert "it stands at 43 by the cap" in page
    assert "it stays at 43, with\n  bounds of 30 and 86" in page
    assert "After a day a third of the pillar, which is held no longer, is missing" in page
    assert "A week later security is forgotten: it steps to 80, with the same bounds" in page


def test_a_pillar_of_weight_zero_bounds_nothing() -> None:
    own = customised(method(cap=10), {"second": 0})
    card = score(readings(a=80, b=60, c=40), NOW, method=own)
    worst = score({**FULL, **readings(d=0, g=0)}, NOW, method=own)
    assert [card.lower, card.upper, worst.lower, worst.upper] == pytest.approx([66] * 4)


class TestFallbacks:
    def test_a_fallback_serves_when_there_is_nothing_to_hold(self) -> None:
        card = score(readings(e=50, f=90), NOW, method=method())
        assert indicator_of(card, "d").score == 50
        assert indicator_of(card, "d").quantity == "e"
        assert indicator_of(card, "d").state is State.FRESH

    def test_a_fallback_does_not_step_in_while_the_quantity_is_held(self) -> None:
        before = score({**FULL, **readings(e=50)}, NOW, method=method())
        card = score({**without(FULL, "d"), **readings(e=50)}, NOW + HOUR, before.memory, method())
        assert indicator_of(card, "d").state is State.HELD
        assert card.overall == before.overall

    def test_it_steps_in_afterwards_and_the_basis_changes(self) -> None:
        before = score({**FULL, **readings(e=50)}, NOW, method=method())
        card = score({**without(FULL, "d"), **readings(e=50)}, NOW + 2 * DAY, before.memory, method())
        assert indicator_of(card, "d").score == 50
        assert card.basis_changed_at == NOW + 2 * DAY

    def test_the_one_that_served_is_held_before_the_next_serves(self) -> None:
        before = score(readings(e=50, f=90), NOW, method=method())
        held = score(readings(f=90), NOW + HOUR, before.memory, method())
        assert (indicator_of(held, "d").state, indicator_of(held, "d").score) == (State.HELD, 50)
        served = score(readings(f=90), NOW + 2 * DAY, held.memory, method())
        assert (indicator_of(served, "d").state, indicator_of(served, "d").score) == (State.FRESH, 90)

    def test_the_quantity_itself_comes_back_at_once(self) -> None:
        before = score(readings(e=50), NOW, method=method())
        card = score(readings(d=20, e=50), NOW + HOUR, before.memory, method())
        assert indicator_of(card, "d").score == 20


def test_the_first_score_sets_the_time_of_the_basis() -> None:
    assert score(FULL, NOW, method=method()).basis_changed_at == NOW


def test_another_version_changes_the_basis_and_own_weights_do_too() -> None:
    before = score(FULL, NOW, method=method())
    own = customised(method(), {"first": 0.5})
    card = score(FULL, NOW + HOUR, before.memory, own)
    assert card.methodology.startswith("9.0+custom.")
    assert card.basis_changed_at == NOW + HOUR


def test_memory_of_another_method_is_not_believed() -> None:
    before = score(FULL, NOW, method=method())
    other = replace(method(), version="10.0")
    assert indicator_of(score({}, NOW + HOUR, before.memory, other), "a").state is State.MISSING


def test_own_weights_keep_what_is_held() -> None:
    before = score(FULL, NOW, method=method())
    card = score({}, NOW + HOUR, before.memory, customised(method(), {"a": 0.9}))
    assert indicator_of(card, "a").state is State.HELD


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(Reading(80, NOW, NOW, "test", State.HELD), id="held by its source"),
        pytest.param(Reading(math.nan, NOW, NOW, "test"), id="not a number"),
        pytest.param(Reading(math.inf, NOW, NOW, "test"), id="infinite"),
    ],
)
def test_only_fresh_finite_readings_count(reading: Reading) -> None:
    assert indicator_of(score({"a": reading}, NOW, method=method()), "a").state is State.MISSING


def test_a_pillar_of_weight_zero_is_shown_but_neither_counts_nor_caps() -> None:
    own = customised(method(cap=10), {"second": 0})
    card = score(FULL, NOW, method=own)
    assert card.overall == pytest.approx(66)
    assert card.capped_by is None
    assert pillar_of(card, "second").score == pytest.approx(40)


def test_nothing_but_a_pillar_of_weight_zero_makes_no_score() -> None:
    own = customised(method(), {"second": 0})
    assert score(readings(d=20, g=100), NOW, method=own, minimum_coverage=0).overall is None


def test_an_indicator_of_weight_zero_makes_no_pillar() -> None:
    own = customised(method(), {"a": 0})
    card = score(readings(a=80), NOW, method=own, minimum_coverage=0)
    assert pillar_of(card, "first").counted_score is None
    assert indicator_of(card, "a").effective_weight == 0


@pytest.mark.parametrize(
    ("quantity", "known", "want"),
    [
        pytest.param(Level("x"), {"x": 4.0}, 4.0, id="a level"),
        pytest.param(Level("x"), {}, None, id="a level without a reading"),
        pytest.param(Ratio("x", "y"), {"x": 4.0, "y": 8.0}, 0.5, id="a ratio"),
        pytest.param(Ratio("x", "y"), {"x": 4.0}, None, id="a ratio without its lower part"),
        pytest.param(Ratio("x", "y"), {"x": 4.0, "y": 0.0}, None, id="a ratio over nothing"),
        pytest.param(Ratio("x", "y"), {"x": 1e300, "y": 1e-300}, None, id="a ratio beyond all numbers"),
        pytest.param(Largest(("x", "y")), {"x": 4.0, "y": 8.0}, 8.0, id="the largest of two"),
        pytest.param(Largest(("x", "y")), {"x": 4.0}, None, id="the largest of two, one of them unknown"),
    ],
)
def test_value_of_a_quantity(quantity: Quantity, known: dict[str, float], want: float | None) -> None:
    assert quantity.value(readings(**known)) == want


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        pytest.param(Level(series("x", window="7d", top="1")), 'x{top="1",window="7d"}', id="a level"),
        pytest.param(Level(series("x")), "x", id="a level without labels"),
        pytest.param(Ratio("x", "y"), "x / y", id="a ratio"),
        pytest.param(Largest(("x", "y")), "largest of x, y", id="the largest"),
    ],
)
def test_a_quantity_prints_as_its_selectors(quantity: Quantity, text: str) -> None:
    assert str(quantity) == text


def test_an_indicator_names_every_series_that_may_feed_it() -> None:
    one = indicator("x", 1, quantity=Ratio("x", "y"), fallbacks=(Level("z"), Ratio("y", "x", 2.0)))
    assert one.selectors == ("x", "y", "z")


def test_memory_survives_json() -> None:
    card = score(FULL, NOW, method=method())
    again = Memory.from_json(card.memory.as_json())
    assert again == card.memory
    assert Memory.from_json(Memory().as_json()) == Memory()


def test_memory_that_is_something_else_is_refused() -> None:
    with pytest.raises(KeyError):
        Memory.from_json({"method": "9.0"})
