"""The files that the end-to-end tests run with are the shipped ones, only faster."""

import re
from pathlib import Path

import pytest

from tests.e2e.compression import UNCOMPRESSED, compressed, in_seconds, thresholds
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
        ("\n  resolve_timeout: 5m\n", "\n  resolve_timeout: 5000ms\n"),
        ("expr: avg_over_time(x[1d] offset 1h) > 5", "expr: avg_over_time(x[1440000ms] offset 60000ms) > 5"),
        ("expr: time() - x > 7200", "expr: time() - x > 120"),
        ("expr: clamp(x / 600, 0.75, 1.5)", "expr: clamp(x / 10, 0.75, 1.5)"),
        ('expr: x{window="7d"} > 72000', 'expr: x{window="7d"} > 72000'),
        ("expr: x > 600.5", "expr: x > 600.5"),
        ("record: job:x:delta1d", "record: job:x:delta1d"),
        ("summary: nothing for: 5m of it", "summary: nothing for: 5m of it"),
    ],
)
def test_durations_shrink_and_nothing_else(text: str, want: str) -> None:
    assert compressed("alerts/some.yml", text, 60) == want


def test_every_use_of_a_threshold_in_seconds_is_found_and_no_other_number() -> None:
    """A declaration names the threshold, the shipped file has its number."""
    names = "|".join(in_seconds().keys() - UNCOMPRESSED)
    declared = [file.read_text() for file in (ROOT / "prometheus" / "declarations").glob("*.yml")]
    used = sum(len(re.findall(rf"[<>=/] \$\{{(?:{names})\}}", text)) for text in declared)
    shipped = [file.read_text() for folder in ("rules", "alerts") for file in (ROOT / "prometheus" / folder).glob("*")]
    assert used == sum(len(thresholds().findall(text)) for text in shipped) > 0


def test_no_duration_of_the_shipped_files_is_missed() -> None:
    """What is divided has milliseconds; whatever else looks like a duration in an expression or a key was missed."""
    left = re.compile(r"\[\d+[smhd](?!s)|offset \d+[smhd](?!s)|^ *(?:- )?(?:\w+): \d+[smhd]$", re.MULTILINE)
    names = ("prometheus.yml", "rules/", "alerts/")
    for file in sorted((ROOT / "prometheus").glob("**/*.yml")):
        name = str(file.relative_to(ROOT / "prometheus"))
        if name.startswith(names):
            assert left.findall(compressed(name, file.read_text(), 7)) == [], name
    assert left.findall(compressed("alertmanager.yml", (ROOT / "alertmanager/alertmanager.yml").read_text(), 7)) == []
