from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from exporter import catalogue, reference
from exporter.configuration.scalars import format_duration
from exporter.derived import PROVIDERS
from exporter.sources import registry
from exporter.spec import Metric
from tests.machine import ROOT

every_metric = pytest.mark.parametrize("metric", catalogue.metrics(), ids=lambda metric: metric.name)

HELP = reference.help_texts(registry.endpoints())
READ = registry.origins()
MADE = [metric for metric in catalogue.metrics() if metric not in READ and metric not in PROVIDERS.values()]

DOCUMENT = ROOT / "docs" / "metrics.md"


def test_the_committed_reference_is_what_the_command_writes() -> None:
    written = subprocess.run(
        [sys.executable, "-m", "exporter.reference"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    assert DOCUMENT.read_text() == written, "python -m exporter.reference > docs/metrics.md"


@every_metric
def test_help_says_meaning_unit_bounds_and_origin(metric: Metric) -> None:
    text = HELP[metric]
    low, high = metric.bounds
    assert text.startswith(metric.help)
    assert f"Unit: {metric.unit.text}, {low:g} to {high:g}." in text
    assert re.search(r"(Source|Derived): .+\.$", text)
    assert "\n" not in text


@pytest.mark.parametrize("metric", READ, ids=lambda metric: metric.name)
def test_help_of_what_is_read_names_source_path_field_and_age(metric: Metric) -> None:
    for source, endpoint, fields in READ[metric]:
        path = endpoint.path.partition("?")[0]
        named = f"fields {', '.join(fields)}" if len(fields) > 1 else f"field {fields[0]}"
        age = format_duration(endpoint.max_age)
        assert f"{source.title} {path}, {named}, cached until {age} old" in HELP[metric]


@pytest.mark.parametrize("metric", MADE, ids=lambda metric: metric.name)
def test_help_of_what_is_made_names_its_inputs(metric: Metric) -> None:
    named = re.findall(r"btchealth_\w+", HELP[metric].partition("Derived:")[2])
    assert named or "days of" in HELP[metric]
    for name in named:
        assert catalogue.metric(name) is not metric


@every_metric
def test_meanings_are_sentences_and_not_names(metric: Metric) -> None:
    assert metric.help[0].isupper() or metric.help[0].isdigit()
    assert metric.help.endswith(".")
    assert len(metric.help.split()) >= 3


def test_help_shows_the_ages_that_are_in_force() -> None:
    places = [
        (source, replace(endpoint, max_age_override=42.0) if endpoint.name == "stats" else endpoint)
        for source, endpoint in registry.endpoints()
    ]
    assert (
        "/stats, field n_tx, cached until 42s old"
        in reference.help_texts(places)[catalogue.metric("btchealth_chain_transactions")]
    )


def test_help_of_a_source_that_is_switched_off_is_left_out() -> None:
    places = [place for place in registry.endpoints() if place[0].name != "coingecko"]
    assert catalogue.metric("btchealth_price_all_time_high_usd") not in reference.help_texts(places)


def test_every_family_endpoint_and_source_is_in_the_reference() -> None:
    text = DOCUMENT.read_text()
    for metric in catalogue.metrics():
        assert f"| `{metric.name}` |" in text
    for declared in reference.exporter_families():
        assert f"| `{declared.name}` |" in text
    for source, endpoint in registry.endpoints():
        assert f"(`{source.name}`)" in text
        assert f"| `{endpoint.name}` | `{endpoint.path}` |" in text


def test_rows_have_as_many_cells_as_their_head() -> None:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    width = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        cells = line.count("|")
        if following.startswith("| ---"):
            width = cells
        assert cells == width
