"""What users pay and wait for, and how Lightning capacity is spread."""

from __future__ import annotations

from typing import Final

from exporter.derived.declaration import FEES, FOUND_IN_A_DAY, PRICE, SUPPLY, Derived, family
from exporter.sources.mempool_space.fees import TARGETS
from exporter.sources.mempool_space.lightning_nodes import TOPS
from exporter.sources.mempool_space.mempool import BANDS
from exporter.spec import DAY, Group, Unit
from scoring import quantities
from scoring.quantities import BLOCKS_PER_DAY
from scoring.reading import series

BACKLOG = family(
    "mempool_backlog_blocks",
    "Full blocks of a million virtual bytes that all waiting transactions would fill.",
    Unit.NONE,
    (0.0, 5_000.0),
    Group.THROUGHPUT,
)
PAID_BACKLOG = family(
    "mempool_paid_backlog_blocks",
    "Full blocks of a million virtual bytes that the waiting transactions would fill which pay at least 1 satoshi per "
    "virtual byte. Most of a mempool can lie below that and wait in front of nobody.",
    Unit.NONE,
    (0.0, 5_000.0),
    Group.THROUGHPUT,
)
BLOCK_MEAN = family(
    "chain_block_mean_bytes",
    "Mean serialised size of the blocks of the window as Blockchain.com counts them.",
    Unit.BYTES,
    (1.0, 4e6),
    Group.THROUGHPUT,
    window=("24h",),
)
FEE_DENSITY = family(
    "fee_density_satoshis_per_vbyte",
    "Fees over all the room that the blocks of the window had: the mean fee rate when blocks are full.",
    Unit.SATOSHIS_PER_VBYTE,
    (0.0, 1e6),
    Group.THROUGHPUT,
    window=("144_blocks",),
)
FEE_MEAN = family(
    "fee_mean_usd",
    "Mean fee of a transaction of the newest 144 blocks, about 24 hours, at the present price.",
    Unit.USD,
    (0.0, 1e5),
    Group.THROUGHPUT,
    window=("24h",),
)
PAYMENT_FEE = family(
    "payment_fee_usd",
    "Fee of a plain payment (one input, two outputs, P2WPKH, 141 virtual bytes) at the fee rate estimated for a "
    "target.",
    Unit.USD,
    (0.0, 1e6),
    Group.THROUGHPUT,
    target=TARGETS,
)
TRANSACTIONS = family(
    "transactions_per_second",
    "Transactions confirmed per second over the window.",
    Unit.NONE,
    (0.0, 1_000.0),
    Group.THROUGHPUT,
    window=("24h",),
)
TOP_CAPACITY = family(
    "lightning_top_capacity_ratio",
    "Share of the Lightning capacity at the largest nodes, each channel counted at both of its ends.",
    Unit.RATIO,
    (0.0, 1.0),
    Group.LIGHTNING,
    top=TOPS,
)
TOP_CHANNELS = family(
    "lightning_top_channels_ratio",
    "Share of the Lightning channels at the nodes that have most of them, each channel counted at both of its ends.",
    Unit.RATIO,
    (0.0, 1.0),
    Group.LIGHTNING,
    top=TOPS,
)
CAPACITY_USD = family(
    "lightning_capacity_usd", "Lightning capacity at the present price.", Unit.USD, (0.0, 1e13), Group.LIGHTNING
)
CAPACITY_SHARE = family(
    "lightning_supply_ratio", "Lightning capacity over the coins there are.", Unit.RATIO, (0.0, 1.0), Group.LIGHTNING
)

_CAPACITY: Final = ("btchealth_lightning_capacity_bitcoins",)
_CHANNELS: Final = ("btchealth_lightning_channels",)
# The lowest band ends at 1 satoshi per virtual byte.
_PAID_BANDS: Final = tuple((series("btchealth_mempool_band_vbytes", band=band),) for band in BANDS[1:])
_CONFIRMED: Final = (series("btchealth_transactions_confirmed", window="144_blocks"),)

DERIVED: Final = (
    Derived(BACKLOG, quantities.backlog_blocks, (("btchealth_mempool_vbytes",),)),
    Derived(PAID_BACKLOG, lambda *sizes: quantities.backlog_blocks(sum(sizes)), _PAID_BANDS),
    Derived(
        BLOCK_MEAN,
        quantities.quotient,
        ((series("btchealth_chain_blocks_bytes", window="24h"),), (series("btchealth_chain_blocks", window="24h"),)),
        {"window": "24h"},
    ),
    Derived(FEE_DENSITY, lambda fees: quantities.fee_density(fees, BLOCKS_PER_DAY), (FEES,), {"window": "144_blocks"}),
    Derived(
        FEE_MEAN,
        lambda fee, price: fee * price,
        ((series("btchealth_fee_mean_bitcoins", window="144_blocks"),), PRICE),
        {"window": "24h"},
    ),
    *(
        Derived(
            PAYMENT_FEE,
            quantities.payment_fee_usd,
            ((series("btchealth_fee_estimate_satoshis_per_vbyte", target=target),), PRICE),
            {"target": target},
        )
        for target in TARGETS
    ),
    Derived(
        TRANSACTIONS,
        lambda transactions, found: quantities.transactions_per_second(transactions, BLOCKS_PER_DAY, found),
        (_CONFIRMED, FOUND_IN_A_DAY),
        {"window": "24h"},
    ),
    Derived(
        TRANSACTIONS,
        lambda transactions: transactions / DAY,
        ((series("btchealth_chain_transactions", window="24h"),),),
        {"window": "24h"},
    ),
    *(
        Derived(
            metric,
            quantities.both_ends_share,
            ((series(part, top=top),), whole),
            {"top": top},
        )
        for metric, part, whole in (
            (TOP_CAPACITY, "btchealth_lightning_top_nodes_capacity_bitcoins", _CAPACITY),
            (TOP_CHANNELS, "btchealth_lightning_top_nodes_channels", _CHANNELS),
        )
        for top in TOPS
    ),
    Derived(CAPACITY_USD, lambda capacity, price: capacity * price, (_CAPACITY, PRICE)),
    Derived(CAPACITY_SHARE, quantities.quotient, (_CAPACITY, SUPPLY)),
)
