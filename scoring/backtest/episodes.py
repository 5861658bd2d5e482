"""Known episodes: when something happened, to which pillar, and which way the score should have moved."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from scoring.backtest.table import HistoryError
from scoring.backtest.traceless import TRACELESS

COLUMNS: Final = ("date_start", "date_end", "name", "pillar", "expected_direction")
DIRECTIONS: Final = ("down", "up")


@dataclass(frozen=True, slots=True)
class Episode:
    """Both dates belong to it. `upward`: None where neither direction was stated, so that nothing can be judged.

    `traceless`: why no input of its pillar can show it, where that was known before.
    """

    start: date
    end: date
    name: str
    pillar: str
    upward: bool | None

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def direction(self) -> str | None:
        return None if self.upward is None else DIRECTIONS[self.upward]

    @property
    def traceless(self) -> str | None:
        return TRACELESS.get(self.name)


def read_episodes(path: Path, pillars: Iterable[str]) -> list[Episode]:
    """In order of their start. Raises HistoryError naming line, column, value and what was expected."""
    known = tuple(pillars)
    try:
        stream = path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read ({error.strerror})") from None
    with stream:
        reader = csv.DictReader(stream)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lacking:
            raise HistoryError(f"{path}: expected columns {', '.join(COLUMNS)}; {', '.join(lacking)} missing")
        found = [_episode(row, f"{path}, line {reader.line_num}", known) for row in reader]
    return sorted(found, key=lambda episode: (episode.start, episode.end))


def _episode(row: Mapping[str, str | None], where: str, pillars: tuple[str, ...]) -> Episode:
    cells = {name: text for name in COLUMNS if (text := row[name]) is not None}
    if lacking := [name for name in COLUMNS if name not in cells]:
        raise HistoryError(f"{where}: the row ends before {', '.join(lacking)}; expected columns {', '.join(COLUMNS)}")
    return _parsed(cells, where, pillars)


def _parsed(row: Mapping[str, str], where: str, pillars: tuple[str, ...]) -> Episode:
    start, end = (_date(row[name], f"{where}, {name}") for name in ("date_start", "date_end"))
    if end < start:
        raise HistoryError(f"{where}, date_end {end}: expected {start} or later")
    stated = row["expected_direction"].strip().lower()
    upward = bool(DIRECTIONS.index(stated)) if stated in DIRECTIONS else None
    return Episode(start, end, row["name"].strip(), _pillar(row["pillar"], where, pillars), upward)


def _pillar(text: str, where: str, pillars: tuple[str, ...]) -> str:
    """Ids and titles alike: the first word of a title is its id."""
    words = text.lower().split()
    if not words or words[0] not in pillars:
        raise HistoryError(f"{where}, pillar {text!r}: expected one that begins with {', '.join(pillars)}")
    return words[0]


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise HistoryError(f"{where} {text!r}: expected YYYY-MM-DD") from None
