"""What must hold for every set of readings, not only for the examples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.memory import Memory
from scoring.method import Method, customised, mistakes
from scoring.methodology import METHOD
from scoring.reading import Reading, State
from scoring.score import score
from tests.unit.scoring.worlds import HOUR, NOW, plain

CAPS = st.sampled_from([100.0, 60.0, 30.0, 10.0, 0.0])
VALUES = st.one_of(st.floats(-1, 3), st.floats(-1e6, 1e9, allow_nan=False))


def with_cap(cap: float) -> Method:
    return Method(METHOD.version, METHOD.pillars, cap)


# An operator's own weights, also of 0, as the configuration takes them.
OWN_WEIGHTS = st.dictionaries(
    st.sampled_from(METHOD.weight_names), st.sampled_from([0.0, 0.01, 0.3, 1.0, 50.0]), max_size=12
).filter(lambda weights: not mistakes(METHOD, weights))
METHODS = st.builds(lambda own, cap: replace(customised(METHOD, own), cap=cap), OWN_WEIGHTS, CAPS)
MINIMA = st.sampled_from([0.0, 0.25, 0.6, 0.9, 1.0])


def as_readings(values: Mapping[str, float]) -> dict[str, Reading]:
    return {name: Reading(value, NOW, NOW, "test") for name, value in values.items()}


# Some of the series that scoring reads, each with any value at all.
KNOWN = st.lists(st.sampled_from(METHOD.selectors), unique=True).flatmap(
    lambda names: st.fixed_dictionaries(dict.fromkeys(names, VALUES))
)
INDICATORS = [one.id for one in METHOD.indicators()]
UNIT = st.fixed_dictionaries(dict.fromkeys(INDICATORS, st.floats(0, 100)))
GONE = st.lists(st.sampled_from(INDICATORS), unique=True)
ALL = st.fixed_dictionaries(dict.fromkeys(METHOD.selectors, VALUES))


@given(values=KNOWN, method=METHODS, minimum=MINIMA)
@settings(max_examples=80)
def test_scores_and_bounds_stay_in_0_to_100_and_bounds_contain_the_score(
    values: dict[str, float], method: Method, minimum: float
) -> None:
    card = score(as_readings(values), NOW, method=method, minimum_coverage=minimum)
    assert 0 <= card.lower <= card.upper <= 100
    assert card.overall is None or card.lower <= card.overall <= card.upper
    for pillar in card.pillars:
        assert 0 <= pillar.lower <= pillar.upper <= 100
        assert pillar.score is None or pillar.lower <= pillar.score <= pillar.upper


@given(values=ALL, more=KNOWN, cap=CAPS)
@settings(max_examples=60)
def test_points_lost_sum_to_what_is_missing_from_100(
    values: dict[str, float], more: dict[str, float], cap: float
) -> None:
    """Also with held and missing inputs."""
    before = score(as_readings(values), NOW, method=with_cap(cap))
    card = score(as_readings(more), NOW + 30 * HOUR, before.memory, with_cap(cap), minimum_coverage=0)
    if card.overall is not None:
        lost = [one.points_lost for _, one in card.indicators() if one.points_lost is not None]
        assert abs(math.fsum(lost) - (100 - card.overall)) < 1e-9
        assert min(lost) >= 0


@given(values=KNOWN, order=st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_readings_and_indicators_does_not_matter(values: dict[str, float], order: object) -> None:
    names = list(values)
    order.shuffle(names)  # type: ignore[attr-defined]  # hypothesis hands over a random.Random
    turned = Method(
        METHOD.version,
        tuple(
            type(pillar)(pillar.id, pillar.title, pillar.weight, pillar.question, pillar.indicators[::-1])
            for pillar in METHOD.pillars[::-1]
        ),
        METHOD.cap,
    )
    one = score(as_readings(values), NOW, minimum_coverage=0)
    other = score(as_readings({name: values[name] for name in names}), NOW, method=turned, minimum_coverage=0)
    assert one.overall == other.overall
    assert one.memory.basis == other.memory.basis


@given(values=KNOWN, more=KNOWN, method=METHODS, minimum=MINIMA)
@settings(max_examples=80)
def test_more_inputs_never_lower_the_lower_bound_nor_raise_the_upper(
    values: dict[str, float], more: dict[str, float], method: Method, minimum: float
) -> None:
    """Also where a pillar begins to count; unless one replaces a fallback, which is another basis."""
    before = score(as_readings(values), NOW, method=method, minimum_coverage=minimum)
    after = score(as_readings({**more, **values}), NOW, method=method, minimum_coverage=minimum)
    used, now_used = (
        {one.id: one.quantity for _, one in card.indicators() if one.value is not None} for card in (before, after)
    )
    if used.items() <= now_used.items():
        assert after.lower >= before.lower - 1e-9
        assert after.upper <= before.upper + 1e-9
        assert after.coverage >= before.coverage - 1e-9


PLAIN = plain(METHOD)


@given(values=UNIT, gone=GONE, left=GONE, own=OWN_WEIGHTS, minimum=MINIMA, cap=CAPS)
@settings(max_examples=80)
def test_bounds_are_what_the_unknown_could_make_of_the_score(
    values: dict[str, float], gone: list[str], left: list[str], own: dict[str, float], minimum: float, cap: float
) -> None:
    """By hand: what is not fresh at 0 and at 100, a pillar that does not count as a whole; no bound is clamped."""
    method = replace(customised(PLAIN, own), cap=cap)
    known = as_readings(values)
    for name in gone:
        known.pop(name, None)
    before = score(known, NOW, method=method, minimum_coverage=minimum)
    for name in left:
        known.pop(name, None)
    card = score(known, NOW + HOUR, before.memory, method, minimum)
    for which, bound in ((0.0, card.lower), (100.0, card.upper)):
        pillars = [
            (
                pillar.weight,
                math.fsum(
                    one.weight * known[one.id].value if one.id in known else one.weight * which
                    for one in pillar.indicators
                )
                if pillar.counted_score is not None
                else which,
            )
            for pillar in card.pillars
            if pillar.weight > 0
        ]
        want = min(math.fsum(weight * value for weight, value in pillars), min(value for _, value in pillars) + cap)
        assert abs(bound - min(100.0, want)) < 1e-9
    if card.overall is not None:
        assert card.lower - 1e-9 <= card.overall <= card.upper + 1e-9


@given(values=UNIT, gone=GONE, own=OWN_WEIGHTS, minimum=MINIMA, cap=CAPS)
@settings(max_examples=60)
def test_a_pillar_of_which_less_than_the_minimum_is_known_makes_no_difference(
    values: dict[str, float], gone: list[str], own: dict[str, float], minimum: float, cap: float
) -> None:
    method = replace(customised(PLAIN, own), cap=cap)
    known = as_readings({name: value for name, value in values.items() if name not in gone})
    card = score(known, NOW, method=method, minimum_coverage=minimum)
    for pillar in card.pillars:
        weight = math.fsum(one.weight for one in pillar.indicators if one.id in known)
        if weight < minimum - 1e-9:
            assert pillar.effective_weight == 0
            assert not any(one.points_lost for one in pillar.indicators)
            other = {
                **known,
                **{one.id: replace(known[one.id], value=0.0) for one in pillar.indicators if one.id in known},
            }
            again = score(other, NOW, method=method, minimum_coverage=minimum)
            assert (again.overall, again.lower, again.upper) == (card.overall, card.lower, card.upper)


@given(values=ALL, gone=st.lists(st.sampled_from(METHOD.selectors), unique=True), cap=CAPS)
@settings(max_examples=30)
def test_inputs_that_vanish_one_by_one_move_nothing_while_held(
    values: dict[str, float], gone: list[str], cap: float
) -> None:
    known = as_readings(values)
    first = score(known, NOW, method=with_cap(cap), minimum_coverage=0)
    memory, last = first.memory, first
    for number, name in enumerate(gone):
        known.pop(name)
        card = score(known, NOW + number, memory, with_cap(cap), minimum_coverage=0)
        assert card.overall == first.overall
        assert card.basis_changed_at == first.basis_changed_at
        assert card.lower <= last.lower + 1e-9
        assert card.upper >= last.upper - 1e-9
        memory, last = card.memory, card


@given(values=ALL, cap=CAPS)
@settings(max_examples=30)
def test_a_restart_with_its_memory_changes_nothing(values: dict[str, float], cap: float) -> None:
    before = score(as_readings(values), NOW, method=with_cap(cap), minimum_coverage=0)
    memory = Memory.from_json(before.memory.as_json())
    card = score({}, NOW + HOUR, memory, with_cap(cap), minimum_coverage=0)
    assert card.overall == before.overall
    assert card.basis_changed_at == before.basis_changed_at
    assert all(one.state is not State.MISSING or one.value is None for _, one in card.indicators())


@given(values=ALL)
@settings(max_examples=30)
def test_effective_weights_sum_to_one_in_every_pillar_that_counts(values: dict[str, float]) -> None:
    card = score(as_readings(values), NOW)
    for pillar in card.pillars:
        if pillar.counted_score is not None:
            assert math.isclose(math.fsum(one.effective_weight for one in pillar.indicators), 1, abs_tol=1e-9)
    assert math.isclose(math.fsum(pillar.effective_weight for pillar in card.pillars), 1, abs_tol=1e-9)
    assert all(pillar.effective_weight == 0 for pillar in score({}, NOW).pillars)
