"""Statistics of the last 24 hours.

Money fields named `_btc` are satoshis unless they are miners_revenue_btc or trade_volume_btc; the hash rate is in GH/s,
while the charts of the same operator use TH/s. Revenue and fees have been seen at zero and below: each field stands for
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Bytes, Count, Height, Number, Payload, UnixMilliseconds
from exporter.sources import quantities
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint

_SOURCE: Final = "blockchain_com"
_GIGAHASH: Final = 1e9
_SATOSHIS: Final = 1e8
_MILLISECONDS: Final = 1e3
_DAY: Final[dict[str, tuple[str, ...]]] = {"window": ("24h",)}

HASHRATE = Metric(
    "btchealth_hashrate_blockchain_com_hashes_per_second",
    "Hash rate of the last 24 hours as Blockchain.com estimates it. Another estimator than "
    "btchealth_hashrate_hashes_per_second: the two have differed by a quarter at the same moment, so never mix them "
    "in one series.",
    Unit.HASHES_PER_SECOND,
    bounds=(1e15, 1e24),
    group=Group.SECURITY,
)
BLOCKS = Metric(
    "btchealth_chain_blocks",
    "Blocks found within the window as Blockchain.com counts them; 144 are expected a day.",
    bounds=(1.0, 1000.0),
    labels=_DAY,
    group=Group.SECURITY,
)
BLOCK_INTERVAL = Metric(
    "btchealth_chain_block_interval_seconds",
    "Mean time between blocks within the window as Blockchain.com computes it.",
    Unit.SECONDS,
    bounds=(60.0, 86_400.0),
    labels=_DAY,
    group=Group.SECURITY,
)
ISSUANCE = Metric(
    "btchealth_chain_issuance_bitcoins",
    "New coins mined within the window.",
    Unit.BITCOINS,
    bounds=(1e-6, 20_000.0),
    labels=_DAY,
    group=Group.SECURITY,
)
FEES = Metric(
    "btchealth_chain_fees_bitcoins",
    "Fees paid within the window. The field has been seen negative: such values are refused.",
    Unit.BITCOINS,
    bounds=(1e-6, 5_000.0),
    labels=_DAY,
    group=Group.SECURITY,
)
REVENUE_USD = Metric(
    "btchealth_chain_miner_revenue_usd",
    "New coins and fees of the window in US dollars. Zero has been seen and is refused.",
    Unit.USD,
    bounds=(1.0, 1e10),
    labels=_DAY,
    group=Group.SECURITY,
)
REVENUE_BITCOINS = Metric(
    "btchealth_chain_miner_revenue_bitcoins",
    "New coins and fees of the window, in whole bitcoins as the source rounds them. Zero has been seen and is refused.",
    Unit.BITCOINS,
    bounds=(1e-6, 25_000.0),
    labels=_DAY,
    group=Group.SECURITY,
)
BLOCKS_BYTES = Metric(
    "btchealth_chain_blocks_bytes",
    "Serialised size of all blocks of the window.",
    Unit.BYTES,
    bounds=(1.0, 4e9),
    labels=_DAY,
    group=Group.THROUGHPUT,
)
TRANSACTIONS = Metric(
    "btchealth_chain_transactions",
    "Transactions confirmed within the window.",
    bounds=(1.0, 1e8),
    labels=_DAY,
    group=Group.ADOPTION,
)
SENT = Metric(
    "btchealth_chain_sent_bitcoins",
    "Sum of all outputs of the window, change included, so far more than what changed hands.",
    Unit.BITCOINS,
    bounds=(1e-6, 21e6 * 10),
    labels=_DAY,
    group=Group.ADOPTION,
)
TRANSFER = Metric(
    "btchealth_chain_transfer_bitcoins",
    "Estimate of the bitcoins that changed hands within the window: outputs less what looks like change.",
    Unit.BITCOINS,
    bounds=(1e-6, 21e6 * 10),
    labels=_DAY,
    group=Group.ADOPTION,
)
TRANSFER_USD = Metric(
    "btchealth_chain_transfer_usd",
    "Estimate of the value that changed hands within the window: outputs less what looks like change.",
    Unit.USD,
    bounds=(1.0, 1e13),
    labels=_DAY,
    group=Group.ADOPTION,
)
EXCHANGE_VOLUME = Metric(
    "btchealth_exchange_volume_bitcoins",
    "Bitcoins traded for US dollars within the window at the few large exchanges that this source counts.",
    Unit.BITCOINS,
    bounds=(1e-6, 21e6),
    labels=_DAY,
)
EXCHANGE_VOLUME_USD = Metric(
    "btchealth_exchange_volume_usd",
    "US dollars traded for bitcoins within the window at the few large exchanges that this source counts.",
    Unit.USD,
    bounds=(1.0, 1e13),
    labels=_DAY,
)

# A day's sums are never zero: zero is how this source fails.
Satoshis = Annotated[float | None, Number(1, 2.1e16)]
Positive = Annotated[float | None, Number(1e-9, 1e15)]


class Stats(Payload):
    timestamp: UnixMilliseconds = None
    market_price_usd: Positive = None
    hash_rate: Annotated[float | None, Number(1, 1e16)] = None
    total_fees_btc: Satoshis = None
    n_btc_mined: Satoshis = None
    n_tx: Count = None
    n_blocks_mined: Count = None
    minutes_between_blocks: Annotated[float | None, Number(0.01, 1440)] = None
    totalbc: Satoshis = None
    n_blocks_total: Height = None
    estimated_transaction_volume_usd: Positive = None
    blocks_size: Bytes = None
    miners_revenue_usd: Positive = None
    difficulty: Annotated[float | None, Number(1, 1e20)] = None
    estimated_btc_sent: Satoshis = None
    miners_revenue_btc: Positive = None
    total_btc_sent: Satoshis = None
    trade_volume_btc: Positive = None
    trade_volume_usd: Positive = None

    # The last block of the epoch, one less than what others call the next retarget.
    UNUSED = frozenset({"nextretarget"})


def _time(body: Stats) -> float:
    """An answer that hides its age may be of any age: this service has repeated old ones with status 200."""
    if body.timestamp is None:
        raise BodyError(
            Reason.FORMAT, "timestamp: expected milliseconds, because nothing else tells the age of the body"
        )
    return body.timestamp / _MILLISECONDS


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


@endpoint(
    "/stats",
    Stats,
    {
        quantities.PRICE: "market_price_usd",
        quantities.CIRCULATING_SUPPLY: "totalbc",
        quantities.TIP_HEIGHT: "n_blocks_total",
        quantities.DIFFICULTY: "difficulty",
        HASHRATE: "hash_rate",
        BLOCKS: "n_blocks_mined",
        BLOCK_INTERVAL: "minutes_between_blocks",
        ISSUANCE: "n_btc_mined",
        FEES: "total_fees_btc",
        REVENUE_USD: "miners_revenue_usd",
        REVENUE_BITCOINS: "miners_revenue_btc",
        BLOCKS_BYTES: "blocks_size",
        TRANSACTIONS: "n_tx",
        SENT: "total_btc_sent",
        TRANSFER: "estimated_btc_sent",
        TRANSFER_USD: "estimated_transaction_volume_usd",
        EXCHANGE_VOLUME: "trade_volume_btc",
        EXCHANGE_VOLUME_USD: "trade_volume_usd",
    },
    interval=10 * MINUTE,
    period=15 * MINUTE,
    lag=15 * MINUTE,
    data_time=_time,
)
def stats(body: Stats) -> Iterator[Sample | None]:
    yield from _chain(body)
    yield from _miners(body)
    yield quantities.PRICE(body.market_price_usd, source=_SOURCE)
    yield EXCHANGE_VOLUME(body.trade_volume_btc, window="24h")
    yield EXCHANGE_VOLUME_USD(body.trade_volume_usd, window="24h")


def _chain(body: Stats) -> Iterator[Sample | None]:
    yield quantities.TIP_HEIGHT(body.n_blocks_total, source=_SOURCE)
    yield quantities.CIRCULATING_SUPPLY(_scaled(body.totalbc, 1 / _SATOSHIS), source=_SOURCE)
    yield BLOCKS(body.n_blocks_mined, window="24h")
    yield BLOCK_INTERVAL(_scaled(body.minutes_between_blocks, MINUTE), window="24h")
    yield BLOCKS_BYTES(body.blocks_size, window="24h")
    yield TRANSACTIONS(body.n_tx, window="24h")
    yield SENT(_scaled(body.total_btc_sent, 1 / _SATOSHIS), window="24h")
    yield TRANSFER(_scaled(body.estimated_btc_sent, 1 / _SATOSHIS), window="24h")
    yield TRANSFER_USD(body.estimated_transaction_volume_usd, window="24h")


def _miners(body: Stats) -> Iterator[Sample | None]:
    yield quantities.DIFFICULTY(body.difficulty, source=_SOURCE)
    yield HASHRATE(_scaled(body.hash_rate, _GIGAHASH))
    yield ISSUANCE(_scaled(body.n_btc_mined, 1 / _SATOSHIS), window="24h")
    yield FEES(_scaled(body.total_fees_btc, 1 / _SATOSHIS), window="24h")
    yield REVENUE_USD(body.miners_revenue_usd, window="24h")
    yield REVENUE_BITCOINS(body.miners_revenue_btc, window="24h")
