"""A year of daily rows of the Lightning network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Part, Payload, UnixSeconds
from exporter.sources.mempool_space.bounds import MONEY
from exporter.sources.mempool_space.hashrate import covered
from exporter.sources.mempool_space.lightning import (
    CAPACITY_CHANGE,
    CHANNELS_CHANGE,
    CLASSES,
    COUNTS,
    LAG,
    NODES_CHANGE,
    Nodes,
    Positive,
)
from exporter.sources.mempool_space.units import bitcoins
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import median, relative_change

_YEAR: Final = ("365d",)
_LONGEST_YEAR: Final = 370 * DAY
# Days on each side of a change, so that one partial crawl does not make one.
_SMOOTHED: Final = 3

CAPACITY_MAXIMUM = Metric(
    "btchealth_lightning_capacity_maximum_bitcoins",
    "Largest capacity of a day in the window; absent while more than a fifth of the days are missing.",
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": _YEAR},
    group=Group.LIGHTNING,
)
CHANNELS_MAXIMUM = Metric(
    "btchealth_lightning_channels_maximum",
    "Largest number of channels of a day in the window; absent while more than a fifth of the days are missing.",
    bounds=COUNTS,
    labels={"window": _YEAR},
    group=Group.LIGHTNING,
)
NODES_MAXIMUM = Metric(
    "btchealth_lightning_nodes_maximum",
    "Largest number of nodes of a day in the window; absent while more than a fifth of the days are missing.",
    bounds=COUNTS,
    labels={"window": _YEAR},
    group=Group.LIGHTNING,
)
HISTORY_ROWS = Metric(
    "btchealth_lightning_history_rows",
    "Daily rows of Lightning statistics that the backend has for the last year.",
    bounds=(1.0, 367.0),
    group=Group.LIGHTNING,
    raw_only="tells why the maxima of the year are absent",
)


class DayRow(Payload):
    """`added` in seconds, unlike the newest row alone; no sum of nodes, no fees."""

    added: UnixSeconds = None
    channel_count: Positive = None
    total_capacity: Positive = None
    tor_nodes: Nodes = None
    clearnet_nodes: Nodes = None
    unannounced_nodes: Nodes = None
    clearnet_tor_nodes: Nodes = None

    def nodes(self) -> float | None:
        classes = (self.tor_nodes, self.clearnet_nodes, self.unannounced_nodes, self.clearnet_tor_nodes)
        known = [count for count in classes if count is not None]
        return sum(known) if len(known) == len(classes) else None


Days = Mapping[float, float]


def _newest(rows: list[DayRow | None]) -> float | None:
    return max((row.added for row in rows if row and row.added is not None), default=None)


@endpoint(
    "/api/v1/lightning/statistics/1y",
    list[Annotated[DayRow | None, Part()]],
    {
        CAPACITY_MAXIMUM: "total_capacity",
        CHANNELS_MAXIMUM: "channel_count",
        NODES_MAXIMUM: tuple(CLASSES.values()),
        CAPACITY_CHANGE: "total_capacity",
        CHANNELS_CHANGE: "channel_count",
        NODES_CHANGE: tuple(CLASSES.values()),
        HISTORY_ROWS: "added",
    },
    interval=3 * HOUR,
    period=DAY,
    lag=LAG,
    data_time=_newest,
)
def lightning_history(rows: list[DayRow | None]) -> Iterator[Sample | None]:
    """Newest first."""
    dated = {row.added: row for row in rows if row and row.added is not None}
    if not dated:
        raise BodyError(Reason.EMPTY, "no dated row")
    if max(dated) - min(dated) > _LONGEST_YEAR:
        raise BodyError(Reason.INCONSISTENT, f"{(max(dated) - min(dated)) / DAY:.0f} days, expected a year")
    capacity = _by_day({time: bitcoins(row.total_capacity) for time, row in dated.items()})
    channels = _by_day({time: row.channel_count for time, row in dated.items()})
    nodes = _by_day({time: row.nodes() for time, row in dated.items()})
    yield HISTORY_ROWS(len(dated))
    yield _maximum(CAPACITY_MAXIMUM, capacity)
    yield _maximum(CHANNELS_MAXIMUM, channels)
    yield _maximum(NODES_MAXIMUM, nodes)
    yield _change(CAPACITY_CHANGE, capacity)
    yield _change(CHANNELS_CHANGE, channels)
    yield _change(NODES_CHANGE, nodes)


def _by_day(values: Mapping[float, float | None]) -> Days:
    return {time: value for time, value in values.items() if value is not None}


def _maximum(metric: Metric, days: Days) -> Sample | None:
    return metric(max(days.values()), window="365d") if covered(days, 365) else None


def _change(metric: Metric, days: Days) -> Sample | None:
    """Between the medians of three days that end a month apart."""
    newest = max(days, default=0.0)
    after = [days[time] for time in _ending(newest) if time in days]
    before = [days[time] for time in _ending(newest - 30 * DAY) if time in days]
    if len(after) != _SMOOTHED or len(before) != _SMOOTHED:
        return None
    return metric(relative_change(median(after), median(before)), window="30d")


def _ending(time: float) -> list[float]:
    return [time - back * DAY for back in range(_SMOOTHED)]
