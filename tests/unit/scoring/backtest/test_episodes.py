"""Episode files: read in order, refused with the line of the mistake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scoring.backtest.episodes import read_episodes
from scoring.backtest.table import HistoryError
from scoring.backtest.traceless import TRACELESS

PILLARS = ("security", "lightning")
HEAD = "date_start,date_end,name,pillar,expected_direction,why\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "events.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_episodes_come_in_order_and_titles_are_as_good_as_ids(tmp_path: Path) -> None:
    rows = "2021-05-15,2021-07-18,Ban,Security & Mining Economics,down,x\n2019-01-01,2019-01-01,Growth,lightning,UP,y\n"
    first, second = read_episodes(written(tmp_path, HEAD + rows), PILLARS)
    assert (first.name, first.pillar, first.upward, first.days) == ("Growth", "lightning", True, 1)
    assert (second.start, second.pillar, second.upward) == (date(2021, 5, 15), "security", False)
    assert second.traceless is None


def test_an_episode_known_to_leave_no_trace_says_why(tmp_path: Path) -> None:
    name = next(iter(TRACELESS))
    (one,) = read_episodes(written(tmp_path, f"{HEAD}2021-05-15,2021-07-18,{name},security,down,x\n"), PILLARS)
    assert one.traceless == TRACELESS[name]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param("2021-05,2021-07-18,n,security,down,x", r"line 2, date_start '2021-05'", id="no day"),
        pytest.param(
            "2021-05-15,2021-05-14,n,security,down,x", r"date_end 2021-05-14: expected 2021-05-15", id="reversed"
        ),
        pytest.param(
            "2021-05-15,2021-05-16,n,mining,down,x", r"pillar 'mining': expected one that begins", id="pillar"
        ),
        pytest.param("2021-05-15,2021-05-16,n,,down,x", r"pillar ''", id="no pillar"),
        pytest.param("2021-05-15,2021-05-16,n", r"line 2: the row ends before pillar, expected_direction", id="short"),
    ],
)
def test_a_bad_row_is_refused(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(HistoryError, match=words):
        read_episodes(written(tmp_path, HEAD + row + "\n"), PILLARS)


@pytest.mark.parametrize("direction", ["mixed", "sideways", " ", ""])
def test_an_episode_without_a_direction_is_listed_without_one(tmp_path: Path, direction: str) -> None:
    (one,) = read_episodes(written(tmp_path, f"{HEAD}2021-05-15,2021-05-16,n,security,{direction},x\n"), PILLARS)
    assert (one.upward, one.direction) == (None, None)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"pillar, expected_direction missing"):
        read_episodes(written(tmp_path, "date_start,date_end,name\n"), PILLARS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"events\.csv: cannot be read"):
        read_episodes(tmp_path / "events.csv", PILLARS)
