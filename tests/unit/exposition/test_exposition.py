import asyncio
import gzip
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.exposition.encoding import Encoding
from exporter.exposition.page import (
    Choice,
    Family,
    Form,
    Kind,
    Page,
    Part,
    Series,
    escape_help,
    escape_label,
    gzip_of,
    number,
    sample_names,
)
from exporter.exposition.publication import READERS_SECONDS, Publication
from exporter.slices import in_one_go

HEIGHT = Family(
    "btchealth_tip_height", Kind.GAUGE, "Height.", "",
    (Series((("source", "a"),), 800_000.0, "a"), Series((("source", "b"),), 800_001.0, "b")),
)  # fmt: skip
BACKLOG = Family(
    "btchealth_mempool_vbytes", Kind.GAUGE, 'Size, "virtual"\nbytes \\.', "vbytes", (Series((), 1.5, "a"),)
)
FETCHES = Family("btchealth_fetches_total", Kind.COUNTER, "Requests.", "", (Series((("source", "a"),), 0.0, "a"),))
WAIT = Family(
    "btchealth_wait_seconds", Kind.HISTOGRAM, "Wait.", "seconds",
    (
        Series((("le", "0.1"),), 1.0, suffix="_bucket"), Series((("le", "+Inf"),), 2.0, suffix="_bucket"),
        Series((), 0.7, suffix="_sum"), Series((), 2.0, suffix="_count"),
    ),
)  # fmt: skip
SCORE = Family("btchealth_overall_score", Kind.GAUGE, "Score.", "score", (Series((), 71.25),))


def part(*families: Family) -> Part:
    return Part().updated(families)


