"""docs/performance.md is what `make bench` writes, and its load asks for pages that there are."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace

import pytest

from exporter.web.answer import Ask
from exporter.web.api import openapi
from exporter.web.api.queries import ExplainQuery, NoQuery, Query, TimeseriesQuery, read
from tests.bench import rates, report
from tests.bench.__main__ import SECTIONS
from tests.bench.mix import MIX
from tests.bench.report import Section, at_least, below, document
from tests.bench.watched import Moment, stolen
from tests.bench.wrk import succeeded
from tests.machine import ROOT

PAGE = ROOT / "docs" / "performance.md"
QUERIES: Mapping[str, type[Query]] = {"timeseries": TimeseriesQuery, "explain": ExplainQuery}


def test_the_page_has_the_sections_that_are_measured() -> None:
    titles = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == [report.VERDICTS, *(title for title, _ in SECTIONS)]


def test_the_page_gives_a_verdict_on_every_target() -> None:
    verdicts = PAGE.read_text(encoding="utf-8").partition(f"## {report.VERDICTS}")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in verdicts.splitlines() if line.startswith("|")][2:]
    assert len(rows) >= 15
    assert {len(row) for row in rows} == {4}
    assert {row[3] for row in rows} <= {"yes", "no"}


def test_a_page_is_made_of_sections_and_their_targets() -> None:
    targets = (at_least("rate", 10_000, 9_999.6, ",.0f"), below("stall", 10, 9.94), at_least("share", 0.9, None))
    page = document([("One", Section("| a |", targets)), ("Two", Section("text"))], 0.5)
    assert "| rate | at least 10,000 | 10,000 | no |" in page
    assert "| stall | below 10 | 9.9 | yes |" in page
    assert f"| share | at least 0.9 | {report.NOT_MEASURED} | no |" in page
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [report.VERDICTS, "One", "Two"]


@pytest.mark.parametrize("path", [path for _, path in MIX] + [path for _, path, _ in rates.OURS])
def test_the_load_asks_for_what_the_document_describes(path: str) -> None:
    page, _, query = path.partition("?")
    assert page == "/metrics" or page in openapi.document("1.0.0")["paths"]
    read(QUERIES.get(page.rpartition("/")[2], NoQuery), Ask("GET", page, query).parameters())


def test_the_mix_is_declared_in_parts_of_a_hundred() -> None:
    assert sum(weight for weight, _ in MIX) == 100


def test_locust_asks_for_the_same_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    locust = ModuleType("locust")
    vars(locust).update(HttpUser=object, constant_throughput=lambda rate: rate)
    monkeypatch.setitem(sys.modules, "locust", locust)
    monkeypatch.delitem(sys.modules, "tests.bench.locustfile", raising=False)
    reader = importlib.import_module("tests.bench.locustfile").Reader
    asked: list[str] = []
    user = SimpleNamespace(client=SimpleNamespace(get=lambda path, **_: asked.append(path)))
    for task in reader.tasks:
        task(user)
    assert list(zip(reader.tasks.values(), asked, strict=True)) == list(MIX)


@pytest.mark.parametrize(
    ("late", "waited", "computed", "others", "ticks", "told"),
    [
        pytest.param(30, 0, 0, 0, (0, 0), 30, id="asleep with nothing taken: all of it"),
        pytest.param(30, 0, 0, 0, (1, 1), 20, id="asleep while one tick was stolen: all but the tick"),
        pytest.param(30, 0, 0, 0, (0, 1), 20, id="the tick is first seen at one processor"),
        pytest.param(30, 0, 0, 0, (1, 0), 20, id="the tick is first seen at the machine"),
        pytest.param(30, 0, 28, 0, (1, 1), 28, id="computing is never taken for the host's"),
        pytest.param(30, 0, 40, 0, (1, 1), 30, id="computing for longer than late"),
        pytest.param(30, 12, 10, 0, (0, 0), 18, id="ready while another process computed"),
        pytest.param(30, 12, 10, 12, (0, 0), 30, id="ready while a thread of ours computed"),
        pytest.param(30, 12, 10, 5, (0, 0), 23, id="ready while both did"),
        pytest.param(30, 5, 10, 12, (0, 0), 30, id="a thread of ours on the other processor"),
        pytest.param(30, 12, 5, 0, (1, 1), 8, id="ready and stolen"),
        pytest.param(30, 25, 5, 0, (3, 3), 5, id="more taken than the time that was not computed"),
    ],
)
def test_a_stall_is_told_less_what_others_can_have_taken(
    late: int, waited: int, computed: int, others: int, ticks: tuple[int, int], told: int
) -> None:
    before = Moment(1.0, 2.0, 3.0, 4.0, (5, 6))
    after = Moment(1 + late / 1e3, 2 + waited / 1e3, 3 + computed / 1e3, 4 + others / 1e3, (5 + ticks[0], 6 + ticks[1]))
    assert (late / 1e3 - after.unavailable(before, late / 1e3)) * 1e3 == pytest.approx(told)


def test_stolen_ticks_are_read_of_the_machine_and_of_its_processors() -> None:
    stat = b"cpu  1 2 3 4 5 6 7 80 9 0\ncpu0 1 1 1 1 1 1 1 30 1 0\ncpu1 1 1 1 1 1 1 1 51 1 0\nintr 7 0 0\nctxt 9\n"
    assert stolen(stat) == (80, 81)


def test_refusals_are_not_counted_as_a_rate() -> None:
    said = "  100 requests in 2.00s, 9.00KB read\n{}Requests/sec:     50.00\n"
    assert succeeded(said.format(""), "http://here") == said.format("")
    with pytest.raises(AssertionError, match=r"http://here/gone: Non-2xx or 3xx responses: 7$"):
        succeeded(said.format("  Non-2xx or 3xx responses: 7\n"), "http://here/gone")
