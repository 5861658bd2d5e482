"""The newest 15 blocks taken together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from exporter.origin import Origin
from exporter.sources.mempool_space.block import MAX_TRANSACTIONS, MAX_WEIGHT, UNKNOWN_POOL, Block
from exporter.sources.mempool_space.bounds import SHARES
from exporter.sources.mempool_space.units import mean, ratio, share
from exporter.spec import Group, Metric, Sample, Unit

BLOCKS: Final = 15
WINDOW: Final = "15_blocks"
_LABELS: Final = {"window": (WINDOW,)}

INTERVAL = Metric(
    "btchealth_block_interval_recent_seconds",
    "Mean time between the newest 15 blocks by their header times: newest minus oldest over 14. Absent when the "
    "newest header is not later than the oldest. Blocks come at random, so 300 to 1,000 is ordinary.",
    Unit.SECONDS,
    bounds=(0.0, 1e6),
    group=Group.SECURITY,
)
GAP = Metric(
    "btchealth_block_gap_maximum_seconds",
    "Longest time from one header to the next among the newest 15 blocks. An hour comes up every few days by chance "
    "alone.",
    Unit.SECONDS,
    bounds=(0.0, 1e6),
    group=Group.SECURITY,
)
BACKDATED = Metric(
    "btchealth_blocks_backdated",
    "Blocks among the newest 15 whose header time is before their parent's. One or two are ordinary.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.SECURITY,
    raw_only="explains odd intervals; miners' clocks are no fault of the network",
)
CONTESTED = Metric(
    "btchealth_blocks_contested",
    "Heights among the newest 15 blocks for which the backend's node knows a stale block too.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.SECURITY,
)
FULLNESS = Metric(
    "btchealth_blocks_fullness_ratio",
    "Mean weight of the newest 15 blocks over the limit of 4,000,000.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.THROUGHPUT,
)
TRANSACTIONS = Metric(
    "btchealth_blocks_transactions_mean",
    "Mean number of transactions of the newest 15 or 144 blocks, coinbases included.",
    bounds=(1.0, float(MAX_TRANSACTIONS)),
    labels={"window": (WINDOW, "144_blocks")},
    group=Group.THROUGHPUT,
)
EMPTY = Metric(
    "btchealth_blocks_empty",
    "Blocks among the newest 15 that hold only their coinbase.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.THROUGHPUT,
)
MATCH = Metric(
    "btchealth_template_match_ratio",
    "Mean over the audited ones of the newest 15 blocks of the part of the projected block they contain.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
)
LONGEST_RUN = Metric(
    "btchealth_mining_pool_longest_run_blocks",
    "Most blocks in a row with one pool's tag among the newest 15; blocks of unknown pools do not make runs. A pool "
    "with a third of the hash rate makes a run of four about every other window.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
)
POOLS = Metric(
    "btchealth_blocks_pools",
    "Different known pools among the newest 15 blocks.",
    bounds=(0.0, float(BLOCKS)),
    labels=_LABELS,
    group=Group.DECENTRALIZATION,
    raw_only="quick look; the shares of 24h and 7d are the measure",
)
SEGWIT_TRANSACTIONS = Metric(
    "btchealth_segwit_transactions_ratio",
    "Transactions with witness data over all transactions of the newest 15 blocks, without coinbases.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.ADOPTION,
)
SEGWIT_WEIGHT = Metric(
    "btchealth_segwit_weight_ratio",
    "Weight of transactions with witness data over the weight of the newest 15 blocks, which includes headers and "
    "coinbases.",
    Unit.RATIO,
    bounds=SHARES,
    labels=_LABELS,
    group=Group.ADOPTION,
)
INPUTS = Metric(
    "btchealth_inputs_per_transaction",
    "Inputs over transactions of the newest 15 blocks, without coinbases. High when coins are consolidated.",
    bounds=(0.0, 1e5),
    labels=_LABELS,
    group=Group.ADOPTION,
)
OUTPUTS = Metric(
    "btchealth_outputs_per_transaction",
    "Outputs over transactions of the newest 15 blocks; the few outputs of coinbases are in the numerator. High when "
    "payments are batched.",
    bounds=(0.0, 1e5),
    labels=_LABELS,
    group=Group.ADOPTION,
)
UTXO_CHANGE = Metric(
    "btchealth_utxos_change",
    "Outputs created minus outputs spent in the newest 15 blocks; negative when coins are consolidated.",
    bounds=(-1.5e7, 1.5e7),
    labels=_LABELS,
    group=Group.ADOPTION,
)
TRANSACTION_SIZE = Metric(
    "btchealth_transaction_mean_bytes",
    "Mean size of the transactions of the newest 15 blocks, without coinbases.",
    Unit.BYTES,
    bounds=(0.0, float(MAX_WEIGHT)),
    labels=_LABELS,
    group=Group.ADOPTION,
)

ORIGINS: Final[dict[Metric, Origin]] = {
    INTERVAL: "timestamp",
    GAP: "timestamp",
    BACKDATED: "timestamp",
    CONTESTED: "orphans",
    FULLNESS: "weight",
    TRANSACTIONS: "tx_count",
    EMPTY: "tx_count",
    MATCH: "matchRate",
    LONGEST_RUN: "slug",
    POOLS: "slug",
    SEGWIT_TRANSACTIONS: ("segwitTotalTxs", "tx_count"),
    SEGWIT_WEIGHT: ("segwitTotalWeight", "weight"),
    INPUTS: ("totalInputs", "tx_count"),
    OUTPUTS: ("totalOutputs", "tx_count"),
    UTXO_CHANGE: "utxoSetChange",
    TRANSACTION_SIZE: ("avgTxSize", "tx_count"),
}


def window(blocks: Sequence[Block]) -> Iterator[Sample | None]:
    """Of 15 consecutive blocks, newest first. A value that needs a field which one of them lacks is absent."""
    yield from _times(blocks)
    yield from _room(blocks)
    yield from _finders(blocks)
    yield from _use(blocks)


def every(blocks: Sequence[Block], field: Callable[[Block], float | None]) -> list[float] | None:
    """The field of each block, or None when one lacks it: a mean over some of 15 blocks is not one over 15 blocks."""
    values = [field(block) for block in blocks]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _total(blocks: Sequence[Block], field: Callable[[Block], float | None]) -> float | None:
    values = every(blocks, field)
    return None if values is None else sum(values)


def _times(blocks: Sequence[Block]) -> Iterator[Sample | None]:
    times = every(blocks, lambda block: block.timestamp)
    if times is None:
        return
    steps = [newer - older for newer, older in pairwise(times)]
    span = times[0] - times[-1]
    yield INTERVAL(span / len(steps) if span > 0 else None)
    yield GAP(max(steps) if max(steps) > 0 else None)
    yield BACKDATED(sum(step < 0 for step in steps), window=WINDOW)
    orphans = [block.details().orphans for block in blocks]
    if all(known is not None for known in orphans):
        yield CONTESTED(sum(bool(known) for known in orphans), window=WINDOW)


def _room(blocks: Sequence[Block]) -> Iterator[Sample | None]:
    yield FULLNESS(share(_total(blocks, lambda block: block.weight), len(blocks) * MAX_WEIGHT), window=WINDOW)
    counts = every(blocks, lambda block: block.tx_count)
    if counts:
        yield TRANSACTIONS(mean(counts), window=WINDOW)
        yield EMPTY(sum(count == 1 for count in counts), window=WINDOW)


def _finders(blocks: Sequence[Block]) -> Iterator[Sample | None]:
    matches = [block.details().matchRate for block in blocks]
    yield MATCH(ratio(mean([match for match in matches if match is not None])), window=WINDOW)
    pools = [block.pool() for block in blocks]
    if None not in pools:
        yield LONGEST_RUN(longest_run([pool for pool in pools if pool]), window=WINDOW)
        yield POOLS(len(set(pools) - {UNKNOWN_POOL}), window=WINDOW)


def longest_run(pools: Sequence[str]) -> int:
    runs = [(pool, len(list(blocks))) for pool, blocks in groupby(pools)]
    return max((length for pool, length in runs if pool != UNKNOWN_POOL), default=0)


def _use(blocks: Sequence[Block]) -> Iterator[Sample | None]:
    payments = _total(blocks, Block.payments)
    weight = _total(blocks, lambda block: block.weight)
    segwit = _total(blocks, lambda block: block.details().segwitTotalTxs)
    segwit_weight = _total(blocks, lambda block: block.details().segwitTotalWeight)
    inputs = _total(blocks, lambda block: block.details().totalInputs)
    outputs = _total(blocks, lambda block: block.details().totalOutputs)
    yield SEGWIT_TRANSACTIONS(share(segwit, payments), window=WINDOW)
    yield SEGWIT_WEIGHT(share(segwit_weight, weight), window=WINDOW)
    yield INPUTS(share(inputs, payments), window=WINDOW)
    yield OUTPUTS(share(outputs, payments), window=WINDOW)
    yield UTXO_CHANGE(_total(blocks, lambda block: block.details().utxoSetChange), window=WINDOW)
    yield TRANSACTION_SIZE(share(_total(blocks, _bytes), payments), window=WINDOW)


def _bytes(block: Block) -> float | None:
    """Bytes of the transactions without the coinbase; the API only has their mean."""
    each, payments = block.details().avgTxSize, block.payments()
    return None if each is None or payments is None else each * payments
