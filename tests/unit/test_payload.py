"""Bytes to typed values: what is taken, what is refused, and that a bad field costs only itself."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from exporter.errors import BodyError, Reason
from exporter.payload import (
    Count,
    Flag,
    IsoTimestamp,
    Notes,
    Number,
    Part,
    Payload,
    Text,
    UnixSeconds,
    declared_fields,
    decode,
)
from exporter.rows import decode_rows
from exporter.slices import in_one_go


class Inner(Payload):
    count: Count = None


class Outer(Payload):
    UNUSED = frozenset({"known"})

    number: Annotated[float | None, Number(0, 10)] = None
    optional: Annotated[float | None, Number(0, 10, required=False)] = None
    word: Annotated[str | None, Text("[a-z]+", longest=5)] = None
    flag: Annotated[bool | None, Flag()] = None
    when: IsoTimestamp = None
    time: UnixSeconds = None
    inner: Annotated[Inner | None, Part()] = None
    maybe: Annotated[Inner | None, Part(required=False)] = None
    rows: Annotated[list[Annotated[Inner | None, Part()]] | None, Part()] = None


GOOD: dict[str, Any] = {
    "number": 5,
    "word": "word",
    "flag": True,
    "when": "2026-01-01T01:00:00+01:00",
    "time": 1_767_225_600,
    "inner": {"count": 1},
    "rows": [{"count": 2}, {"count": 3}],
}


def read(changes: dict[str, Any]) -> tuple[Any, Notes]:
    notes = Notes()
    text = json.dumps({**GOOD, **changes}).replace("Infinity", "1e400")
    return decode(text.encode(), Outer, notes), notes


def test_a_good_body_is_taken_without_a_note() -> None:
    outer, notes = read({})
    assert (outer.number, outer.word, outer.flag, outer.inner.count) == (5, "word", True, 1)
    assert [row.count for row in outer.rows] == [2, 3]
    assert outer.when == outer.time == 1_767_225_600
    assert (dict(notes.rejected), notes.unknown) == ({}, set())


@pytest.mark.parametrize("value", [5, 5.0, "5", "+5", "5.0", "5e0", "0.5E1", "5."])
def test_numbers_come_as_numbers_and_as_strings_of_digits(value: Any) -> None:
    outer, notes = read({"number": value})
    assert (outer.number, dict(notes.rejected)) == (5, {})


@pytest.mark.parametrize(
    "value",
    [None, True, "", " 5", "5 ", "NaN", "inf", "0x5", "1_000", "\u0665", [], {}, -1, 11, math.inf, 10**400],
    ids=repr,
)
def test_a_refused_number_costs_only_itself(value: Any) -> None:
    outer, notes = read({"number": value})
    assert outer.number is None
    assert outer.word == "word"
    assert dict(notes.rejected) == {"number": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("word", "longer"),
        ("word", "UPPER"),
        ("word", 5),
        ("word", "tab\t"),
        ("flag", 1),
        ("flag", "true"),
        ("when", "2026-01-01T00:00:00"),
        ("when", "yesterday"),
        ("when", 1_767_225_600),
        ("time", 1_767_225_600_000),
        ("time", 0),
        ("inner", "strange"),
        ("inner", None),
        ("inner", []),
        ("rows", {"count": 1}),
        ("rows", None),
    ],
)
def test_a_refused_field_is_counted_under_its_own_name(field: str, value: Any) -> None:
    outer, notes = read({field: value})
    assert getattr(outer, field) is None
    assert dict(notes.rejected) == {field: 1}


def test_a_missing_field_counts_like_a_bad_one() -> None:
    notes = Notes()
    outer = decode(b"{}", Outer, notes)
    assert outer.number is None
    assert set(notes.rejected) == {"number", "word", "flag", "when", "time", "inner", "rows"}


@pytest.mark.parametrize("field", ["optional", "maybe"])
def test_an_optional_field_may_be_null_or_missing(field: str) -> None:
    assert dict(read({field: None})[1].rejected) == {}
    assert dict(read({field: "strange"})[1].rejected) == {field: 1}


def test_a_bad_row_costs_only_itself() -> None:
    outer, notes = read({"rows": [{"count": 1}, "strange", {"count": -1}]})
    assert [row and row.count for row in outer.rows] == [1, None, None]
    assert dict(notes.rejected) == {"rows": 1, "count": 1}


def test_a_bad_row_of_a_bare_list_is_counted_as_body() -> None:
    notes = Notes()
    assert decode(b"[{}, 5]", list[Annotated[Inner | None, Part()]], notes)[1] is None
    assert notes.rejected["body"] == 1


def test_unknown_names_are_drift_unless_declared_unused() -> None:
    _, notes = read({"known": 1, "new": 2, "inner": {"count": 1, "newer": 3}})
    assert notes.unknown == {"new", "newer"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.FORMAT),
        (b"null", Reason.FORMAT),
        (b"[]", Reason.FORMAT),
        (b"{", Reason.FORMAT),
        (b"\xff", Reason.FORMAT),
        (b'{"error": "no such thing"}', Reason.ERROR_BODY),
        (b'{"detail": "Not found."}', Reason.ERROR_BODY),
        (b'{"error": {"code": 5}}', Reason.ERROR_BODY),
        (b'{"status": {"error_code": 10005, "error_message": "plan"}}', Reason.ERROR_BODY),
        (b'{"status": {"error_code": 429, "error_message": "slow down"}}', Reason.RATE_LIMITED),
        (b'{"error": "cut', Reason.FORMAT),
    ],
)
def test_a_body_without_the_outline_is_refused_as_a_whole(body: bytes, reason: Reason) -> None:
    with pytest.raises(BodyError) as caught:
        decode(body, Outer, Notes())
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "body", [b'{"error": null}', b'{"error": ""}', b'{"status": {"error_code": 0}}', b'{"status": 5}']
)
def test_an_empty_error_is_none(body: bytes) -> None:
    assert isinstance(decode(body, Outer, Notes()), Outer)


def test_text_is_decoded_as_it_is() -> None:
    assert decode(b"900000\n", str, Notes()) == "900000\n"
    with pytest.raises(BodyError):
        decode(b"\xff\xfe", str, Notes())


def test_other_formats_are_loaded_before_validation() -> None:
    assert decode(b"5", Outer, Notes(), load=lambda body: {"number": body.decode()}).number == 5


def test_declared_fields_are_those_of_all_models_inside() -> None:
    names = declared_fields(list[Annotated[Outer | None, Part()]])
    assert names == Outer.model_fields.keys() | {"count"}


def test_models_that_hold_themselves_have_a_finite_list_of_fields() -> None:
    class Tree(Payload):
        leaf: Count = None
        children: Annotated[list[Annotated[Any, Part()]] | None, Part()] = None

    assert declared_fields(tuple[Tree, Tree]) == {"leaf", "children"}


def test_validation_without_notes_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="Notes"):
        TypeAdapter(Outer).validate_python({})


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_a_number_is_within_its_bounds_or_refused(value: Any) -> None:
    try:
        number = Number(-5, 5).parse(value)
    except ValueError:
        return
    assert -5 <= number <= 5


NAMES = st.sampled_from(("number", "optional", "word", "flag", "known", "inner", "rows"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=8), st.integers(0, 12), st.none() | st.integers(0, 2), st.booleans())
def test_rows_read_with_pauses_are_those_read_in_one_go(
    rows: list[Any], times: int, indent: int | None, escaped: bool
) -> None:
    body = json.dumps(rows * times, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
    whole, parts = Notes(), Notes()
    payload = list[Annotated[Outer | None, Part()]]
    # repr: NaN is not equal to itself.
    assert repr(in_one_go(decode_rows(body, payload, parts))) == repr(decode(body, payload, whole))
    assert (parts.rejected, parts.unknown) == (whole.rejected, whole.unknown)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[1", b"{}", b"null", b"[{}]]", b"[{},]", b"[,{}]", b"[{} {}]", b'{"error": "busy"}', b"\xff",
        b"[[1, 2], 3]", b'[{"a": "\\ud800"}]', b"[" * 100_000, b"[{},{}\x0b]",
    ],
    ids=[
        "empty", "cut off", "an object", "null", "too much", "a comma at the end", "a comma at the start", "no comma",
        "an error", "not UTF-8", "a row that does not fit", "half a surrogate pair", "too deep", "strange space",
    ],
)  # fmt: skip
def test_what_is_no_list_of_rows_is_refused_in_the_same_words(body: bytes) -> None:
    said = []
    for read in (decode, lambda *given: in_one_go(decode_rows(*given))):
        with pytest.raises(BodyError) as caught:
            read(body, list[Inner], Notes())
        said.append((caught.value.reason, str(caught.value)))
    assert said[0] == said[1]
