"""The Lightning network by day: nodes, channels, capacity, fees, and how they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import IsoTimestamp, Number, Part, Payload
from exporter.sources.mempool_space.bounds import MONEY, TIMES
from exporter.sources.mempool_space.units import bitcoins
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import relative_change

COUNTS: Final = (1.0, 1e8)
_CHANGES: Final = ("7d", "30d")
_PARTS_PER_MILLION: Final = 1e6
_MILLISATOSHIS: Final = 1000.0
# The row of a day is stamped with the midnight that begins it and written anew until the next one, so what it says is
# up to a day newer than its stamp. The stamp is the data time: the end of the day lies in the future.
LAG: Final = DAY

CLASSES: Final = {
    "tor": "tor_nodes",
    "clearnet": "clearnet_nodes",
    "clearnet_tor": "clearnet_tor_nodes",
    "unannounced": "unannounced_nodes",
}
_STALE: Final = "One row a day; backends with Lightning switched off answer rows that are weeks old, which are refused."

NODES = Metric(
    "btchealth_lightning_nodes",
    "Lightning nodes with a public channel. " + _STALE,
    bounds=COUNTS,
    group=Group.LIGHTNING,
)
CHANNELS = Metric(
    "btchealth_lightning_channels",
    "Public Lightning channels. Two backends may differ by a few percent on the same day. " + _STALE,
    bounds=COUNTS,
    group=Group.LIGHTNING,
)
CAPACITY = Metric(
    "btchealth_lightning_capacity_bitcoins",
    "Bitcoins in public Lightning channels, each channel counted once. " + _STALE,
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.LIGHTNING,
)
CLASS_NODES = Metric(
    "btchealth_lightning_class_nodes",
    "Lightning nodes by the addresses they announce: onion only, clearnet only, both, or none. The classes add up to "
    "btchealth_lightning_nodes.",
    bounds=(0.0, 1e8),
    labels={"class": tuple(CLASSES)},
    group=Group.LIGHTNING,
)
CHANNEL_MEAN = Metric(
    "btchealth_lightning_channel_capacity_mean_bitcoins",
    "Mean capacity of a public channel.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.LIGHTNING,
)
CHANNEL_MEDIAN = Metric(
    "btchealth_lightning_channel_capacity_median_bitcoins",
    "Median capacity of a public channel.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.LIGHTNING,
)
FEE_RATE_MEAN = Metric(
    "btchealth_lightning_fee_rate_mean_ratio",
    "Proportional fee of a hop, sum over both directions of all channels over the number of channels, so up to twice "
    "the mean of a direction. Rates of 0.005 and more are left out by the backend.",
    Unit.RATIO,
    bounds=(0.0, 0.01),
    group=Group.LIGHTNING,
)
FEE_RATE_MEDIAN = Metric(
    "btchealth_lightning_fee_rate_median_ratio",
    "Median proportional fee of a hop over the directions of all channels. Rates of 0.005 and more are left out by "
    "the backend.",
    Unit.RATIO,
    bounds=(0.0, 0.005),
    group=Group.LIGHTNING,
)
BASE_FEE_MEAN = Metric(
    "btchealth_lightning_base_fee_mean_satoshis",
    "Fixed fee of a hop, sum over both directions of all channels over the number of channels, so up to twice the "
    "mean of a direction. Fees of 5 satoshis and more are left out by the backend.",
    Unit.SATOSHIS,
    bounds=(0.0, 10.0),
    group=Group.LIGHTNING,
)
BASE_FEE_MEDIAN = Metric(
    "btchealth_lightning_base_fee_median_satoshis",
    "Median fixed fee of a hop over the directions of all channels. Fees of 5 satoshis and more are left out by the "
    "backend.",
    Unit.SATOSHIS,
    bounds=(0.0, 5.0),
    group=Group.LIGHTNING,
)
ADDED = Metric(
    "btchealth_lightning_statistics_timestamp_seconds",
    "Midnight that begins the UTC day in which the Lightning statistics were taken.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.LIGHTNING,
)
CAPACITY_CHANGE = Metric(
    "btchealth_lightning_capacity_change_ratio",
    "Signed relative change of capacity over the window; for 30d between medians of three days, because a single row "
    "may be a partial crawl.",
    Unit.RATIO,
    bounds=(-1.0, 1e4),
    labels={"window": _CHANGES},
    group=Group.LIGHTNING,
)
CHANNELS_CHANGE = Metric(
    "btchealth_lightning_channels_change_ratio",
    "Signed relative change of the number of channels over the window; for 30d between medians of three days.",
    Unit.RATIO,
    bounds=(-1.0, 1e4),
    labels={"window": _CHANGES},
    group=Group.LIGHTNING,
)
NODES_CHANGE = Metric(
    "btchealth_lightning_nodes_change_ratio",
    "Signed relative change of the number of nodes over the window; for 30d between medians of three days.",
    Unit.RATIO,
    bounds=(-1.0, 1e4),
    labels={"window": _CHANGES},
    group=Group.LIGHTNING,
)
Nodes = Annotated[float | None, Number(0, 1e8)]
# A network without nodes, channels or capacity is a database without rows.
Positive = Annotated[float | None, Number(1, 2.1e15)]


class Statistics(Payload):
    """Capacities in satoshis, fee rates in parts per million, base fees in millisatoshis; `added` is a midnight."""

    UNUSED = frozenset({"id"})

    added: IsoTimestamp = None
    channel_count: Positive = None
    node_count: Positive = None
    total_capacity: Positive = None
    tor_nodes: Nodes = None
    clearnet_nodes: Nodes = None
    unannounced_nodes: Nodes = None
    clearnet_tor_nodes: Nodes = None
    avg_capacity: Positive = None
    med_capacity: Positive = None
    avg_fee_rate: Annotated[float | None, Number(0, 1e4)] = None
    med_fee_rate: Annotated[float | None, Number(0, 1e4)] = None
    avg_base_fee_mtokens: Annotated[float | None, Number(0, 1e4)] = None
    med_base_fee_mtokens: Annotated[float | None, Number(0, 1e4)] = None

    def classes(self) -> dict[str, float | None]:
        return {name: getattr(self, field) for name, field in CLASSES.items()}


class Latest(Payload):
    """`previous` is the row of seven days before today; the key is missing when there is no such row."""

    latest: Annotated[Statistics | None, Part()] = None
    previous: Annotated[Statistics | None, Part(required=False)] = None

    def added(self) -> float | None:
        return self.latest.added if self.latest else None


@endpoint(
    "/api/v1/lightning/statistics/latest",
    Latest,
    {
        NODES: "node_count",
        CHANNELS: "channel_count",
        CAPACITY: "total_capacity",
        CLASS_NODES: CLASSES,
        CHANNEL_MEAN: "avg_capacity",
        CHANNEL_MEDIAN: "med_capacity",
        FEE_RATE_MEAN: "avg_fee_rate",
        FEE_RATE_MEDIAN: "med_fee_rate",
        BASE_FEE_MEAN: "avg_base_fee_mtokens",
        BASE_FEE_MEDIAN: "med_base_fee_mtokens",
        ADDED: "added",
        CAPACITY_CHANGE: "total_capacity",
        CHANNELS_CHANGE: "channel_count",
        NODES_CHANGE: "node_count",
    },
    interval=HOUR,
    period=DAY,
    lag=LAG,
    data_time=Latest.added,
)
def lightning_latest(body: Latest) -> Iterator[Sample | None]:
    row = body.latest
    if row is None or row.added is None:
        raise BodyError(Reason.EMPTY, "no Lightning statistics with a date")
    known = [count for count in row.classes().values() if count is not None]
    if row.node_count is not None and len(known) == len(CLASSES) and sum(known) != row.node_count:
        raise BodyError(Reason.INCONSISTENT, f"classes add up to {sum(known):.0f} of {row.node_count:.0f} nodes")
    yield NODES(row.node_count)
    yield CHANNELS(row.channel_count)
    yield CAPACITY(bitcoins(row.total_capacity))
    for name, count in row.classes().items():
        yield CLASS_NODES(count, None, **{"class": name})
    yield ADDED(row.added)
    yield from _channels(row)
    if body.previous and body.previous.added == row.added - 7 * DAY:
        yield _week(CAPACITY_CHANGE, row.total_capacity, body.previous.total_capacity)
        yield _week(CHANNELS_CHANGE, row.channel_count, body.previous.channel_count)
        yield _week(NODES_CHANGE, row.node_count, body.previous.node_count)


def _channels(row: Statistics) -> Iterator[Sample | None]:
    yield CHANNEL_MEAN(bitcoins(row.avg_capacity))
    yield CHANNEL_MEDIAN(bitcoins(row.med_capacity))
    yield FEE_RATE_MEAN(_scaled(row.avg_fee_rate, _PARTS_PER_MILLION))
    yield FEE_RATE_MEDIAN(_scaled(row.med_fee_rate, _PARTS_PER_MILLION))
    yield BASE_FEE_MEAN(_scaled(row.avg_base_fee_mtokens, _MILLISATOSHIS))
    yield BASE_FEE_MEDIAN(_scaled(row.med_base_fee_mtokens, _MILLISATOSHIS))


def _scaled(value: float | None, divisor: float) -> float | None:
    return None if value is None else value / divisor


def _week(metric: Metric, after: float | None, before: float | None) -> Sample | None:
    return None if after is None or before is None else metric(relative_change(after, before), window="7d")
