"""Fee estimates and the blocks that would be mined from the mempool as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Bytes, Number, Part, Payload, Satoshis, SatoshisPerVbyte, Vbytes
from exporter.sources.mempool_space.bounds import FEE_RATES, MONEY
from exporter.sources.mempool_space.units import bitcoins
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import BLOCK_CAPACITY_VBYTES

TARGETS: Final = ("next_block", "half_hour", "hour", "economy", "minimum")
POSITIONS: Final = ("1", "2", "3")

RECOMMENDED = Metric(
    "btchealth_fee_recommended_satoshis_per_vbyte",
    "Fee rate recommended to wallets for a target, rounded up to whole numbers and never below 1 although much of the "
    "mempool may pay less; btchealth_fee_estimate_satoshis_per_vbyte is the exact one.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    labels={"target": TARGETS},
    group=Group.THROUGHPUT,
)
ESTIMATE = Metric(
    "btchealth_fee_estimate_satoshis_per_vbyte",
    "Fee rate estimated for a target from the projected blocks, to three decimals; may be below 1. economy is at most "
    "twice the minimum, minimum is the rate below which the backend's node drops transactions.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    labels={"target": TARGETS},
    group=Group.THROUGHPUT,
)
PROJECTED = Metric(
    "btchealth_projected_blocks",
    "Blocks that the backend projects from its mempool. The list is capped at eight entries; the last one is not "
    "counted when it holds all the rest.",
    bounds=(0.0, 100.0),
    group=Group.THROUGHPUT,
)
MEDIAN_FEE = Metric(
    "btchealth_projected_block_median_fee_satoshis_per_vbyte",
    "Median fee rate of a projected block; position 1 is the next block.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
)
MINIMUM_FEE = Metric(
    "btchealth_projected_block_minimum_fee_satoshis_per_vbyte",
    "Lowest rate of the fee range of a projected block: what it takes to be in it. Position 1 is the next block.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
)
MAXIMUM_FEE = Metric(
    "btchealth_projected_block_maximum_fee_satoshis_per_vbyte",
    "Highest rate of the fee range of a projected block. A single careless transaction sets it.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
    raw_only="one transaction sets it; for a look at a single overpaid fee",
)
BLOCK_FEES = Metric(
    "btchealth_projected_block_fees_bitcoins",
    "Fees of all transactions of a projected block.",
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
)
BLOCK_TRANSACTIONS = Metric(
    "btchealth_projected_block_transactions",
    "Transactions of a projected block.",
    bounds=(0.0, 1e5),
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
)
BLOCK_VBYTES = Metric(
    "btchealth_projected_block_vbytes",
    "Virtual size of a projected block. Well below 1,000,000 at position 1 means that the mempool clears with the "
    "next block.",
    Unit.VBYTES,
    bounds=(0.0, BLOCK_CAPACITY_VBYTES),
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
)
BLOCK_SIZE = Metric(
    "btchealth_projected_block_size_bytes",
    "Serialised size of a projected block. It is far above the virtual size when witness data fill the block.",
    Unit.BYTES,
    bounds=(0.0, 4e6),
    labels={"position": POSITIONS},
    group=Group.THROUGHPUT,
    raw_only="size on the wire matters for bandwidth, not for the health of the fee market",
)
REMAINDER_VBYTES = Metric(
    "btchealth_projected_remainder_vbytes",
    "Virtual size beyond the projected blocks: the last entry of the list, which holds all the rest. 0 when "
    "everything fits.",
    Unit.VBYTES,
    bounds=(0.0, 5e9),
    group=Group.THROUGHPUT,
)
REMAINDER_TRANSACTIONS = Metric(
    "btchealth_projected_remainder_transactions",
    "Transactions beyond the projected blocks. 0 when everything fits.",
    bounds=(0.0, 1e8),
    group=Group.THROUGHPUT,
)
REMAINDER_FEES = Metric(
    "btchealth_projected_remainder_fees_bitcoins",
    "Fees of the transactions beyond the projected blocks. 0 when everything fits.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.THROUGHPUT,
    raw_only="small beside the fees of the projected blocks; kept so that the list adds up",
)
REMAINDER_MEDIAN = Metric(
    "btchealth_projected_remainder_median_fee_satoshis_per_vbyte",
    "Median fee rate of the transactions beyond the projected blocks. Absent when everything fits.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)


class Fees(Payload):
    """`economyFee` came in May 2022; older backends lack it."""

    fastestFee: SatoshisPerVbyte = None
    halfHourFee: SatoshisPerVbyte = None
    hourFee: SatoshisPerVbyte = None
    economyFee: Annotated[float | None, Number(*FEE_RATES, required=False)] = None
    minimumFee: SatoshisPerVbyte = None


FIELDS: Final = ("fastestFee", "halfHourFee", "hourFee", "economyFee", "minimumFee")
BY_TARGET: Final = dict(zip(TARGETS, FIELDS, strict=True))


def _by_target(metric: Metric, body: Fees) -> Iterator[Sample | None]:
    rates = (body.fastestFee, body.halfHourFee, body.hourFee, body.economyFee, body.minimumFee)
    known = [rate for rate in rates if rate is not None]
    if any(later > sooner for sooner, later in pairwise(known)):
        raise BodyError(Reason.INCONSISTENT, f"a slower target costs more than a faster one: {known}")
    for target, rate in zip(TARGETS, rates, strict=True):
        yield metric(rate, target=target)


@endpoint("/api/v1/fees/recommended", Fees, {RECOMMENDED: BY_TARGET}, interval=MINUTE, period=MINUTE)
def fees_recommended(body: Fees) -> Iterator[Sample | None]:
    yield from _by_target(RECOMMENDED, body)


@endpoint("/api/v1/fees/precise", Fees, {ESTIMATE: BY_TARGET}, interval=MINUTE, period=MINUTE)
def fees_precise(body: Fees) -> Iterator[Sample | None]:
    yield from _by_target(ESTIMATE, body)


class ProjectedBlock(Payload):
    """`feeRange` runs from low to high, 7 to 11 rates."""

    blockSize: Bytes = None
    blockVSize: Vbytes = None
    nTx: Annotated[float | None, Number(0, 1e8)] = None
    totalFees: Satoshis = None
    medianFee: SatoshisPerVbyte = None
    feeRange: Annotated[list[SatoshisPerVbyte] | None, Part()] = None

    def is_remainder(self) -> bool:
        """Larger than any block: the catch-all at the end of the list."""
        return self.blockVSize is not None and self.blockVSize > BLOCK_CAPACITY_VBYTES


@endpoint(
    "/api/v1/fees/mempool-blocks",
    list[Annotated[ProjectedBlock | None, Part()]],
    {
        PROJECTED: "body",
        MEDIAN_FEE: "medianFee",
        MINIMUM_FEE: "feeRange",
        MAXIMUM_FEE: "feeRange",
        BLOCK_FEES: "totalFees",
        BLOCK_TRANSACTIONS: "nTx",
        BLOCK_VBYTES: "blockVSize",
        BLOCK_SIZE: "blockSize",
        REMAINDER_VBYTES: "blockVSize",
        REMAINDER_TRANSACTIONS: "nTx",
        REMAINDER_FEES: "totalFees",
        REMAINDER_MEDIAN: "medianFee",
    },
    interval=MINUTE,
    period=MINUTE,
)
def mempool_blocks(rows: list[ProjectedBlock | None]) -> Iterator[Sample | None]:
    """An empty mempool makes an empty list: nothing is projected and nothing remains."""
    last = rows[-1] if rows else None
    remainder = last if last and last.is_remainder() else None
    blocks = rows[:-1] if remainder else rows
    for position, block in zip(POSITIONS, blocks, strict=False):
        if block:
            yield from _projected(position, block)
    if not rows or (last and last.blockVSize is not None):
        yield PROJECTED(len(blocks))
        yield from _remaining(remainder)


def _projected(position: str, block: ProjectedBlock) -> Iterator[Sample | None]:
    rates = block.feeRange or [None]
    yield MEDIAN_FEE(block.medianFee, position=position)
    yield MINIMUM_FEE(rates[0], position=position)
    yield MAXIMUM_FEE(rates[-1], position=position)
    yield BLOCK_FEES(bitcoins(block.totalFees), position=position)
    yield BLOCK_TRANSACTIONS(block.nTx, position=position)
    yield BLOCK_VBYTES(block.blockVSize, position=position)
    yield BLOCK_SIZE(block.blockSize, position=position)


def _remaining(block: ProjectedBlock | None) -> Iterator[Sample | None]:
    yield REMAINDER_VBYTES(block.blockVSize if block else 0)
    yield REMAINDER_TRANSACTIONS(block.nTx if block else 0)
    yield REMAINDER_FEES(bitcoins(block.totalFees) if block else 0)
    yield REMAINDER_MEDIAN(block.medianFee if block else None)
