"""The backend's own record of its mempool: by the minute, and in means of five minutes over a week."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, Satoshis, UnixSeconds
from exporter.sources.mempool_space.bounds import FEE_RATES, MONEY
from exporter.sources.mempool_space.units import bitcoins, mean
from exporter.spec import DAY, HOUR, MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import WINDOW_MINIMUM_RATIO

_WEIGHT_PER_VBYTE: Final = 4
_SECONDS: Final = {"2h": 2 * HOUR, "24h": DAY, "7d": 7 * DAY}

INFLOW = Metric(
    "btchealth_mempool_inflow_vbytes_per_second",
    "Virtual bytes of transactions that reached the backend's node in the newest recorded minute. Blocks take out "
    "1,667 a second at most.",
    Unit.VBYTES_PER_SECOND,
    bounds=(0.0, 1e8),
    group=Group.THROUGHPUT,
)
INFLOW_MEAN = Metric(
    "btchealth_mempool_inflow_mean_vbytes_per_second",
    "Mean over the window of the virtual bytes of transactions that reached the backend's node. Blocks take out 1,667 "
    "a second at most: above that for long, the mempool grows.",
    Unit.VBYTES_PER_SECOND,
    bounds=(0.0, 1e8),
    labels={"window": ("2h", "24h", "7d")},
    group=Group.THROUGHPUT,
)
MINIMUM_FEE = Metric(
    "btchealth_mempool_minimum_fee_satoshis_per_vbyte",
    "Fee rate below which the backend's node drops transactions; rises when its mempool is full.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)
TRANSACTIONS_MEAN = Metric(
    "btchealth_mempool_transactions_mean",
    "Mean number of unconfirmed transactions over the window.",
    bounds=(0.0, 1e8),
    labels={"window": ("7d",)},
    group=Group.THROUGHPUT,
)
TRANSACTIONS_MAXIMUM = Metric(
    "btchealth_mempool_transactions_maximum",
    "Largest 5-minute mean of the number of unconfirmed transactions in the window.",
    bounds=(0.0, 1e8),
    labels={"window": ("7d",)},
    group=Group.THROUGHPUT,
)
VBYTES_MEAN = Metric(
    "btchealth_mempool_mean_vbytes",
    "Mean virtual size of the mempool over the window.",
    Unit.VBYTES,
    bounds=(0.0, 5e9),
    labels={"window": ("7d",)},
    group=Group.THROUGHPUT,
)
VBYTES_MAXIMUM = Metric(
    "btchealth_mempool_maximum_vbytes",
    "Largest 5-minute mean of the virtual size of the mempool in the window.",
    Unit.VBYTES,
    bounds=(0.0, 5e9),
    labels={"window": ("7d",)},
    group=Group.THROUGHPUT,
)
FEES_MEAN = Metric(
    "btchealth_mempool_fees_mean_bitcoins",
    "Mean over the window of the fees that all unconfirmed transactions offer.",
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": ("7d",)},
    group=Group.THROUGHPUT,
)


class Row(Payload):
    """`added` in seconds, `mempool_byte_weight` in weight units; counts are fractional in means of five minutes."""

    UNUSED = frozenset({"vsizes"})

    added: UnixSeconds = None
    count: Annotated[float | None, Number(0, 1e8)] = None
    vbytes_per_second: Annotated[float | None, Number(0, 1e8)] = None
    mempool_byte_weight: Annotated[float | None, Number(0, 2e10)] = None
    total_fee: Satoshis = None
    min_fee: Annotated[float | None, Number(*FEE_RATES, required=False)] = None


Rows = list[Annotated[Row | None, Part()]]


def _timed(rows: list[Row | None]) -> list[tuple[float, Row]]:
    """Newest first, as the API has them."""
    timed = [(row.added, row) for row in rows if row and row.added is not None]
    return sorted(timed, key=lambda pair: pair[0], reverse=True)


def _newest(rows: list[Row | None]) -> float | None:
    return max((time for time, _ in _timed(rows)), default=None)


def _window(rows: list[Row | None], window: str) -> list[Row]:
    """The rows of the last so many seconds, if they reach back far enough."""
    timed = _timed(rows)
    recent = [(time, row) for time, row in timed if timed[0][0] - time <= _SECONDS[window]]
    if not recent or recent[0][0] - recent[-1][0] < WINDOW_MINIMUM_RATIO * _SECONDS[window]:
        return []
    return [row for _, row in recent]


def _inflow(rows: list[Row | None], window: str) -> Sample | None:
    rates = [row.vbytes_per_second for row in _window(rows, window) if row.vbytes_per_second is not None]
    return INFLOW_MEAN(mean(rates), window=window)


@endpoint(
    "/api/v1/statistics/2h",
    Rows,
    {INFLOW: "vbytes_per_second", INFLOW_MEAN: "vbytes_per_second", MINIMUM_FEE: "min_fee"},
    interval=2 * MINUTE,
    period=MINUTE,
    lag=MINUTE,
    data_time=_newest,
)
def statistics_2h(rows: list[Row | None]) -> Iterator[Sample | None]:
    """An empty list is what a failing database answers."""
    if not rows:
        raise BodyError(Reason.EMPTY, "no row")
    for _, newest in _timed(rows)[:1]:
        yield INFLOW(newest.vbytes_per_second)
        yield MINIMUM_FEE(newest.min_fee)
    yield _inflow(rows, "2h")


@endpoint(
    "/api/v1/statistics/1w",
    Rows,
    {
        INFLOW_MEAN: "vbytes_per_second",
        TRANSACTIONS_MEAN: "count",
        TRANSACTIONS_MAXIMUM: "count",
        VBYTES_MEAN: "mempool_byte_weight",
        VBYTES_MAXIMUM: "mempool_byte_weight",
        FEES_MEAN: "total_fee",
    },
    interval=30 * MINUTE,
    period=5 * MINUTE,
    lag=5 * MINUTE,
    data_time=_newest,
)
def statistics_1w(rows: list[Row | None]) -> Iterator[Sample | None]:
    """An empty list is what a failing database answers."""
    if not rows:
        raise BodyError(Reason.EMPTY, "no row")
    week = _window(rows, "7d")
    if not week:
        raise BodyError(Reason.INCONSISTENT, f"{len(rows)} rows do not reach back a week")
    yield _inflow(rows, "24h")
    yield _inflow(rows, "7d")
    counts = [row.count for row in week if row.count is not None]
    weights = [row.mempool_byte_weight for row in week if row.mempool_byte_weight is not None]
    sizes = [weight / _WEIGHT_PER_VBYTE for weight in weights]
    fees = [row.total_fee for row in week if row.total_fee is not None]
    yield TRANSACTIONS_MEAN(mean(counts), window="7d")
    yield TRANSACTIONS_MAXIMUM(max(counts, default=None), window="7d")
    yield VBYTES_MEAN(mean(sizes), window="7d")
    yield VBYTES_MAXIMUM(max(sizes, default=None), window="7d")
    yield FEES_MEAN(bitcoins(mean(fees)), window="7d")
