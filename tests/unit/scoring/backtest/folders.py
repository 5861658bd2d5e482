"""History folders made up for tests, in the columns of the real ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2016, 1, 1)

# An ordinary day, the same every day.
ORDINARY: Mapping[str, float] = {
    "price_usd": 1000,
    "hashrate_eh_s": 100,
    "blocks": 144,
    "difficulty": 1e13,
    "fees_btc": 100,
    "issuance_btc": 900,
    "tx_count": 200_000,
    "active_addresses": 500_000,
    "mempool_size_bytes": 5e6,
    "confirm_minutes_median": 9,
    "utxo_count": 5e7,
}


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(head)
        writer.writerows(rows)


def daily(folder: Path, days: int, changes: Mapping[str, Mapping[int, float | None]] | None = None) -> Path:
    """`days` ordinary days in daily.csv; `changes` by column and day, None for an empty cell."""
    columns = list(dict.fromkeys((*ORDINARY, *(changes or {}))))

    def cell(name: str, day: int) -> object:
        value = (changes or {}).get(name, {}).get(day, ORDINARY.get(name))
        return "" if value is None else value

    rows = [[FIRST + timedelta(days=day), *(cell(name, day) for name in columns)] for day in range(days)]
    write(folder / "daily.csv", ["date", *columns], rows)
    return folder


def episodes(folder: Path, *rows: Sequence[object]) -> Path:
    """Rows of first day, last day, name, pillar, direction."""
    path = folder / "events.csv"
    dated = [
        (FIRST + timedelta(days=int(str(row[0]))), FIRST + timedelta(days=int(str(row[1]))), *row[2:]) for row in rows
    ]
    write(path, ["date_start", "date_end", "name", "pillar", "expected_direction"], dated)
    return path


def span(first: int, last: int, value: float | None) -> dict[int, float | None]:
    return dict.fromkeys(range(first, last + 1), value)
