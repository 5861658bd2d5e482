"""The largest Lightning nodes. Names of nodes are what their operators chose and do not leave this module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, UnixSeconds
from exporter.sources.mempool_space.bounds import MONEY, TIMES
from exporter.sources.mempool_space.units import bitcoins
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint

TOPS: Final = ("1", "10", "100")
# Nodes announce themselves anew about once a day, so a tenth of the largest was surely heard within three days. An
# announcement carries the clock of its sender: the newest one alone may lie in the future.
_PERIOD: Final = 3 * DAY

_BOTH_ENDS: Final = (
    "A channel counts for both of its nodes, so shares of the network need twice its total. The list ends at 100."
)

LARGEST_CAPACITY = Metric(
    "btchealth_lightning_node_capacity_maximum_bitcoins",
    "Capacity of the channels of the largest Lightning node.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.LIGHTNING,
)
MOST_CHANNELS = Metric(
    "btchealth_lightning_node_channels_maximum",
    "Channels of the Lightning node that has most.",
    bounds=(1.0, 1e7),
    group=Group.LIGHTNING,
)
TOP_CAPACITY = Metric(
    "btchealth_lightning_top_nodes_capacity_bitcoins",
    "Capacity of the 1, 10 or 100 largest Lightning nodes together. " + _BOTH_ENDS,
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"top": TOPS},
    group=Group.LIGHTNING,
)
TOP_CHANNELS = Metric(
    "btchealth_lightning_top_nodes_channels",
    "Channels of the 1, 10 or 100 Lightning nodes with most channels together. " + _BOTH_ENDS,
    bounds=(1.0, 1e8),
    labels={"top": TOPS},
    group=Group.LIGHTNING,
)
HEARD = Metric(
    "btchealth_lightning_top_nodes_update_timestamp_seconds",
    "Time of the node announcements at the newest tenth of the list of the largest Lightning nodes, by the nodes' own "
    "clocks; weeks ago when the backend's Lightning node is off.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.LIGHTNING,
    raw_only="shows how old the ranking is; the ranking leaves when it is too old",
)

_GEOGRAPHY: Final = frozenset({"city", "country", "iso_code", "subdivision"})


class RankedNode(Payload):
    UNUSED = frozenset({"publicKey", "alias"}) | _GEOGRAPHY

    capacity: Annotated[float | None, Number(0, 2.1e15, required=False)] = None
    channels: Annotated[float | None, Number(0, 1e7, required=False)] = None


class Rankings(Payload):
    """Capacity in satoshis; the first list has no channels, the second no capacity."""

    topByCapacity: Annotated[list[Annotated[RankedNode | None, Part()]] | None, Part()] = None
    topByChannels: Annotated[list[Annotated[RankedNode | None, Part()]] | None, Part()] = None


@endpoint(
    "/api/v1/lightning/nodes/rankings",
    Rankings,
    {LARGEST_CAPACITY: "capacity", MOST_CHANNELS: "channels"},
    interval=HOUR,
    period=DAY,
    as_of="lightning_latest",
)
def lightning_rankings(body: Rankings) -> Iterator[Sample | None]:
    capacities = [row.capacity if row else None for row in body.topByCapacity or []]
    channels = [row.channels if row else None for row in body.topByChannels or []]
    yield LARGEST_CAPACITY(bitcoins(_most(capacities)))
    yield MOST_CHANNELS(_most(channels))


def _most(values: list[float | None]) -> float | None:
    """None when one is unknown: it may be the largest."""
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


class LargeNode(Payload):
    """Capacity in satoshis; `updatedAt` in seconds by the node's own clock."""

    UNUSED = frozenset({"publicKey", "alias", "firstSeen"}) | _GEOGRAPHY

    capacity: Annotated[float | None, Number(0, 2.1e15)] = None
    channels: Annotated[float | None, Number(0, 1e7)] = None
    updatedAt: UnixSeconds = None


LargeNodes = list[Annotated[LargeNode | None, Part()]]


def _heard(rows: list[LargeNode | None]) -> float | None:
    times = sorted((row.updatedAt for row in rows if row and row.updatedAt is not None), reverse=True)
    return times[len(times) // 10] if times else None


def _largest(values: list[float | None], metric: Metric) -> Iterator[Sample | None]:
    """Sums over the first 1, 10 and 100; absent where the list is shorter or one of them is unknown."""
    if not values:
        raise BodyError(Reason.EMPTY, "no node")
    for top in TOPS:
        first = values[: int(top)]
        known = [value for value in first if value is not None]
        if len(known) == int(top):
            yield metric(sum(known), top=top)


@endpoint(
    "/api/v1/lightning/nodes/rankings/liquidity",
    LargeNodes,
    {TOP_CAPACITY: "capacity", HEARD: "updatedAt"},
    interval=HOUR,
    period=_PERIOD,
    data_time=_heard,
)
def lightning_liquidity(rows: list[LargeNode | None]) -> Iterator[Sample | None]:
    yield from _largest([bitcoins(row.capacity) if row else None for row in rows], TOP_CAPACITY)
    yield HEARD(_heard(rows))


@endpoint(
    "/api/v1/lightning/nodes/rankings/connectivity",
    LargeNodes,
    {TOP_CHANNELS: "channels"},
    interval=HOUR,
    period=_PERIOD,
    data_time=_heard,
)
def lightning_connectivity(rows: list[LargeNode | None]) -> Iterator[Sample | None]:
    yield from _largest([row.channels if row else None for row in rows], TOP_CHANNELS)
