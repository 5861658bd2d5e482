"""Daily history as the readings that scoring knows: the same selectors and the same formulas as live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scoring.backtest.recipes import columns, recipes
from scoring.backtest.table import Column, Table, read
from scoring.method import Method
from scoring.reading import Reading

PROVENANCE: Final = "history"

# Daily charts come a day late and some series have a value every second day; live, max_age allows for both.
FRESH_DAYS: Final = 2


@dataclass(frozen=True)
class History:
    """Series by selector, one entry a day.

    `lacking`: for each selector that cannot be made, what the folder lacks; empty where no column could ever tell it.
    """

    table: Table
    series: Mapping[str, Column]
    lacking: Mapping[str, tuple[str, ...]]

    def readings(self, day: int) -> dict[str, Reading]:
        """What was known at the end of `day`, nothing later."""
        found = {}
        for selector, column in self.series.items():
            for age in range(min(FRESH_DAYS, day + 1)):
                if (value := column[day - age]) is not None:
                    time = self.table.end_of_day(day - age)
                    found[selector] = Reading(value, time, time, PROVENANCE)
                    break
        return found


def history(table: Table, method: Method) -> History:
    """Everything of `method` that the table can tell."""
    available = recipes(table)
    made: dict[str, Column] = {}
    lacking: dict[str, tuple[str, ...]] = {}
    for selector in method.selectors:
        recipe = available.get(selector)
        missing = () if recipe is None else recipe.lacking(table)
        if recipe is None or missing:
            lacking[selector] = missing
        else:
            made[selector] = recipe.make(table)
    return History(table, made, lacking)


def read_history(folder: Path, method: Method) -> History:
    """Raises HistoryError where a file of the folder is not what it should be."""
    return history(read(folder, columns()), method)
