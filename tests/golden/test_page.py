"""The whole page, kept as a file; a change of it is read as a difference before it is committed."""

import gzip
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter import catalogue
from exporter.exposition.encoding import Encoding
from exporter.exposition.families import SCORES
from exporter.exposition.page import Form, Page
from tests.golden.page import page as build


@cache
def page() -> Page:
    return build()


def text(form: Form) -> str:
    return page().bytes_of(form).decode()


def test_the_page_is_the_one_on_file(golden: Callable[[str, str], None]) -> None:
    golden("metrics.txt", text(Form.TEXT))


def test_promtool_has_no_remark(tool: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=text(Form.TEXT), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("form", list(Form))
def test_both_forms_read_back_as_the_same_samples(form: Form) -> None:
    parse: Any = parse_text if form is Form.TEXT else parse_openmetrics
    read = {
        (one.name, *sorted(one.labels.items())): one.value for family in parse(text(form)) for one in family.samples
    }
    made = {
        (family.name + one.suffix, *sorted(one.labels)): one.value
        for part in (page().data, page().own)
        for block in part.blocks.values()
        for family in (block.family,)
        for one in family.series
    }
    assert read == made


def test_units_and_types_survive_openmetrics() -> None:
    parse: Any = parse_openmetrics
    read = {family.name: family for family in parse(text(Form.OPENMETRICS))}
    assert read["btchealth_mempool_vbytes"].unit == "vbytes"
    assert read["btchealth_http_requests"].type == "counter"
    assert read["btchealth_http_request_duration_seconds"].type == "histogram"
    assert "_created" not in text(Form.OPENMETRICS)


def test_compression_changes_nothing() -> None:
    assert gzip.decompress(page().bytes_of(Form.TEXT, Encoding.GZIP)).decode() == text(Form.TEXT)


def test_at_least_120_families_of_the_network_and_all_scores_are_there() -> None:
    shown = set(page().data.blocks)
    assert len(shown & {metric.name for metric in catalogue.metrics()}) >= 120
    assert {declared.name for declared in SCORES} - shown <= {"btchealth_overall_score", "btchealth_pillar_score"}


def test_no_sample_carries_a_timestamp() -> None:
    assert all(line.count(" ") == 1 for line in text(Form.TEXT).splitlines() if not line.startswith("#"))
