"""A running exporter keeps the promises of its OpenAPI document, and its pages tell the same numbers.

`python -m tests.bench.fuzz` sends more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from scoring.reading import series
from tests.bench.fuzz import LIMITLESS, fuzz
from tests.blackbox.machine_room import Program, Room, get, until

# What stands on both pages, always.
SCORES: Final = r"btchealth_(overall|pillar|indicator)_(?!effective)"


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    room = Room(tmp_path_factory.mktemp("room"))
    try:
        yield room.exporter(room.simulator().url, config=LIMITLESS)
    finally:
        room.close()


def told(latest: Any) -> Iterator[tuple[str, float | None]]:
    """Every number of the newest score under the selector that it has on the page of metrics."""
    yield "btchealth_overall_score", latest["overall"]
    yield "btchealth_overall_score_lower_bound", latest["bounds"]["lower"]
    yield "btchealth_overall_score_upper_bound", latest["bounds"]["upper"]
    yield "btchealth_overall_coverage_ratio", latest["coverage"]
    for name, pillar in latest["pillars"].items():
        yield from _pillar(name, pillar)
        for metric, found in pillar["metrics"].items():
            yield from ((series(metric, **one["labels"]), one["value"]) for one in found)


def _pillar(name: str, pillar: Any) -> Iterator[tuple[str, float | None]]:
    for what, value in (
        ("score", pillar["score"]),
        ("score_lower_bound", pillar["bounds"]["lower"]),
        ("score_upper_bound", pillar["bounds"]["upper"]),
        ("coverage_ratio", pillar["coverage"]),
        ("weight_ratio", pillar["weight"]),
    ):
        yield series(f"btchealth_pillar_{what}", pillar=name), value
    for one in pillar["indicators"]:
        for what, value in (
            ("score", one["score"]),
            ("weight_ratio", one["effective_weight"]),
            ("points_lost", one["points_lost"]),
            ("covered", float(one["state"] == "fresh")),
        ):
            yield series(f"btchealth_indicator_{what}", pillar=name, indicator=one["id"]), value


def test_schemathesis_finds_nothing(exporter: Program, tmp_path: Path) -> None:
    result = fuzz(exporter, 60, tmp_path, 300)
    assert "Traceback" not in exporter.output()
    assert result.passed, result.output
    assert result.cases >= 300


def test_the_newest_score_and_the_page_of_metrics_tell_the_same_numbers(exporter: Program) -> None:
    until(exporter.ready, "ready")

    def compared() -> dict[str, float] | None:
        """None where the page is of another moment."""
        samples = exporter.scrape().samples
        latest = {
            name: value
            for name, value in told(json.loads(get(f"{exporter.url}/api/v2/score/latest")[1]))
            if value is not None
        }
        scores = {name for name in samples if re.match(SCORES, name)}
        same = scores <= latest.keys() and all(samples.get(name) == value for name, value in latest.items())
        return latest if same else None

    assert len(until(compared, "both tell the same", 20)) > 400
