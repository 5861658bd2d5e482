"""The files that the end-to-end tests run with are the shipped ones, only faster."""

from pathlib import Path

import pytest

from tests.e2e.compression import compressed
from tests.machine import ROOT

FILES = [
    pytest.param(folder, file, id=str(file.relative_to(folder)))
    for folder in (ROOT / "prometheus", ROOT / "alertmanager")
    for file in sorted(folder.glob("**/*.yml"))
    if "declarations" not in file.parts and "tests" not in file.parts
]


@pytest.mark.parametrize(("folder", "file"), FILES)
def test_factor_one_gives_the_shipped_bytes(folder: Path, file: Path) -> None:
    assert compressed(str(file.relative_to(folder)), file.read_text(), 1) == file.read_text()


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("\n  scrape_interval: 30s\n", "\n  scrape_interval: 500ms\n"),
        ("\n    for: 1h30m\n", "\n    for: 90000ms\n"),
        ("\n    keep_firing_for: 10m\n", "\n    keep_firing_for: 10000ms\n"),
        ("\n  group_wait: 0s\n", "\n  group_wait: 1ms\n"),
        ("expr: avg_over_time(x[1d] offset 1h) > 5", "expr: avg_over_time(x[1440000ms] offset 60000ms) > 5"),
        ('expr: x{window="7d"} > 7200', 'expr: x{window="7d"} > 7200'),
        ("record: job:x:delta1d", "record: job:x:delta1d"),
        ("summary: nothing for: 5m of it", "summary: nothing for: 5m of it"),
    ],
)
def test_durations_shrink_and_nothing_else(text: str, want: str) -> None:
    assert compressed("alerts/some.yml", text, 60) == want


def test_what_counts_blocks_keeps_its_time() -> None:
    assert compressed("rules/blocks.yml", "offset 4h", 60) == "offset 4h"
