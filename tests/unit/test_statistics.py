"""How collection fares, in numbers."""

from __future__ import annotations

import pytest

from exporter.collection.accept import Arrival, restored
from exporter.collection.plan import SourcePlan
from exporter.collection.statistics import Record, Statistics, data_quality, endpoint_figures
from exporter.errors import BodyError, Reason
from exporter.payload import Count, Payload
from exporter.snapshot import Snapshot
from exporter.spec import Budget, Endpoint, Metric, Parsed, Sample, Source

NOW = 1_790_000_000.0
VALUE = Metric("btchealth_value", "A value.")


class Body(Payload):
    first: Count = None
    second: Count = None
    third: Count = None
    fourth: Count = None


def endpoint(name: str, **changes: float) -> Endpoint:
    return Endpoint(name, f"/{name}", Body, {VALUE: "first"}, lambda _: (), changes.get("interval", 60.0), 60.0)


SOURCE = Source("alpha", "Alpha", (), Budget(1, 1), ())
PLAN = SourcePlan(SOURCE, ("http://one", "http://two"), (endpoint("a"), endpoint("b")))


def parsed(*rejected: str) -> Parsed:
    return Parsed((Sample(VALUE, (), 1.0),), None, dict.fromkeys(rejected, 1), 2)


def test_every_label_there_can_be_starts_at_zero() -> None:
    statistics = Statistics()
    statistics.configure([PLAN])
    record = statistics.records["alpha", "a"]
    assert record.failures == dict.fromkeys(Reason, 0)
    assert record.rejected == {"body": 0, "first": 0, "fourth": 0, "second": 0, "third": 0}
    assert not record.tried


def test_counters_go_on_when_the_plan_changes_and_leave_with_their_endpoint() -> None:
    statistics = Statistics()
    statistics.configure([PLAN])
    statistics.records["alpha", "a"].fetches = 7
    statistics.records["alpha", "a"].position = 1
    fewer = SourcePlan(SOURCE, ("http://two",), (endpoint("a"),))
    statistics.configure([fewer])
    statistics.forget_positions(fewer)
    assert list(statistics.records) == [("alpha", "a")]
    assert statistics.records["alpha", "a"].fetches == 7
    assert statistics.records["alpha", "a"].position is None


def test_what_is_refused_is_counted_under_declared_names_only() -> None:
    record = Record.of(endpoint("a"))
    record.count(Parsed((), None, {"first": 2, "made up by upstream": 1}, 3))
    record.count(Parsed((), None, {"first": 1}, 0))
    assert record.rejected == {"body": 1, "first": 3, "fourth": 0, "second": 0, "third": 0}
    assert record.unknown_fields == 3


def test_an_endpoint_is_up_within_three_of_its_intervals() -> None:
    record = Record.of(endpoint("a"))
    assert not record.up(60, NOW)
    accepted = restored(Arrival(SOURCE, endpoint("a"), 1, "host", NOW, NOW), parsed())
    record.failing = 3
    record.succeeded(accepted, parsed())
    assert (record.failing, record.tried) == (0, True)
    assert record.up(60, NOW + 180)
    assert not record.up(60, NOW + 180.1)


@pytest.mark.parametrize(
    ("rejected", "age", "want"),
    [
        ((), 0, 0.5),
        (("first",), 0, 0.375),
        (("first", "second", "third", "fourth"), 0, 0),
        ((), 239, 0.5),
        ((), 240, 0),
    ],
    ids=[
        "one of two endpoints is fresh",
        "and one of its four fields was refused",
        "all were",
        "just fresh",
        "too old",
    ],
)
def test_data_quality_is_the_mean_share_of_fields_accepted_in_fresh_bodies(
    rejected: tuple[str, ...], age: float, want: float
) -> None:
    plan = SourcePlan(SOURCE, ("http://one",), (endpoint("a"), endpoint("b")))
    statistics = Statistics()
    statistics.configure([plan])
    one = parsed(*rejected)
    accepted = restored(Arrival(SOURCE, plan.endpoints[0], 0, "host", NOW, NOW), one)
    statistics.records["alpha", "a"].succeeded(accepted, one)
    snapshot = Snapshot().with_accepted(accepted)
    assert data_quality(plan, statistics.records, snapshot, NOW + age) == want


def test_figures_say_which_base_url_serves_and_what_went_wrong_last() -> None:
    record = Record.of(endpoint("a"))
    empty = endpoint_figures(PLAN, PLAN.endpoints[0], record, None, NOW)
    assert (empty.base_urls_active, empty.host, empty.data_time, empty.last_error) == ((False, False), None, None, None)
    record.failed(BodyError(Reason.STALE, "too old"), 0, NOW)
    accepted = restored(Arrival(SOURCE, endpoint("a"), 1, "two", NOW, NOW - 5), parsed())
    record.succeeded(accepted, parsed())
    figures = endpoint_figures(PLAN, PLAN.endpoints[0], record, accepted, NOW)
    assert figures.base_urls_active == (False, True)
    assert (figures.host, figures.data_time, figures.changed_at, figures.up) == ("two", NOW - 5, NOW, True)
    assert (figures.failures[Reason.STALE], figures.max_age, figures.interval) == (1, 240, 60)
    assert figures.last_error is not None
    assert (figures.last_error.message, figures.last_error.position, figures.last_error.at) == ("too old", 0, NOW)
