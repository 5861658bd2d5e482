"""What must hold for every set of readings, not only for the examples."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.memory import Memory
from scoring.method import Method
from scoring.methodology import METHOD
from scoring.reading import Reading, State
from scoring.score import score
from tests.unit.scoring.worlds import HOUR, NOW

CAPS = st.sampled_from([100.0, 60.0, 30.0, 10.0, 0.0])
VALUES = st.one_of(st.floats(-1, 3), st.floats(-1e6, 1e9, allow_nan=False))


def with_cap(cap: float) -> Method:
    return Method(METHOD.version, METHOD.pillars, cap)


def as_readings(values: Mapping[str, float]) -> dict[str, Reading]:
    return {name: Reading(value, NOW, NOW, "test") for name, value in values.items()}


# Some of the series that scoring reads, each with any value at all.
KNOWN = st.lists(st.sampled_from(METHOD.selectors), unique=True).flatmap(
    lambda names: st.fixed_dictionaries(dict.fromkeys(names, VALUES))
)
ALL = st.fixed_dictionaries(dict.fromkeys(METHOD.selectors, VALUES))


@given(values=KNOWN, cap=CAPS)
@settings(max_examples=60)
def test_scores_and_bounds_stay_in_0_to_100_and_bounds_contain_the_score(values: dict[str, float], cap: float) -> None:
    card = score(as_readings(values), NOW, method=with_cap(cap), minimum_coverage=0)
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


@given(values=KNOWN, name=st.sampled_from(METHOD.selectors), value=VALUES, cap=CAPS)
@settings(max_examples=60)
def test_one_more_input_never_lowers_the_lower_bound_nor_raises_the_upper(
    values: dict[str, float], name: str, value: float, cap: float
) -> None:
    """Unless it replaces a fallback by the quantity itself, which is another basis."""
    before = score(as_readings(values), NOW, method=with_cap(cap))
    after = score(as_readings({name: value, **values}), NOW, method=with_cap(cap))
    used = {entry.split(":")[0]: entry for entry in before.memory.basis[1:]}
    now_used = {entry.split(":")[0]: entry for entry in after.memory.basis[1:]}
    if all(now_used[indicator] == entry for indicator, entry in used.items()):
        assert after.lower >= before.lower - 1e-9
        assert after.upper <= before.upper + 1e-9
        assert after.coverage >= before.coverage - 1e-9


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
    before = score(as_readings(values), NOW, method=with_cap(cap))
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
