"""How a body that reaches back years is declared: the columns of a daily history that it fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exporter.spec import DAY, Days, Endpoint, Metric

# Such a body is the same tomorrow but for one row.
FRESH: Final = DAY
# A series that ended long ago is history all the same.
MAX_AGE: Final = 20 * 365 * DAY

# Start of a UTC day in Unix seconds to blocks by pool.
PoolDays = Mapping[float, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Column:
    """`days` reads values in the unit of `metric`, which bounds them; times `factor` they are the column's."""

    name: str
    metric: Metric
    days: Callable[[Any], Days]
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Past:
    endpoint: Endpoint
    columns: tuple[Column, ...] = ()
    pools: Callable[[Any], PoolDays] | None = None

    @property
    def fills(self) -> tuple[str, ...]:
        return (*(column.name for column in self.columns), *(("blocks by pool",) if self.pools else ()))


def lasting(endpoint: Endpoint, name: str, fresh: float = FRESH) -> Endpoint:
    """Asked again only when it is no longer fresh, and good however old its newest row is."""
    return replace(endpoint, name=name, interval=fresh, max_age_override=MAX_AGE)


def by_day(rows: Iterable[tuple[float, float]]) -> Days:
    """The last value within each day, of rows whose times are moments."""
    return tuple({time // DAY * DAY: value for time, value in sorted(rows)}.items())


def ended(rows: Iterable[tuple[float, float]]) -> Days:
    """Values by day, of rows that are stamped with the midnight that ends their day."""
    return by_day((time - 1, value) for time, value in rows)
