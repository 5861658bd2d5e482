"""Which bodies are believed, and how long their values live."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collection.accept import AHEAD, Arrival, accept, restored, without_future
from exporter.errors import BodyError, Reason
from exporter.snapshot import Accepted
from exporter.spec import Budget, Endpoint, Metric, Parsed, Sample, Source, Unit

NOW = 1_790_000_000.0
VALUE, OTHER = Metric("btchealth_value", "A value."), Metric("btchealth_other", "Another.", labels={"pool": ("x", "y")})
SOURCE = Source("alpha", "Alpha", (), Budget(1, 1), ())
ENDPOINT = Endpoint("a", "/a", str, {VALUE: "value", OTHER: "other"}, lambda _: (), 60, 60, max_age_override=100)
ARRIVAL = Arrival(SOURCE, ENDPOINT, 0, "host", fetched_at=NOW, body_time=NOW - 1)


def parsed(value: float = 1.0, data_time: float | None = None, *more: Sample, rejected: int = 0) -> Parsed:
    return Parsed((Sample(VALUE, (), value), *more), data_time, {"other": rejected} if rejected else {}, 0)


def shown(one: Accepted) -> dict[str, float]:
    return {observation.sample.key: observation.sample.value for observation in one.observations}


@pytest.mark.parametrize(
    ("stated", "data_time"),
    [(None, NOW - 1), (NOW - 50, NOW - 50), (NOW, NOW), (NOW + 3600, NOW), (NOW + AHEAD, NOW)],
    ids=["no time of its own", "its own time", "now", "an hour ahead", "just within the tolerance"],
)
def test_values_live_for_the_age_allowed_counted_from_the_time_of_their_data(
    stated: float | None, data_time: float
) -> None:
    one = accept(ARRIVAL, parsed(1.0, stated), None)
    assert one.data_time == data_time
    (observation,) = one.observations
    assert (observation.data_time, observation.expires_at) == (data_time, data_time + 100)
    assert observation.fetched_at == NOW
    assert observation.provenance == "alpha/a@host"


@pytest.mark.parametrize(
    ("stated", "reason", "message"),
    [
        (NOW + AHEAD + 1, Reason.FUTURE, "data are 7201 s ahead of our clock"),
        (NOW - 100, Reason.STALE, "data are 100 s old, at most 100 s are allowed"),
        (NOW - 9e8, Reason.STALE, "data are 900000000 s old, at most 100 s are allowed"),
    ],
)
def test_bodies_from_the_future_or_the_distant_past_are_refused(stated: float, reason: Reason, message: str) -> None:
    with pytest.raises(BodyError, match=message) as caught:
        accept(ARRIVAL, parsed(1.0, stated), None)
    assert caught.value.reason is reason


def previous(data_time: float, fetched_at: float = NOW - 60) -> Accepted:
    return restored(replace(ARRIVAL, fetched_at=fetched_at), parsed(5.0, data_time))


@pytest.mark.parametrize(
    ("before", "stated", "refused"),
    [
        (previous(NOW - 70), NOW - 71, True),
        (previous(NOW - 70), NOW - 70, False),
        (previous(NOW - 70), NOW - 69, False),
        (previous(NOW - 60), NOW - 90, False),
        (previous(NOW + 3000), NOW - 90, False),
        (previous(NOW + 3000, fetched_at=NOW + 9999), NOW - 90, False),
    ],
    ids=[
        "one second older",
        "the same time",
        "newer",
        "the other was stamped with the time it was read",
        "the other was stamped ahead of the clock",
        "the clock was set back since",
    ],
)
def test_older_data_are_refused_unless_the_newer_ones_were_from_the_future(
    before: Accepted, stated: float, refused: bool
) -> None:
    if refused:
        with pytest.raises(BodyError, match="1 s older than those from host") as caught:
            accept(ARRIVAL, parsed(1.0, stated), before)
        assert caught.value.reason is Reason.OLDER
    else:
        assert shown(accept(ARRIVAL, parsed(1.0, stated), before)) == {"btchealth_value": 1.0}


def test_a_sample_with_its_own_time_expires_by_it() -> None:
    old = Sample(OTHER, ("x",), 2.0, NOW - 80)
    one = accept(ARRIVAL, parsed(1.0, NOW - 10, old), None)
    assert [observation.expires_at for observation in one.observations] == [NOW + 90, NOW + 20]


SEEN = Metric("btchealth_seen_timestamp_seconds", "Seen.", Unit.TIMESTAMP)
DUE = Metric("btchealth_due_timestamp_seconds", "Due.", Unit.TIMESTAMP, foretold=True)
COUNT = Metric("btchealth_count", "A number as large as a time.")


@pytest.mark.parametrize(
    ("metric", "value", "kept"),
    [
        (SEEN, NOW + AHEAD, True),
        (SEEN, NOW + AHEAD + 1, False),
        (DUE, NOW + 90 * 86400, True),
        (COUNT, NOW + AHEAD + 1, True),
    ],
    ids=["two hours ahead, as a block may be", "further ahead", "a forecast", "no time at all"],
)
def test_a_time_that_is_past_by_its_meaning_is_refused_when_it_lies_ahead(
    metric: Metric, value: float, kept: bool
) -> None:
    endpoint = replace(ENDPOINT, origins={**ENDPOINT.origins, metric: ("time", "zone")})
    one = without_future(parsed(1.0, NOW, Sample(metric, (), value)), replace(ARRIVAL, endpoint=endpoint))
    assert len(one.samples) == (2 if kept else 1)
    assert dict(one.rejected) == ({} if kept else {"time": 1, "zone": 1})


def test_a_sample_from_the_future_is_refused_alone() -> None:
    ahead = Sample(OTHER, ("x",), 2.0, NOW + AHEAD + 1)
    one = without_future(parsed(1.0, NOW, ahead), ARRIVAL)
    assert [sample.metric for sample in one.samples] == [VALUE]
    assert one.rejected == {"other": 1}
    same = parsed(1.0, NOW, replace(ahead, data_time=NOW + AHEAD))
    assert without_future(same, ARRIVAL) is same


def test_a_refused_field_keeps_its_last_value_until_that_expires() -> None:
    before = accept(ARRIVAL, parsed(1.0, NOW - 10, Sample(OTHER, ("x",), 2.0), Sample(OTHER, ("y",), 3.0)), None)
    later = replace(ARRIVAL, fetched_at=NOW + 80, body_time=NOW + 80)
    one = accept(later, parsed(9.0, None, rejected=2), before)
    assert shown(one) == {"btchealth_value": 9.0, 'btchealth_other{pool="x"}': 2.0, 'btchealth_other{pool="y"}': 3.0}
    assert [observation.expires_at for observation in one.observations[1:]] == [NOW + 90, NOW + 90]
    much_later = replace(ARRIVAL, fetched_at=NOW + 90, body_time=NOW + 90)
    assert shown(accept(much_later, parsed(9.0, None, rejected=2), one)) == {"btchealth_value": 9.0}


def test_a_label_that_is_no_longer_reported_leaves_at_once() -> None:
    before = accept(ARRIVAL, parsed(1.0, None, Sample(OTHER, ("x",), 2.0), Sample(OTHER, ("y",), 3.0)), None)
    fewer = accept(ARRIVAL, parsed(1.0, None, Sample(OTHER, ("x",), 2.0), rejected=1), before)
    assert shown(fewer) == {"btchealth_value": 1.0, 'btchealth_other{pool="x"}': 2.0}
    assert shown(accept(ARRIVAL, parsed(1.0), before)) == {"btchealth_value": 1.0}


def test_the_time_of_the_last_change_moves_only_with_a_value() -> None:
    first = accept(ARRIVAL, parsed(1.0), None)
    later = replace(ARRIVAL, fetched_at=NOW + 60, body_time=NOW + 60)
    assert first.changed_at == NOW
    assert accept(later, parsed(1.0), first).changed_at == NOW
    assert accept(later, parsed(2.0), first).changed_at == NOW + 60


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_value_outlives_its_fetch_by_more_than_the_age_allowed(ahead: float, behind: float) -> None:
    arrival = replace(ARRIVAL, body_time=NOW - abs(behind))
    for data_time in (None, NOW + ahead):
        one = restored(arrival, parsed(1.0, data_time))
        assert all(observation.expires_at <= NOW + 100 for observation in one.observations)
