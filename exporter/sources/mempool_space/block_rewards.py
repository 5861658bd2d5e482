"""Fees and rewards by block over a day, a week and a month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Part, Payload, Satoshis, UnixSeconds
from exporter.sources.mempool_space.bounds import MONEY
from exporter.sources.mempool_space.units import bitcoins, mean
from exporter.spec import DAY, HOUR, MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import SATOSHIS_PER_BITCOIN, median

_DAYS: Final = {"24h": 1, "7d": 7, "30d": 30}
_GROUPED: Final = "Blocks found within one group of 5 minutes (7d) or 30 minutes (30d) count once in the mean."

# Blocks can be an hour and more apart, and wait up to an hour for their price entry before they are listed.
_PERIOD: Final = HOUR
_LAG: Final = 2 * HOUR

BLOCK_FEES = Metric(
    "btchealth_block_fees_mean_bitcoins",
    "Mean fees of a block in the window. Blocks that wait for their price entry are missing. " + _GROUPED,
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": tuple(_DAYS)},
    group=Group.SECURITY,
)
BLOCK_FEES_MEDIAN = Metric(
    "btchealth_block_fees_median_bitcoins",
    "Median fees of a block in the window; a few overpaid fees do not move it. " + _GROUPED,
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": tuple(_DAYS)},
    group=Group.SECURITY,
)
BLOCK_REWARDS = Metric(
    "btchealth_block_rewards_mean_bitcoins",
    "Mean subsidy and fees of a block in the window. Blocks that wait for their price entry are missing. " + _GROUPED,
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": tuple(_DAYS)},
    group=Group.SECURITY,
)


class FeesRow(Payload):
    """A mean over a group of blocks. `USD` is the price then; it is missing from old rows and from the newest."""

    UNUSED = frozenset({"avgHeight", "USD"})

    timestamp: UnixSeconds = None
    avgFees: Satoshis = None


class RewardsRow(Payload):
    UNUSED = frozenset({"avgHeight", "USD"})

    timestamp: UnixSeconds = None
    avgRewards: Satoshis = None


FeesRows = list[Annotated[FeesRow | None, Part()]]
RewardsRows = list[Annotated[RewardsRow | None, Part()]]


def _newest(rows: list[FeesRow | None] | list[RewardsRow | None]) -> float | None:
    return max((row.timestamp for row in rows if row and row.timestamp is not None), default=None)


def _in_window(points: list[tuple[float, float]], window: str) -> list[float]:
    """The values; refuses a body of another window: an unknown name is answered with everything since 2009."""
    if not points:
        raise BodyError(Reason.EMPTY, f"no block in {window}")
    times = [time for time, _ in points]
    days = (max(times) - min(times)) / DAY
    if not 0.5 * _DAYS[window] <= days <= 1.1 * _DAYS[window]:
        raise BodyError(Reason.INCONSISTENT, f"rows span {days:.2f} days, expected about {_DAYS[window]}")
    return [value for _, value in points]


def _fees(rows: list[FeesRow | None], window: str) -> Iterator[Sample | None]:
    known = [(row.timestamp, row.avgFees) for row in rows if row]
    points = [(time, fees) for time, fees in known if time is not None and fees is not None]
    values = [value / SATOSHIS_PER_BITCOIN for value in _in_window(points, window)]
    yield BLOCK_FEES(mean(values), window=window)
    yield BLOCK_FEES_MEDIAN(median(values), window=window)


def _rewards(rows: list[RewardsRow | None], window: str) -> Iterator[Sample | None]:
    known = [(row.timestamp, row.avgRewards) for row in rows if row]
    points = [(time, reward) for time, reward in known if time is not None and reward is not None]
    yield BLOCK_REWARDS(bitcoins(mean(_in_window(points, window))), window=window)


_FEES: Final = {BLOCK_FEES: "avgFees", BLOCK_FEES_MEDIAN: "avgFees"}
_REWARDS: Final = {BLOCK_REWARDS: "avgRewards"}


@endpoint(
    "/api/v1/mining/blocks/fees/24h",
    FeesRows,
    _FEES,
    interval=10 * MINUTE,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_fees_24h(rows: list[FeesRow | None]) -> Iterator[Sample | None]:
    yield from _fees(rows, "24h")


@endpoint(
    "/api/v1/mining/blocks/fees/1w",
    FeesRows,
    _FEES,
    interval=10 * MINUTE,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_fees_1w(rows: list[FeesRow | None]) -> Iterator[Sample | None]:
    yield from _fees(rows, "7d")


@endpoint(
    "/api/v1/mining/blocks/fees/1m",
    FeesRows,
    _FEES,
    interval=HOUR,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_fees_1m(rows: list[FeesRow | None]) -> Iterator[Sample | None]:
    yield from _fees(rows, "30d")


@endpoint(
    "/api/v1/mining/blocks/rewards/24h",
    RewardsRows,
    _REWARDS,
    interval=10 * MINUTE,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_rewards_24h(rows: list[RewardsRow | None]) -> Iterator[Sample | None]:
    yield from _rewards(rows, "24h")


@endpoint(
    "/api/v1/mining/blocks/rewards/1w",
    RewardsRows,
    _REWARDS,
    interval=10 * MINUTE,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_rewards_1w(rows: list[RewardsRow | None]) -> Iterator[Sample | None]:
    yield from _rewards(rows, "7d")


@endpoint(
    "/api/v1/mining/blocks/rewards/1m",
    RewardsRows,
    _REWARDS,
    interval=HOUR,
    period=_PERIOD,
    lag=_LAG,
    data_time=_newest,
)
def block_rewards_1m(rows: list[RewardsRow | None]) -> Iterator[Sample | None]:
    yield from _rewards(rows, "30d")
