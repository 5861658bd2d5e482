"""Column arithmetic: day by day, and over windows that end with the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scoring import quantities
from scoring.backtest.table import Column, Table

Formula = Callable[..., float | None]
Window = Callable[[Column], Column]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one series follows from what a folder holds; `needs` are columns, or whole files.

    `make` sees whole columns but may use, for a day, only that day and those before it.
    """

    needs: tuple[str, ...]
    make: Callable[[Table], Column]

    def lacking(self, table: Table) -> tuple[str, ...]:
        return tuple(
            name
            for name in self.needs
            if name in table.absent or (not name.endswith(".csv") and name not in table.columns)
        )


def each(formula: Formula, *columns: Column) -> list[float | None]:
    """`formula` of each day on which every column has a value."""
    return [None if None in values else formula(*values) for values in zip(*columns, strict=True)]


def rolling(column: Column, days: int, statistic: Callable[[Column], float | None]) -> list[float | None]:
    """`statistic` of each day and the `days - 1` before it; days before the first count as missing."""
    padded = [*[None] * (days - 1), *column]
    return [statistic(padded[start : start + days]) for start in range(len(column))]


def mean(days: int) -> Window:
    return lambda column: rolling(column, days, lambda window: quantities.over_window(window, quantities.mean))


def median(days: int) -> Window:
    return lambda column: rolling(column, days, lambda window: quantities.over_window(window, quantities.median))


def maximum(days: int) -> Window:
    return lambda column: rolling(column, days, lambda window: quantities.over_window(window, max))


def growth(days: int, slack: int) -> Window:
    """Relative change since the known day nearest to `days` ago, at most `slack` days off."""

    def change(column: Column) -> Column:
        found: list[float | None] = []
        for day, now in enumerate(column):
            distances = sorted(range(-slack, slack + 1), key=abs)
            known = (column[day - days + off] for off in distances if 0 <= day - days + off < day)
            before = next((value for value in known if value is not None), None)
            found.append(None if now is None or before is None else quantities.relative_change(now, before))
        return found

    return change


def growth_of_medians(days: int, smoothed: int) -> Window:
    """Relative change between the medians of two runs of `smoothed` days without a gap that end `days` apart."""

    def change(column: Column) -> Column:
        medians = rolling(column, smoothed, lambda window: quantities.over_window(window, quantities.median, 1.0))
        return growth(days, 0)(medians)

    return change


def of(formula: Formula, *needs: str, then: tuple[Window, ...] = ()) -> Recipe:
    """`formula` of the day's columns, then windows over the result."""

    def make(table: Table) -> Column:
        column: Column = each(formula, *(table.columns[name] for name in needs))
        for window in then:
            column = window(column)
        return column

    return Recipe(needs, make)


def scaled(factor: float) -> Formula:
    return lambda value: value * factor


def same(value: float) -> float:
    return value
