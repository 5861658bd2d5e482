"""The newest block."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.origin import Origin
from exporter.payload import Part
from exporter.sources.mempool_space import recent
from exporter.sources.mempool_space.block import MAX_TRANSACTIONS, MAX_WEIGHT, Block
from exporter.sources.mempool_space.bounds import FEE_RATES, HEIGHTS, MONEY, SHARES, TIMES
from exporter.sources.mempool_space.network import refuse_other_network
from exporter.sources.mempool_space.units import bitcoins, ratio, share
from exporter.sources.quantities import DIFFICULTY, TIP_TIMESTAMP
from exporter.spec import MINUTE, Facts, Group, Metric, Sample, Unit, endpoint

HEIGHT = Metric(
    "btchealth_block_height",
    "Height of the newest block the backend has indexed; may trail btchealth_tip_height by seconds.",
    bounds=HEIGHTS,
    group=Group.SECURITY,
)
TIMESTAMP = Metric(
    "btchealth_block_timestamp_seconds",
    "Header time of the newest block, set by its miner: up to two hours ahead, and possibly before its parent's.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.SECURITY,
)
SIZE = Metric(
    "btchealth_block_size_bytes",
    "Serialised size of the newest block.",
    Unit.BYTES,
    bounds=(1.0, float(MAX_WEIGHT)),
    group=Group.THROUGHPUT,
    raw_only="follows from the kind of transactions; fullness is the weight",
)
WEIGHT = Metric(
    "btchealth_block_weight_ratio",
    "Weight of the newest block over the limit of 4,000,000.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.THROUGHPUT,
)
TRANSACTIONS = Metric(
    "btchealth_block_transactions",
    "Transactions of the newest block, the coinbase included: 1 is an empty block.",
    bounds=(1.0, float(MAX_TRANSACTIONS)),
    group=Group.THROUGHPUT,
)
FEES = Metric(
    "btchealth_block_fees_bitcoins",
    "Fees of the newest block.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.SECURITY,
)
REWARD = Metric(
    "btchealth_block_reward_bitcoins",
    "Subsidy and fees of the newest block.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.SECURITY,
)
MEDIAN_FEE = Metric(
    "btchealth_block_median_fee_satoshis_per_vbyte",
    "Median fee rate of the newest block.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)
MEAN_FEE = Metric(
    "btchealth_block_mean_fee_satoshis_per_vbyte",
    "Fees of the newest block over its virtual size.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=(0.0, 1e8),
    group=Group.THROUGHPUT,
)
MINIMUM_FEE = Metric(
    "btchealth_block_minimum_fee_satoshis_per_vbyte",
    "Lowest rate of the fee range of the newest block: what just got in.",
    Unit.SATOSHIS_PER_VBYTE,
    bounds=FEE_RATES,
    group=Group.THROUGHPUT,
)
OUTPUT_VALUE = Metric(
    "btchealth_block_outputs_bitcoins",
    "Value of all outputs of the newest block without the coinbase; change counts as output, so this is no transfer "
    "volume.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.ADOPTION,
    raw_only="mostly change; the charts of transfer volume are the better figure",
)
INPUTS = Metric(
    "btchealth_block_inputs",
    "Inputs of the newest block without the coinbase.",
    bounds=(0.0, 1e6),
    group=Group.ADOPTION,
    raw_only="a single block says little; see btchealth_inputs_per_transaction",
)
OUTPUTS = Metric(
    "btchealth_block_outputs",
    "Outputs of the newest block, those of the coinbase included.",
    bounds=(0.0, 1e6),
    group=Group.ADOPTION,
    raw_only="a single block says little; see btchealth_outputs_per_transaction",
)
EXPECTED_FEES = Metric(
    "btchealth_block_expected_fees_bitcoins",
    "Fees of the block that the backend had projected in place of the newest one. Absent when it was not audited.",
    Unit.BITCOINS,
    bounds=MONEY,
    group=Group.SECURITY,
    raw_only="compare by hand with btchealth_block_fees_bitcoins when a pool leaves fees on the table",
)
MATCH = Metric(
    "btchealth_block_template_match_ratio",
    "Part of the projected block that the newest block contains, weighted by the backend; low values mean censorship, "
    "private transactions or a slow pool. Absent when it was not audited.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.DECENTRALIZATION,
)
SIMILARITY = Metric(
    "btchealth_block_template_similarity_ratio",
    "Similarity of the newest block and the projected one as sets of transactions by weight. Absent when it was not "
    "audited.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.DECENTRALIZATION,
    raw_only="a second opinion on btchealth_block_template_match_ratio",
)
POOL = Metric(
    "btchealth_block_pool_info",
    "Pool whose tag the newest block carries. Always 1.",
    Unit.INFO,
    bounds=(0.0, 1.0),
    labels={"pool": Facts()},
    group=Group.DECENTRALIZATION,
)

ORIGINS: Final[dict[Metric, Origin]] = {
    HEIGHT: "height",
    TIMESTAMP: "timestamp",
    TIP_TIMESTAMP: "timestamp",
    DIFFICULTY: "difficulty",
    SIZE: "size",
    WEIGHT: "weight",
    TRANSACTIONS: "tx_count",
    FEES: "totalFees",
    REWARD: "reward",
    MEDIAN_FEE: "medianFee",
    MEAN_FEE: ("totalFees", "virtualSize"),
    MINIMUM_FEE: "feeRange",
    OUTPUT_VALUE: "totalOutputAmt",
    INPUTS: "totalInputs",
    OUTPUTS: "totalOutputs",
    EXPECTED_FEES: "expectedFees",
    MATCH: "matchRate",
    SIMILARITY: "similarity",
    POOL: "slug",
    **recent.ORIGINS,
}


@endpoint("/api/v1/blocks", list[Annotated[Block | None, Part()]], ORIGINS, interval=MINUTE, period=MINUTE)
def blocks(rows: list[Block | None]) -> Iterator[Sample | None]:
    """Newest first, at most 15. The time of the body is that of the read: an hour without a block is not old data."""
    if not rows:
        raise BodyError(Reason.EMPTY, "no block")
    known = [row for row in rows if row and row.height is not None]
    if any(newer.height != (older.height or 0) + 1 for newer, older in pairwise(known)) and len(known) == len(rows):
        raise BodyError(Reason.INCONSISTENT, f"heights {[row.height for row in known]}, expected one less each time")
    newest = rows[0]
    if newest:
        refuse_other_network(difficulty=newest.difficulty)
        yield from _header(newest)
        yield from _content(newest)
    if len(known) == len(rows) == recent.BLOCKS:
        yield from recent.window(known)


def _header(block: Block) -> Iterator[Sample | None]:
    yield HEIGHT(block.height)
    yield TIMESTAMP(block.timestamp)
    yield TIP_TIMESTAMP(block.timestamp, source="mempool_space")
    yield DIFFICULTY(block.difficulty, source="mempool_space")
    yield SIZE(block.size)
    yield WEIGHT(share(block.weight, MAX_WEIGHT))
    yield TRANSACTIONS(block.tx_count)
    pool = block.pool()
    if pool:
        yield POOL(1, pool=pool)


def _content(block: Block) -> Iterator[Sample | None]:
    details = block.details()
    yield FEES(bitcoins(details.totalFees))
    yield REWARD(bitcoins(details.reward))
    yield MEDIAN_FEE(details.medianFee)
    yield MEAN_FEE(share(details.totalFees, details.virtualSize))
    yield MINIMUM_FEE(details.feeRange[0] if details.feeRange else None)
    yield OUTPUT_VALUE(bitcoins(details.totalOutputAmt))
    yield INPUTS(details.totalInputs)
    yield OUTPUTS(details.totalOutputs)
    yield EXPECTED_FEES(bitcoins(details.expectedFees))
    yield MATCH(ratio(details.matchRate))
    yield SIMILARITY(details.similarity)
