"""Metrics, samples, endpoints: what a declaration must fulfil and what reading a body gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from exporter.errors import BodyError, Reason
from exporter.origin import Origin, every_field, fields_of
from exporter.payload import Count, Notes, Part, Payload
from exporter.spec import (
    DAY,
    HOUR,
    Budget,
    Endpoint,
    Facts,
    Metric,
    Rejected,
    Sample,
    Source,
    Top,
    Unit,
    bounded,
    endpoint,
)

SIZE = Metric("btchealth_size_bytes", "Size.", Unit.BYTES, bounds=(0.0, 100.0))
BY_BAND = Metric("btchealth_band", "By band.", labels={"band": ("low", "high")})
BY_POOL = Metric("btchealth_pool", "By pool.", labels={"pool": Top(3, kept=("unknown",)), "window": ("24h", "7d")})
FACTS = Metric("btchealth_backend_info", "Facts.", Unit.INFO, labels={"version": Facts()})


class Body(Payload):
    size: Count = None
    when: Count = None


def one(**options: Any) -> Endpoint:
    settings: dict[str, Any] = {"interval": 60.0, "period": HOUR, **options}

    @endpoint("/size", Body, {SIZE: "size"}, **settings)
    def size(body: Body) -> Iterator[Sample | Rejected | None]:
        yield SIZE(body.size)

    return size


@pytest.mark.parametrize(
    ("name", "unit", "options", "words"),
    [
        ("size_bytes", Unit.BYTES, {}, "btchealth_"),
        ("btchealth_Size_bytes", Unit.BYTES, {}, "snake case"),
        ("btchealth_size", Unit.BYTES, {}, "suffix _bytes"),
        ("btchealth_size_bytes", Unit.BYTES, {"labels": {"job": ("a",)}}, "reserved labels ['job']"),
        ("btchealth_size_bytes", Unit.BYTES, {"bounds": (5.0, 5.0)}, "bounds low < high"),
    ],
)
def test_a_metric_that_breaks_a_rule_cannot_be_declared(
    name: str, unit: Unit, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        Metric(name, "Help.", unit, **options)
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_a_sample_of_nothing_is_nothing() -> None:
    assert SIZE(None) is None


def test_a_sample_carries_its_labels_in_order_of_declaration_and_a_sorted_key() -> None:
    sample = BY_POOL(3, window="24h", pool="antpool")
    assert sample == Sample(BY_POOL, ("antpool", "24h"), 3.0)
    assert sample is not None
    assert sample.key == 'btchealth_pool{pool="antpool",window="24h"}'


@pytest.mark.parametrize("labels", [{}, {"bond": "low"}, {"band": "low", "more": "1"}])
def test_a_sample_with_other_labels_than_declared_is_a_mistake_of_ours(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected labels"):
        BY_BAND(1, None, **labels)


@pytest.mark.parametrize(("metric", "series"), [(SIZE, 1), (BY_BAND, 2), (BY_POOL, 10), (FACTS, 1)])
def test_the_budget_of_series_follows_from_the_labels(metric: Metric, series: int) -> None:
    assert metric.max_series == series


@pytest.mark.parametrize(
    ("metric", "selectors"),
    [
        (SIZE, ["btchealth_size_bytes"]),
        (BY_BAND, ['btchealth_band{band="low"}', 'btchealth_band{band="high"}']),
        (BY_POOL, []),
        (FACTS, []),
    ],
)
def test_selectors_are_known_where_all_labels_are_closed(metric: Metric, selectors: list[str]) -> None:
    assert list(metric.selectors()) == selectors


def test_every_unit_says_its_suffix_and_its_name() -> None:
    assert all(unit.text for unit in Unit)
    assert [unit for unit in Unit if not unit.suffix] == [Unit.NONE]


def test_data_live_for_a_period_the_lag_and_three_intervals() -> None:
    assert one(period=DAY, lag=HOUR).max_age == DAY + HOUR + 180
    assert one(max_age=5.0).max_age == 5


def test_an_endpoint_is_named_after_its_parse_function() -> None:
    assert one().name == "size"


def test_reading_gives_samples_time_and_notes() -> None:
    parsed = one(data_time=lambda body: body.when).read(b'{"size": 5, "when": 7, "new": 1}')
    assert parsed.samples == (SIZE(5),)
    assert (parsed.data_time, dict(parsed.rejected), parsed.unknown_fields) == (7, {}, 1)


def test_a_value_outside_the_bounds_is_counted_under_its_upstream_field() -> None:
    @endpoint("/", Body, {SIZE: "size", BY_BAND: "when"}, interval=1, period=1)
    def both(body: Body) -> Iterator[Sample | None]:
        yield SIZE(body.size)
        yield BY_BAND(body.when, band="low")

    parsed = both.read(b'{"size": 101, "when": 1}')
    assert parsed.samples == (BY_BAND(1, band="low"),)
    assert dict(parsed.rejected) == {"size": 1}


def test_a_contradiction_between_fields_is_counted_under_the_field_named() -> None:
    @endpoint("/", Body, {SIZE: "size"}, interval=1, period=1)
    def contradicting(body: Body) -> Iterator[Sample | Rejected | None]:
        yield SIZE(body.size)
        yield Rejected("when")

    assert dict(contradicting.read(b'{"size": 1, "when": 1}').rejected) == {"when": 1}


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [(b"{}", Reason.FORMAT, "size"), (b'{"size": 500, "when": 1}', Reason.FORMAT, "size")],
)
def test_a_body_without_a_usable_value_is_refused_and_says_what_was_wrong(
    body: bytes, reason: Reason, words: str
) -> None:
    with pytest.raises(BodyError) as caught:
        one().read(body)
    assert caught.value.reason is reason
    assert words in str(caught.value)


def test_a_well_formed_body_without_a_value_is_empty() -> None:
    @endpoint("/", list[Annotated[Body | None, Part()]], {SIZE: "size"}, interval=1, period=1)
    def rows(body: list[Body | None]) -> Iterator[Sample | None]:
        for row in body:
            yield SIZE(row.size if row else None)

    with pytest.raises(BodyError) as caught:
        rows.read(b"[]")
    assert caught.value.reason is Reason.EMPTY


def test_an_event_feed_counts_back_from_the_read_and_takes_its_time() -> None:
    @endpoint("/", Body, {SIZE: "size"}, interval=1, period=1, events=True)
    def events(body: Body, read_at: float) -> Iterator[Sample | None]:
        yield SIZE(read_at - (body.when or 0))

    parsed = events.read(b'{"size": 1, "when": 90}', read_at=100)
    assert (parsed.samples, parsed.data_time) == ((SIZE(10),), 100)
    with pytest.raises(ValueError, match="time of the read"):
        events.read(b'{"size": 1, "when": 90}')


def test_daily_values_are_kept_beside_the_samples() -> None:
    assert one(daily=lambda body: ((0.0, body.size),)).read(b'{"size": 5, "when": 1}').daily == ((0.0, 5),)


def test_a_body_read_in_pieces_is_read_the_same_way() -> None:
    class Pieces:
        def __init__(self) -> None:
            self.size = 0

        def feed(self, piece: bytes) -> None:
            self.size += len(piece)

        def finish(self, notes: Notes) -> Body:
            notes.reject("size")
            return Body.model_construct(size=float(self.size))

    parsed = one(reducer=Pieces).read(b"12345")
    assert (parsed.samples, dict(parsed.rejected)) == ((SIZE(5),), {"size": 1})


def test_fields_that_may_be_counted_form_a_closed_list() -> None:
    assert one().fields() == {"size", "when", "body"}


def test_a_source_finds_its_endpoints_in_its_modules() -> None:
    source = Source("x", "X", ("https://x.example",), Budget(1, 1), ("exporter.sources.mempool_space.tips",))
    assert [found.name for found in source.endpoints] == ["tip_height", "chain_tips", "stale_tips"]


def test_a_kept_label_value_and_other_belong_to_the_budget_of_a_top() -> None:
    assert len(Top(20, kept=("unknown",))) == 22


RATE = Metric("btchealth_rate_ratio", "Rate.", Unit.RATIO, bounds=(0.0, 1.0), labels={"target": ("fast", "slow")})


@pytest.mark.parametrize(
    ("origin", "every", "refused"),
    [
        ("rate", ("rate",), {"rate": 1}),
        (("part", "whole"), ("part", "whole"), {"part": 1, "whole": 1}),
        ({"fast": "soon", "slow": "late"}, ("soon", "late"), {"late": 1}),
        ({"fast": "soon", "slow": ("late", "soon")}, ("soon", "late"), {"late": 1, "soon": 1}),
    ],
    ids=["one field", "several", "one a label", "several a label"],
)
def test_a_value_out_of_bounds_is_counted_under_the_fields_it_is_made_of(
    origin: Origin, every: tuple[str, ...], refused: dict[str, int]
) -> None:
    notes = Notes()
    samples = [RATE(0.5, target="fast"), RATE(1.5, target="slow")]
    kept = [one.labels for said in samples for one in bounded(said, {RATE: origin}, notes)]
    assert kept == [("fast",)]
    assert every_field(origin) == every
    assert dict(notes.rejected) == refused


def test_a_label_without_a_field_is_a_mistake_in_the_declaration() -> None:
    sample = RATE(1.5, target="slow")
    assert sample
    with pytest.raises(LookupError, match="expected a field for one of its labels"):
        fields_of({"fast": "soon"}, sample)
