"""A folder of daily CSV files, as columns aligned by day."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from scoring.quantities import DAY_SECONDS

Column = Sequence[float | None]

DAILY: Final = "daily.csv"
DAILY_MORE: Final = ("lightning_daily.csv",)
POOL_BLOCKS: Final = "pool_blocks_daily.csv"

# A row of the Lightning file that its compiler marked as a warm-up or outage.
FLAG_COLUMN: Final = "ln_flagged_bad"

# Where the reader puts cells that no header names.
EXTRA: Final = "(extra)"


class HistoryError(Exception):
    """A history folder or events file that cannot be used; the text names file, row and what was expected."""


@dataclass(frozen=True)
class Table:
    """One entry a day from `first` on in every column; None where the folder says nothing.

    `pool_blocks`: blocks by pool of each day. `absent`: files that the folder lacks.
    """

    first: date
    days: int
    columns: Mapping[str, Column]
    pool_blocks: Sequence[Mapping[str, float]] = ()
    absent: tuple[str, ...] = field(default=())

    def date(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def end_of_day(self, day: int) -> float:
        """Unix time at which everything about `day` is known."""
        return self._midnight + (day + 1) * DAY_SECONDS

    @cached_property
    def _midnight(self) -> float:
        return datetime.combine(self.first, time(), UTC).timestamp()


def read(folder: Path) -> Table:
    """Raises HistoryError where a file is not what it should be; files and columns may be missing."""
    if not (folder / DAILY).is_file():
        raise HistoryError(f"{folder / DAILY}: no such file; expected a folder of daily CSV files")
    rows = dict(_dated_rows(folder / DAILY))
    if not rows:
        raise HistoryError(f"{folder / DAILY}: expected at least one row")
    first, last = min(rows), max(rows)
    table = _Builder(first, (last - first).days + 1)
    table.add(folder / DAILY, rows)
    for name in DAILY_MORE:
        if (folder / name).is_file():
            table.add(folder / name, dict(_dated_rows(folder / name)))
    absent = tuple(name for name in (*DAILY_MORE, POOL_BLOCKS) if not (folder / name).is_file())
    return Table(
        first,
        table.days,
        table.columns,
        table.pools(folder / POOL_BLOCKS) if POOL_BLOCKS not in absent else (),
        absent,
    )


class _Builder:
    def __init__(self, first: date, days: int) -> None:
        self.first, self.days = first, days
        self.columns: dict[str, list[float | None]] = {}

    def index(self, day: date) -> int | None:
        position = (day - self.first).days
        return position if 0 <= position < self.days else None

    def add(self, path: Path, rows: Mapping[date, Mapping[str, str]]) -> None:
        for day, row in rows.items():
            if (position := self.index(day)) is None or row.get(FLAG_COLUMN) == "1":
                continue
            for name, text in row.items():
                if name != "date" and text:
                    # Two files may hold one column: the daily file, read first, wins.
                    column = self.columns.setdefault(name, [None] * self.days)
                    if column[position] is None:
                        column[position] = _number(text, path, day, name)

    def pools(self, path: Path) -> list[dict[str, float]]:
        found: list[dict[str, float]] = [{} for _ in range(self.days)]
        for day, row in _dated_rows(path, "pool", "blocks"):
            if (position := self.index(day)) is not None:
                pool, blocks = row["pool"], _number(row["blocks"], path, day, "blocks")
                found[position][pool] = found[position].get(pool, 0.0) + blocks
        return found


def _dated_rows(path: Path, *columns: str) -> Iterator[tuple[date, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream, restkey=EXTRA, restval="")
        lacking = [name for name in ("date", *columns) if name not in (reader.fieldnames or ())]
        if lacking:
            raise HistoryError(f"{path}: expected a header with the columns {', '.join(lacking)}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if EXTRA in row:
                raise HistoryError(f"{where}: expected {len(reader.fieldnames or ())} cells, got more")
            yield _date(row["date"], where), row


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HistoryError(f"{where}: date {text!r}; expected YYYY-MM-DD") from None


def _number(text: str, path: Path, day: date, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise HistoryError(f"{path}, {day}, column {name}: {text!r}; expected a number")
    return value
