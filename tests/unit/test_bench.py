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
