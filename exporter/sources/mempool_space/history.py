"""Mining, Lightning and mempool over all years that the backend keeps.

Any name of a window that the backend does not know means all years; "all" is such a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, Text, UnixSeconds
from exporter.sources.mempool_space import hashrate, lightning, mempool, network, pools, retargets, statistics
from exporter.sources.mempool_space.bounds import LARGEST_RETARGET, LEAST_RETARGET, SHARES
from exporter.sources.mempool_space.lightning_history import DayRow
from exporter.sources.mempool_space.units import bitcoins
from exporter.sources.past import FRESH, MAX_AGE, Column, Past, PoolDays, by_day, ended
from exporter.spec import DAY, Days, Sample, endpoint
from scoring.quantities import BLOCKS_PER_DAY

_EXAHASHES: Final = 1e-18
_WEIGHT_PER_VBYTE: Final = 4
_WEEK_DAYS: Final = 7
# Backends since 2025 have a band below 1 satoshi per virtual byte before the others.
_BANDS_WITH_FREE: Final = 39
# The list names only pools that found a block last week; of older weeks it knows the less the older they are.
_LEAST_KNOWN_SHARE: Final = 0.95


@endpoint(
    "/api/v1/mining/hashrate/all",
    hashrate.Hashrate,
    {hashrate.HASHRATE: "avgHashrate"},
    interval=FRESH,
    period=DAY,
    max_age=MAX_AGE,
    data_time=hashrate.Hashrate.newest,
)
def hashrate_history(body: hashrate.Hashrate) -> Iterator[Sample | None]:
    network.refuse_other_network(difficulty=body.currentDifficulty, hashrate=body.currentHashrate)
    days = body.days()
    yield hashrate.HASHRATE(days.get(max(days, default=0.0)), window="24h")


def _hashrates(body: hashrate.Hashrate) -> Days:
    return ended(body.days().items())


@endpoint(
    "/api/v1/mining/difficulty-adjustments/all",
    list[Annotated[retargets.Retarget | None, Part()]],
    {retargets.LAST_HEIGHT: "height"},
    interval=FRESH,
    period=DAY,
    max_age=MAX_AGE,
)
def retargets_history(rows: list[retargets.Retarget | None]) -> Iterator[Sample | None]:
    """Newest first."""
    known = [found for row in rows if row and (found := row.known())]
    if any(later.height <= earlier.height for later, earlier in pairwise(known)):
        raise BodyError(Reason.INCONSISTENT, "heights do not descend")
    for row in known:
        if not LEAST_RETARGET <= row.factor <= LARGEST_RETARGET:
            raise BodyError(Reason.WRONG_NETWORK, f"retarget by a factor of {row.factor:g} at height {row.height:.0f}")
    yield retargets.LAST_HEIGHT(known[0].height if known else None)


def _heights(rows: list[retargets.Retarget | None]) -> Days:
    known = (found for row in rows if row and (found := row.known()))
    return by_day((row.time, row.height) for row in known)


@endpoint(
    "/api/v1/lightning/statistics/all",
    list[Annotated[DayRow | None, Part()]],
    {lightning.CAPACITY: "total_capacity"},
    interval=FRESH,
    period=DAY,
    max_age=MAX_AGE,
)
def lightning_all_history(rows: list[DayRow | None]) -> Iterator[Sample | None]:
    capacities = _capacities(rows)
    if not capacities:
        raise BodyError(Reason.EMPTY, "no dated row with a capacity")
    yield lightning.CAPACITY(capacities[-1][1])


def _capacities(rows: list[DayRow | None]) -> Days:
    return _days([(row.added, bitcoins(row.total_capacity)) for row in rows if row])


def _channels(rows: list[DayRow | None]) -> Days:
    return _days([(row.added, row.channel_count) for row in rows if row])


def _nodes(rows: list[DayRow | None]) -> Days:
    return _days([(row.added, row.nodes()) for row in rows if row])


def _days(rows: list[tuple[float | None, float | None]]) -> Days:
    return by_day((time, value) for time, value in rows if time is not None and value is not None)


class PoolWeek(Payload):
    """`timestamp` is the midnight that ends the week; `share` a ratio of all blocks of it."""

    UNUSED = frozenset({"avgHashrate"})

    timestamp: UnixSeconds = None
    share: Annotated[float | None, Number(*SHARES)] = None
    poolName: Annotated[str | None, Text(longest=80)] = None


@endpoint(
    "/api/v1/mining/hashrate/pools/3y",
    list[Annotated[PoolWeek | None, Part()]],
    {pools.UNKNOWN_SHARE: "share"},
    interval=FRESH,
    period=_WEEK_DAYS * DAY,
    max_age=MAX_AGE,
)
def pools_history(rows: list[PoolWeek | None]) -> Iterator[Sample | None]:
    weeks = _weeks(rows)
    if not weeks:
        raise BodyError(Reason.EMPTY, "no week of blocks by pool")
    yield pools.UNKNOWN_SHARE(max(0.0, 1 - sum(weeks[max(weeks)].values())), window="7d")


def _weeks(rows: list[PoolWeek | None]) -> dict[float, dict[str, float]]:
    """End of the week to shares by pool, named as the slugs of the pool list are."""
    weeks: dict[float, dict[str, float]] = {}
    for row in rows:
        match row:
            case PoolWeek(timestamp=float(end), share=float(share), poolName=str(name)):
                pool = "".join(sign for sign in name.lower() if sign.isalnum())
                week = weeks.setdefault(end // DAY * DAY, {})
                week[pool] = week.get(pool, 0.0) + share
    return weeks


def _pool_days(rows: list[PoolWeek | None]) -> PoolDays:
    """Every day of a week as the week, which is all that is told; so are the days since the newest week."""
    found: dict[float, dict[str, float]] = {}
    for end, shares in sorted(_weeks(rows).items()):
        known = sum(shares.values())
        if known >= _LEAST_KNOWN_SHARE:
            unknown = shares.get("unknown", 0.0) + max(0.0, 1 - known)
            blocks = {pool: share * BLOCKS_PER_DAY for pool, share in {**shares, "unknown": unknown}.items()}
            found |= {end + day * DAY: blocks for day in range(-_WEEK_DAYS, _WEEK_DAYS)}
    return found


class MempoolRow(statistics.Row):
    """`vsizes`: virtual bytes by fee band, the lowest first. Older rows tell neither count nor weight."""

    UNUSED = frozenset({"vbytes_per_second", "total_fee", "min_fee", "count", "mempool_byte_weight"})

    vsizes: Annotated[list[Annotated[float | None, Number(0, 5e9)]] | None, Part()] = None

    def paid(self) -> float | None:
        """Virtual bytes that pay at least 1 satoshi each."""
        known = [size for size in self.vsizes or [] if size is not None]
        if not known or len(known) != len(self.vsizes or []):
            return None
        return sum(known[1:] if len(known) >= _BANDS_WITH_FREE else known)

    def whole(self) -> float | None:
        if self.mempool_byte_weight is not None:
            return self.mempool_byte_weight / _WEIGHT_PER_VBYTE
        known = [size for size in self.vsizes or [] if size is not None]
        return sum(known) if known and len(known) == len(self.vsizes or []) else None


@endpoint(
    "/api/v1/statistics/4y",
    list[Annotated[MempoolRow | None, Part()]],
    {mempool.VBYTES: "vsizes"},
    interval=FRESH,
    period=DAY,
    max_age=MAX_AGE,
)
def mempool_history(rows: list[MempoolRow | None]) -> Iterator[Sample | None]:
    """An empty list is what a failing database answers."""
    sizes = _whole(rows)
    if not sizes:
        raise BodyError(Reason.EMPTY, "no dated row with a size")
    yield mempool.VBYTES(sizes[-1][1])


def _whole(rows: list[MempoolRow | None]) -> Days:
    return _days([(row.added, row.whole()) for row in rows if row])


def _paid(rows: list[MempoolRow | None]) -> Days:
    return _days([(row.added, row.paid()) for row in rows if row])


HISTORY: Final[tuple[Past, ...]] = (
    Past(network.genesis),
    Past(hashrate_history, (Column("hashrate_eh_s", hashrate.HASHRATE, _hashrates, _EXAHASHES),)),
    Past(retargets_history, (Column("height", retargets.LAST_HEIGHT, _heights),)),
    Past(
        lightning_all_history,
        (
            Column("ln_capacity_btc", lightning.CAPACITY, _capacities),
            Column("ln_channels", lightning.CHANNELS, _channels),
            Column("ln_nodes", lightning.NODES, _nodes),
        ),
    ),
    Past(
        mempool_history,
        (
            Column("mempool_vbytes", mempool.VBYTES, _whole),
            Column("mempool_paid_vbytes", mempool.VBYTES, _paid),
        ),
    ),
    Past(pools_history, pools=_pool_days),
)
