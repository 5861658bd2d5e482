"""What the points of one chart say: the newest value, and statistics over the days before it.

A statistic over a window is None where fewer than four fifths of the window's days (or other slots) have a point.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from exporter.spec import DAY
from scoring.quantities import WINDOW_MINIMUM_RATIO, mean, median, relative_change

# Unix seconds and value, oldest first, no time twice.
Rows = tuple[tuple[float, float], ...]
Statistic = Callable[[Rows], float | None]

_YEAR_DAYS: Final = 365
_LARGEST_GAP: Final = 2 * DAY


def newest(rows: Rows) -> float:
    return rows[-1][1]


def window(rows: Rows, days: int) -> Rows:
    """The points of the last `days` days up to the newest point."""
    start = rows[-1][0] - days * DAY
    return tuple(row for row in rows if row[0] > start)


def covered(rows: Rows, days: int, slot: float = DAY) -> bool:
    return len({time // slot for time, _ in rows}) >= WINDOW_MINIMUM_RATIO * days * DAY / slot


def mean_of(days: int, slot: float = DAY) -> Statistic:
    return _over(days, lambda rows: mean([value for _, value in rows]), slot)


def median_of(days: int) -> Statistic:
    return _over(days, lambda rows: median([value for _, value in rows]))


def maximum_of(days: int) -> Statistic:
    return _over(days, lambda rows: max(value for _, value in rows))


def maximum_of_weekly_means(days: int) -> Statistic:
    """The largest mean of seven neighbouring points: one lucky day is no record."""

    def largest(rows: Rows) -> float | None:
        values = [value for _, value in rows]
        return max((mean(values[start : start + 7]) for start in range(len(values) - 6)), default=None)

    return _over(days, largest)


def growth_over(days: int) -> Statistic:
    """Relative change against the point nearest to `days` before the newest, which may be two days off."""

    def growth(rows: Rows) -> float | None:
        wanted = rows[-1][0] - days * DAY
        time, value = min(rows, key=lambda row: abs(row[0] - wanted))
        return relative_change(newest(rows), value) if abs(time - wanted) <= _LARGEST_GAP else None

    return growth


def volatility_over(days: int) -> Statistic:
    """Standard deviation of the daily logarithmic changes, stretched to a year."""

    def volatility(rows: Rows) -> float | None:
        changes = [math.log(after / before) for (start, before), (end, after) in pairwise(rows) if end - start == DAY]
        return statistics.stdev(changes) * math.sqrt(_YEAR_DAYS) if len(changes) > 1 else None

    return _over(days, volatility)


def _over(days: int, statistic: Statistic, slot: float = DAY) -> Statistic:
    def over(rows: Rows) -> float | None:
        inside = window(rows, days)
        return statistic(inside) if covered(inside, days, slot) else None

    return over
