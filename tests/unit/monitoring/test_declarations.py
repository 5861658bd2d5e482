"""Mistakes in declarations are named; durations and thresholds read as they are meant."""

import shutil
from pathlib import Path

import pytest

from prometheus.generator import model
from prometheus.generator.model import DeclarationError, Threshold
from prometheus.generator.timeline import Phase, Silence, render

HOME = model.HOME
ALERTS = "declarations/alerts_adoption.yml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(HOME / "declarations", tmp_path / "declarations")
    shutil.copy(HOME / "thresholds.yml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "want"),
    [
        (ALERTS, "severity: warning", "severity: loud", "alerts_adoption.yml: alerts.0.severity"),
        (ALERTS, "    for: 6h", "    four: 6h", "alerts_adoption.yml: alerts.0.four"),
        (ALERTS, "name: adoption", "name: [", "alerts_adoption.yml: "),
        ("thresholds.yml", "unit: samples", "units: samples", "thresholds.yml: series_budget.unit"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_key(home: Path, file: str, old: str, new: str, want: str) -> None:
    text = (home / file).read_text()
    assert old in text
    (home / file).write_text(text.replace(old, new, 1))
    with pytest.raises(DeclarationError, match=want.replace(".", r"\.")):
        model.load(home)


def test_an_unknown_threshold_is_named() -> None:
    with pytest.raises(DeclarationError, match=r"\$\{nothing\}: not in thresholds\.yml"):
        model.load().number("up > ${nothing}")


@pytest.mark.parametrize(
    ("text", "want"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), (None, 0)]
)  # fmt: skip
def test_durations_are_those_of_prometheus(text: str | None, want: int) -> None:
    assert model.seconds(text) == want


@pytest.mark.parametrize("text", ["5", "m", "5 m", "1w", ""])
def test_a_wrong_duration_is_named(text: str) -> None:
    with pytest.raises(DeclarationError, match="expected something like"):
        model.seconds(text)


@pytest.mark.parametrize(
    ("value", "unit", "want"),
    [(7200, "seconds", "2 h"), (90, "seconds", "90 s"), (0.25, "ratio", "25 %"), (6, "blocks", "6 blocks")],
)
def test_thresholds_are_written_with_their_unit(value: float, unit: str, want: str) -> None:
    assert Threshold(value=value, unit=unit, why="long enough").words == want


def test_levels_become_series() -> None:
    phases: list[Phase] = [
        (2, {"x": 1.0}),
        (1, Silence.MISSED),
        (3, {"x": "60/min"}),
        (2, Silence.GONE),
        (1, {"x": None}),
    ]
    assert render("x", phases) == "1+0x1 _x1 61+60x2 stale _x1 stale"
    assert render("x", phases, 0.5) == "0.5+0x1 _x1 30.5+30x2 stale _x1 stale"


@pytest.mark.parametrize("levels", [{"y": 1.0}, {"x": "60"}])
def test_a_level_that_is_none_is_named(levels: dict[str, float | str | None]) -> None:
    with pytest.raises(DeclarationError, match="test: "):
        render("x", [(1, levels)])
