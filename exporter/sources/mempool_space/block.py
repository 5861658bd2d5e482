"""The payload of one block with extras, as two endpoints answer it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from exporter.payload import Height, Number, Part, Payload, Satoshis, SatoshisPerVbyte, Text, UnixSeconds

MAX_WEIGHT: Final = 4_000_000
MAX_TRANSACTIONS: Final = 20_000
UNKNOWN_POOL: Final = "unknown"

Slug = Annotated[str | None, Text(r"[a-z0-9][a-z0-9_.-]*", longest=64)]
Items = Annotated[float | None, Number(0, 1e6)]


class Pool(Payload):
    """`slug` is stable; `name` and `link` change with every rebranding, `id` is the unique id, not the row id."""

    UNUSED = frozenset({"id", "name", "minerNames"})

    slug: Slug = None


class Extras(Payload):
    """`reward` with fees; `matchRate` in percent; `segwitTotal*` and inputs without the coinbase, outputs with it."""

    UNUSED = frozenset(
        {
            "avgFee", "avgFeeRate", "coinbaseAddress", "coinbaseAddresses", "coinbaseBip54", "coinbaseRaw",
            "coinbaseSignature", "coinbaseSignatureAscii", "expectedWeight", "feePercentiles", "firstSeen", "header",
            "medianFeeAmt", "segwitTotalSize", "totalInputAmt", "utxoSetSize",
        }
    )  # fmt: skip

    reward: Satoshis = None
    totalFees: Satoshis = None
    medianFee: SatoshisPerVbyte = None
    feeRange: Annotated[list[SatoshisPerVbyte] | None, Part()] = None
    avgTxSize: Annotated[float | None, Number(0, MAX_WEIGHT)] = None
    totalInputs: Items = None
    totalOutputs: Items = None
    totalOutputAmt: Satoshis = None
    segwitTotalTxs: Items = None
    segwitTotalWeight: Annotated[float | None, Number(0, MAX_WEIGHT)] = None
    utxoSetChange: Annotated[float | None, Number(-1e6, 1e6)] = None
    virtualSize: Annotated[float | None, Number(1, MAX_WEIGHT / 4)] = None
    pool: Annotated[Pool | None, Part()] = None
    matchRate: Annotated[float | None, Number(0, 100, required=False)] = None
    expectedFees: Annotated[float | None, Number(0, 2.1e15, required=False)] = None
    similarity: Annotated[float | None, Number(0, 1, required=False)] = None
    orphans: Annotated[list[Any] | None, Part(required=False)] = None


class Block(Payload):
    """`timestamp` is the header's, set by the miner: it may be earlier than the parent's."""

    UNUSED = frozenset(
        {"id", "version", "bits", "nonce", "merkle_root", "previousblockhash", "mediantime", "stale"}
    )  # fmt: skip

    height: Height = None
    timestamp: UnixSeconds = None
    difficulty: Annotated[float | None, Number(1e-9, 1e20)] = None
    tx_count: Annotated[float | None, Number(1, MAX_TRANSACTIONS)] = None
    size: Annotated[float | None, Number(1, MAX_WEIGHT)] = None
    weight: Annotated[float | None, Number(1, MAX_WEIGHT)] = None
    extras: Annotated[Extras | None, Part()] = None

    def details(self) -> Extras:
        return self.extras or Extras.model_construct()

    def pool(self) -> str | None:
        pool = self.details().pool
        return pool.slug if pool else None

    def payments(self) -> float | None:
        """Transactions besides the coinbase."""
        return None if self.tx_count is None else self.tx_count - 1
