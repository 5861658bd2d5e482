"""A folder of daily CSV files, as columns aligned by day."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
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

# How tools that write CSV say that nothing is known; what is not finite counts alike.
UNKNOWN: Final = frozenset({"", "na", "n/a", "null", "none"})

# No day of Bitcoin had none of these: where a file says so, something went wrong with it.
NEVER_ZERO: Final = frozenset({"price_usd", "hashrate_eh_s", "difficulty", "blocks", "tx_count", "active_addresses"})


class HistoryError(Exception):
    """A history folder or events file that cannot be used; the text names file, row and what was expected."""


@dataclass(frozen=True)
class Table:
    """One entry a day from `first` on in every column; None where the folder says nothing.

    `pool_blocks`: blocks by pool of each day. `absent`: files that the folder lacks. `unusable`: by column, cells that
    hold something but no value, counted.
    """

    first: date
    days: int
    columns: Mapping[str, Column]
    pool_blocks: Sequence[Mapping[str, float]] = ()
    absent: tuple[str, ...] = field(default=())
    unusable: Mapping[str, int] = field(default_factory=dict)

    def date(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def end_of_day(self, day: int) -> float:
        """Unix time at which everything about `day` is known."""
        return self._midnight + (day + 1) * DAY_SECONDS

    @cached_property
    def _midnight(self) -> float:
        return datetime.combine(self.first, time(), UTC).timestamp()


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    line: int
    date: date
    cells: Mapping[str, str]

    def number(self, name: str, *, zero: bool) -> float | None:
        """None where the cell says that nothing is known, or what cannot be. `zero`: whether there can be none."""
        text = self.cells[name].strip()
        if text.lower() in UNKNOWN:
            return None
        try:
            value = float(text)
        except ValueError:
            where = f"{self.path}, line {self.line} ({self.date}), column {name}"
            raise HistoryError(f"{where}: {text!r}; expected a number") from None
        return value if math.isfinite(value) and (value > 0 or zero) else None


def read(folder: Path, columns: Collection[str] | None = None) -> Table:
    """Of the `columns`, or of all; other cells are not looked at. Files and columns may be missing.

    Raises HistoryError where a file is not what it should be.
    """
    if not (folder / DAILY).is_file():
        raise HistoryError(f"{folder / DAILY}: no such file; expected a folder of daily CSV files")
    rows = _rows(folder / DAILY)
    if not rows:
        raise HistoryError(f"{folder / DAILY}: expected at least one row")
    first, last = min(rows), max(rows)
    table = _Builder(first, (last - first).days + 1, columns)
    table.add(rows)
    for name in DAILY_MORE:
        if (folder / name).is_file():
            table.add(_rows(folder / name))
    absent = tuple(name for name in (*DAILY_MORE, POOL_BLOCKS) if not (folder / name).is_file())
    pools = table.pools(folder / POOL_BLOCKS) if POOL_BLOCKS not in absent else ()
    return Table(first, table.days, table.columns, pools, absent, table.unusable)


class _Builder:
    def __init__(self, first: date, days: int, wanted: Collection[str] | None) -> None:
        self.first, self.days, self.wanted = first, days, wanted
        self.columns: dict[str, list[float | None]] = {}
        self.unusable: Counter[str] = Counter()

    def index(self, day: date) -> int | None:
        position = (day - self.first).days
        return position if 0 <= position < self.days else None

    def add(self, rows: Mapping[date, _Row]) -> None:
        for day, row in rows.items():
            if (position := self.index(day)) is None or row.cells.get(FLAG_COLUMN) == "1":
                continue
            for name, text in row.cells.items():
                if not text or name == "date" or (self.wanted is not None and name not in self.wanted):
                    continue
                if (value := row.number(name, zero=name not in NEVER_ZERO)) is None:
                    self.unusable[name] += 1
                    continue
                # Two files may hold one column: the daily file, read first, wins.
                column = self.columns.setdefault(name, [None] * self.days)
                if column[position] is None:
                    column[position] = value

    def pools(self, path: Path) -> list[dict[str, float]]:
        found: list[dict[str, float]] = [{} for _ in range(self.days)]
        for row in _dated_rows(path, "pool", "blocks"):
            if (position := self.index(row.date)) is None:
                continue
            if (blocks := row.number("blocks", zero=True)) is None:
                self.unusable[POOL_BLOCKS] += 1
                continue
            pool = row.cells["pool"]
            found[position][pool] = found[position].get(pool, 0.0) + blocks
        return found


def _rows(path: Path) -> dict[date, _Row]:
    return {row.date: row for row in _dated_rows(path)}


def _dated_rows(path: Path, *columns: str) -> Iterator[_Row]:
    # Spreadsheets begin a file with a byte order mark.
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream, restkey=EXTRA, restval="")
        lacking = [name for name in ("date", *columns) if name not in (reader.fieldnames or ())]
        if lacking:
            raise HistoryError(f"{path}: expected a header with the columns {', '.join(lacking)}")
        for cells in reader:
            where = f"{path}, line {reader.line_num}"
            if EXTRA in cells:
                raise HistoryError(f"{where}: expected {len(reader.fieldnames or ())} cells, got more")
            yield _Row(path, reader.line_num, _date(cells["date"], where), cells)


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HistoryError(f"{where}: date {text!r}; expected YYYY-MM-DD") from None
