"""Unconfirmed transactions: size, fees, fee bands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, Satoshis, SatoshisPerVbyte, Vbytes
from exporter.sources.mempool_space.bounds import FEE_RATES, MONEY
from exporter.sources.mempool_space.units import bitcoins, share
from exporter.spec import MINUTE, Group, Metric, Rejected, Sample, Unit, endpoint

# Default of Bitcoin Core's -maxmempool.
DEFAULT_LIMIT_BYTES: Final = 300e6

_EDGES: Final = (0, 1, 2, 5, 10, 20, 50, 100)
BANDS: Final = (*(f"{low}-{high}" for low, high in pairwise(_EDGES)), f"{_EDGES[-1]}+")

# The buckets add up to the total exactly; the rest is room for a backend that counts while transactions arrive.
_HISTOGRAM_TOLERANCE: Final = 0.01

TRANSACTIONS = Metric(
    "btchealth_mempool_transactions",
    "Unconfirmed transactions in the mempool of the backend's node. Every node has its own mempool.",
    bounds=(0.0, 1e8),
    group=Group.THROUGHPUT,
)
VBYTES = Metric(
    "btchealth_mempool_vbytes",
    "Virtual size of all unconfirmed transactions. One block holds at most 1,000,000.",
    Unit.VBYTES,
    bounds=(0.0, 5e9),
    group=Group.THROUGHPUT,
)
FEES = Metric(
    "btchealth_mempool_fees_bitcoins",
    "Fees offered by all unconfirmed transactions together.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.THROUGHPUT,
)
LIMIT = Metric(
    "btchealth_mempool_limit_ratio",
    "Virtual size of the mempool over 300,000,000, the default mempool limit of Bitcoin Core. The limit counts "
    "memory, which is several times the virtual size, so nodes with default settings purge well before this reaches 1.",
    Unit.RATIO,
    bounds=(0.0, 100.0),
    group=Group.THROUGHPUT,
)
FEE_MEAN = Metric(
    "btchealth_mempool_fee_mean_satoshis_per_vbyte",
    "Fees of all unconfirmed transactions over their virtual size.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)
TRANSACTION_MEAN = Metric(
    "btchealth_mempool_transaction_mean_vbytes",
    "Mean virtual size of an unconfirmed transaction. It jumps when one kind of transaction floods the mempool.",
    Unit.VBYTES,
    bounds=(1.0, 1e6),
    group=Group.THROUGHPUT,
)
BAND = Metric(
    "btchealth_mempool_band_vbytes",
    "Virtual size waiting in a band of fee rates in satoshis per virtual byte, lower edge included. Read from buckets "
    "of at least 50,000 vbytes that carry their lowest rate, so a bucket across an edge counts in the lower band. "
    "Absent where the backend keeps no histogram.",
    Unit.VBYTES,
    bounds=(0.0, 5e9),
    labels={"band": BANDS},
    group=Group.THROUGHPUT,
)
MEDIAN_FEE = Metric(
    "btchealth_mempool_median_fee_satoshis_per_vbyte",
    "Fee rate that half of the waiting virtual size pays or exceeds, to the lower edge of a histogram bucket.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)

Bucket = tuple[SatoshisPerVbyte, Vbytes]


class Mempool(Payload):
    """`fee_histogram`: lowest rate of the bucket and vbytes in it, highest rate first."""

    count: Annotated[float | None, Number(0, 1e8)] = None
    vsize: Vbytes = None
    total_fee: Satoshis = None
    fee_histogram: Annotated[list[Annotated[Bucket | None, Part()]] | None, Part()] = None


@endpoint(
    "/api/mempool",
    Mempool,
    {
        TRANSACTIONS: "count",
        VBYTES: "vsize",
        FEES: "total_fee",
        LIMIT: "vsize",
        FEE_MEAN: ("total_fee", "vsize"),
        TRANSACTION_MEAN: ("vsize", "count"),
        BAND: "fee_histogram",
        MEDIAN_FEE: "fee_histogram",
    },
    interval=MINUTE,
    period=MINUTE,
)
def mempool(body: Mempool) -> Iterator[Sample | Rejected | None]:
    if body.count is not None and body.vsize is not None and (body.count == 0) != (body.vsize == 0):
        raise BodyError(Reason.INCONSISTENT, f"{body.count:.0f} transactions of {body.vsize:.0f} vbytes")
    yield TRANSACTIONS(body.count)
    yield VBYTES(body.vsize)
    yield FEES(bitcoins(body.total_fee))
    yield LIMIT(share(body.vsize, DEFAULT_LIMIT_BYTES))
    yield FEE_MEAN(share(body.total_fee, body.vsize))
    yield TRANSACTION_MEAN(share(body.vsize, body.count))
    yield from _histogram(body)


def _histogram(body: Mempool) -> Iterator[Sample | Rejected | None]:
    if body.vsize is None or body.fee_histogram is None:
        return
    if not body.fee_histogram and body.vsize:
        # A backend without an Electrum server keeps none; that is no fault.
        return
    buckets = [
        (bucket[0], bucket[1])
        for bucket in body.fee_histogram
        if bucket and bucket[0] is not None and bucket[1] is not None
    ]
    if abs(sum(size for _, size in buckets) - body.vsize) > _HISTOGRAM_TOLERANCE * body.vsize:
        yield Rejected("fee_histogram")
        return
    sizes = dict.fromkeys(BANDS, 0.0)
    for rate, size in buckets:
        sizes[band_of(rate)] += size
    for band, size in sizes.items():
        yield BAND(size, band=band)
    yield MEDIAN_FEE(median_rate(buckets))


def band_of(rate: float) -> str:
    return BANDS[sum(rate >= edge for edge in _EDGES) - 1]


def median_rate(buckets: list[tuple[float, float]]) -> float | None:
    """Rate of the bucket that holds the middle vbyte, counted from the highest rate."""
    ordered = sorted(buckets, reverse=True)
    half = sum(size for _, size in ordered) / 2
    reached = accumulate(size for _, size in ordered)
    return next((rate for (rate, _), total in zip(ordered, reached, strict=True) if total >= half > 0), None)