PAGE = Page(part(HEIGHT, BACKLOG, SCORE), part(FETCHES, WAIT))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-3.0, "-3"), (800_000.0, "800000"), (0.1, "0.1"), (1e21, "1e+21"), (5e-324, "5e-324"),
        (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (2.0**53, "9007199254740992.0"), (7, "7"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_short_as_it_can_be_read_back(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(allow_nan=False))
def test_every_number_reads_back_as_itself(value: float) -> None:
    assert float(number(value)) == value


def test_text_is_escaped_where_the_format_needs_it() -> None:
    assert escape_help('a\\b\n"') == r"a\\b\n" + '"'
    assert escape_label('a\\b\n"') == r"a\\b\n\""


def test_the_text_page_is_written_out_in_full() -> None:
    assert PAGE.bytes_of(Form.TEXT).decode() == (
        '# HELP btchealth_mempool_vbytes Size, "virtual"\\nbytes \\\\.\n'
        "# TYPE btchealth_mempool_vbytes gauge\n"
        "btchealth_mempool_vbytes 1.5\n"
        "# HELP btchealth_overall_score Score.\n"
        "# TYPE btchealth_overall_score gauge\n"
        "btchealth_overall_score 71.25\n"
        "# HELP btchealth_tip_height Height.\n"
        "# TYPE btchealth_tip_height gauge\n"
        'btchealth_tip_height{source="a"} 800000\n'
        'btchealth_tip_height{source="b"} 800001\n'
        "# HELP btchealth_fetches_total Requests.\n"
        "# TYPE btchealth_fetches_total counter\n"
        'btchealth_fetches_total{source="a"} 0\n'
        "# HELP btchealth_wait_seconds Wait.\n"
        "# TYPE btchealth_wait_seconds histogram\n"
        'btchealth_wait_seconds_bucket{le="0.1"} 1\n'
        'btchealth_wait_seconds_bucket{le="+Inf"} 2\n'
        "btchealth_wait_seconds_sum 0.7\n"
        "btchealth_wait_seconds_count 2\n"
    )


def test_openmetrics_has_units_bare_counter_names_and_an_end() -> None:
    text = PAGE.bytes_of(Form.OPENMETRICS).decode()
    assert '# HELP btchealth_mempool_vbytes Size, \\"virtual\\"\\nbytes \\\\.\n' in text
    assert "# UNIT btchealth_mempool_vbytes vbytes\n" in text
    assert "# UNIT btchealth_wait_seconds seconds\n" in text
    assert '# TYPE btchealth_fetches counter\nbtchealth_fetches_total{source="a"} 0\n' in text
    assert text.endswith("\n# EOF\n")
    assert "# UNIT btchealth_tip_height" not in text


@pytest.mark.parametrize("form", list(Form))
def test_the_page_reads_back_through_client_pythons_parsers(form: Form) -> None:
    text = PAGE.bytes_of(form).decode()
    parse: Any = parse_text if form is Form.TEXT else parse_openmetrics
    read = list(parse(text))
    values = {(one.name, tuple(one.labels.items())): one.value for family in read for one in family.samples}
    wanted = {
        (family.name + one.suffix, one.labels): one.value
        for family in (HEIGHT, BACKLOG, SCORE, FETCHES, WAIT)
        for one in family.series
    }
    assert values == wanted


@pytest.mark.parametrize("form", list(Form))
def test_gzip_holds_the_same_page_in_one_member(form: Form) -> None:
    packed = PAGE.bytes_of(form, Encoding.GZIP)
    assert gzip.decompress(packed) == PAGE.bytes_of(form)
    assert packed.count(b"\x1f\x8b\x08") == 1


@given(st.binary(max_size=3000), st.binary(max_size=300))
def test_gzip_of_any_two_parts_is_their_sum(first: bytes, second: bytes) -> None:
    class Fixed(Part):
        def render(self, form: Form) -> bytes:  # noqa: ARG002 - the same bytes in every form
            return first

    assert gzip.decompress(gzip_of(Fixed().packed(Form.TEXT), second)) == first + second


def test_only_families_that_changed_are_rendered_again() -> None:
    before = part(HEIGHT, BACKLOG)
    moved = Family(HEIGHT.name, HEIGHT.kind, HEIGHT.help, HEIGHT.unit, HEIGHT.series[:1])
    after = before.updated([moved, BACKLOG])
    assert after.blocks[BACKLOG.name] is before.blocks[BACKLOG.name]
    assert after.blocks[HEIGHT.name] is not before.blocks[HEIGHT.name]
    assert before.updated([BACKLOG, HEIGHT]) is before


def test_a_family_without_series_is_not_on_the_page() -> None:
    assert part(Family("btchealth_x", Kind.GAUGE, "X.", "", ())).text == b""


def test_a_family_that_is_gone_leaves_nothing() -> None:
    assert b"tip_height" not in part(HEIGHT, BACKLOG).updated([BACKLOG]).text


OWN = ["btchealth_fetches_total", "btchealth_wait_seconds"]


@pytest.mark.parametrize(
    ("choice", "lines"),
    [
        (Choice(names=frozenset({"btchealth_overall_score"})), ["btchealth_overall_score 71.25"]),
        (
            Choice(names=frozenset({"btchealth_tip_height"}), exclude=frozenset({"b"})),
            ['btchealth_tip_height{source="a"} 800000'],
        ),
        (
            Choice(names=frozenset({"btchealth_wait_seconds_sum"})),
            [
                'btchealth_wait_seconds_bucket{le="0.1"} 1', 'btchealth_wait_seconds_bucket{le="+Inf"} 2',
                "btchealth_wait_seconds_sum 0.7", "btchealth_wait_seconds_count 2",
            ],
        ),
        (
            Choice(names=frozenset({"btchealth_tip_height", "btchealth_mempool_vbytes"}), collect=frozenset({"b"})),
            ['btchealth_tip_height{source="b"} 800001'],
        ),
        (Choice(names=frozenset({"btchealth_mempool_vbytes"}), collect=frozenset({"b"})), []),
    ],
)  # fmt: skip
def test_a_choice_keeps_what_was_asked_for(choice: Choice, lines: list[str]) -> None:
    text = in_one_go(PAGE.filtering(Form.TEXT, choice)).decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == lines
    assert ("# TYPE" in text) is bool(lines)


@pytest.mark.parametrize(
    ("choice", "families"),
    [
        (Choice(collect=frozenset({"a"})), ["btchealth_mempool_vbytes", "btchealth_tip_height", *OWN]),
        (Choice(collect=frozenset({"b"})), ["btchealth_tip_height", *OWN]),
        (Choice(exclude=frozenset({"a"})), ["btchealth_overall_score", "btchealth_tip_height", *OWN]),
        (Choice(exclude=frozenset({"a", "b"})), ["btchealth_overall_score", *OWN]),
    ],
)
def test_sources_are_chosen_by_series_and_own_families_stay(choice: Choice, families: list[str]) -> None:
    text = in_one_go(PAGE.filtering(Form.TEXT, choice)).decode()
    assert [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")] == families
    assert bool(choice)


def test_a_filtered_openmetrics_page_ends_too() -> None:
    assert in_one_go(PAGE.filtering(Form.OPENMETRICS, Choice(names=frozenset({"nothing"})))) == b"# EOF\n"
    assert not Choice()


def test_samples_of_a_histogram_are_names_of_their_own() -> None:
    assert sample_names("x", Kind.HISTOGRAM) == ("x", "x_bucket", "x_sum", "x_count")
    assert sample_names("x", Kind.GAUGE) == ("x",)


class Room:
    """A publication with a clock that stands still until told, and a count of how often own families were made."""

    def __init__(self) -> None:
        self.now = 100.0
        self.made = 0
        self.publication = Publication(self.own, lambda: self.now)

    def own(self) -> Iterator[Family]:
        self.made += 1
        yield Family("process_x", Kind.GAUGE, "X.", "", (Series((), float(self.made)),))


def test_own_numbers_are_made_at_most_once_a_second() -> None:
    room = Room()
    pages = [room.publication.page() for _ in range(1000)]
    assert room.made == 1
    assert len({id(page) for page in pages}) == 1
    room.now += 1.0
    assert b"process_x 2\n" in room.publication.page().bytes_of(Form.TEXT)


def test_an_update_without_a_change_keeps_the_page_and_its_bytes() -> None:
    room = Room()
    room.publication.update([HEIGHT])
    before = room.publication.page()
    room.publication.update([HEIGHT])
    assert room.publication.page() is before
    assert before.bytes_of(Form.TEXT, Encoding.GZIP) is before.bytes_of(Form.TEXT, Encoding.GZIP)


def test_data_are_compressed_when_they_change_in_the_forms_that_are_asked_for() -> None:
    room = Room()
    room.publication.update([HEIGHT])
    assert room.publication.page().data.packed_forms() == ()
    room.publication.page().bytes_of(Form.OPENMETRICS, Encoding.GZIP)
    room.publication.update([HEIGHT, BACKLOG])
    assert room.publication.page().data.packed_forms() == (Form.OPENMETRICS,)


async def test_who_has_read_finds_the_next_page_made_and_after_a_while_without_readers_nothing_is_made() -> None:
    room = Room()
    room.publication.update([HEIGHT])
    first = room.publication.page()
    first.bytes_of(Form.TEXT, Encoding.GZIP)
    pauses = 0

    async def sleep(_: float) -> None:
        nonlocal pauses
        pauses += 1
        room.now += 1.0
        if pauses == READERS_SECONDS + 5:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await room.publication.run(sleep)
    assert room.made == READERS_SECONDS
    room.now -= 5
    page = room.publication.page()
    assert room.made == READERS_SECONDS
    assert page is not first
    assert page.made() == ((Form.TEXT, Encoding.GZIP),)


def test_what_changes_while_a_page_is_made_is_in_it_and_all_of_it_is_made() -> None:
    room = Room()
    room.publication.update([HEIGHT])
    room.publication.page().bytes_of(Form.TEXT, Encoding.GZIP)
    pauses = sum(1 for _ in room.publication.rendering([HEIGHT, BACKLOG]))
    making = room.publication.rendering([HEIGHT, BACKLOG])
    for _ in range(pauses):
        next(making)
    room.now += 1.0
    own = room.publication.page()
    own.bytes_of(Form.TEXT)
    page = in_one_go(making)
    room.publication.show(page)
    assert room.publication.page() is page
    assert page.own is own.own
    assert page.made() == ((Form.TEXT, Encoding.IDENTITY),)


async def test_own_families_are_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.turns.TURN", -1.0)
    calls = 0

    def own() -> Iterator[Family]:
        for name in ("a", "b", "c"):
            yield Family(name, Kind.GAUGE, "X.", "", (Series((), float(calls)),))

    publication = Publication(own, lambda: 0.0)
    publication.page()

    async def sleep(_: float) -> None:
        nonlocal calls
        if calls:
            raise asyncio.CancelledError
        calls = 1
        asyncio.get_running_loop().call_soon(count)

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls < 20:
            asyncio.get_running_loop().call_soon(count)

    with pytest.raises(asyncio.CancelledError):
        await publication.run(sleep)
    values = {line.split()[1] for line in publication.page().bytes_of(Form.TEXT).splitlines() if line[:1] != b"#"}
    assert len(values) == 1
