"""Tips, forks, blocks, other networks."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

GENESIS: Final = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
TESTNET_GENESIS: Final = "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"
LIQUID_GENESIS: Final = "1466275836220db2944ca059a3a10ef6fd2ea684b0688d2c379296888a206003"

ACTIVE: Final = {"height": 900000, "hash": "00", "branchlen": 0, "status": "active"}


def tip(height: int, branchlen: int, status: str) -> dict[str, Any]:
    return {"height": height, "hash": "00", "branchlen": branchlen, "status": status}


CHAIN_TIPS: Final = [
    ACTIVE,
    tip(899990, 1, "valid-fork"),
    tip(899000, 2, "valid-headers"),
    tip(890000, 1, "headers-only"),
    tip(899500, 3, "invalid"),
    tip(700000, 1, "valid-fork"),
    tip(900001, 1, "headers-only"),
]

FIRST_HEIGHT: Final = 900000
FIRST_TIME: Final = 1_750_000_000
# Oldest first.
POOLS: Final = (
    "antpool", "antpool", "viabtc", "viabtc", "f2pool", "f2pool", "f2pool", "f2pool", "unknown", "unknown",
    "foundryusa", "antpool", "foundryusa", "foundryusa", "foundryusa",
)  # fmt: skip
EMPTY, NEGATIVE, CONTESTED, BACKDATED = 3, 5, 6, 7


def extras(number: int = 14, **changes: Any) -> dict[str, Any]:
    empty = number == EMPTY
    return {
        "reward": 312_500_000 if empty else 317_500_000,
        "totalFees": 0 if empty else 5_000_000,
        "medianFee": 0 if empty else 4,
        "feeRange": [0, 0, 0, 0, 0, 0, 0] if empty else [2, 3, 4, 5, 6, 8.5, 100],
        "avgFee": 0 if empty else 5000,
        "avgFeeRate": 0 if empty else 5,
        "avgTxSize": 0 if empty else 500,
        "totalInputs": 0 if empty else 2000,
        "totalOutputs": 1 if empty else 3001,
        "totalOutputAmt": 0 if empty else 600_000_000_000,
        "segwitTotalTxs": 0 if empty else 900,
        "segwitTotalSize": 0 if empty else 450_000,
        "segwitTotalWeight": 0 if empty else 3_591_000,
        "feePercentiles": None,
        "utxoSetSize": None,
        "totalInputAmt": None,
        "utxoSetChange": -500 if number == NEGATIVE else 0 if empty else 1000,
        "virtualSize": 250 if empty else 997_500,
        "pool": {"id": 1, "name": "Some Pool", "slug": POOLS[number], "minerNames": None},
        "matchRate": 0 if empty else None if number == 2 else 99,
        "expectedFees": None if number == 2 else 5_100_000,
        "expectedWeight": 3_990_000,
        "similarity": None if number == 2 else 0.99,
        "orphans": [{"height": FIRST_HEIGHT + number, "hash": "00"}] if number == CONTESTED else [],
        "header": "00",
        "coinbaseRaw": "00",
        "coinbaseSignatureAscii": "\u0003tag",
        **changes,
    }


def block(number: int = 14, **changes: Any) -> dict[str, Any]:
    """The block of that place among 15, oldest 0. Number 7 carries a time one minute before its parent's."""
    early = FIRST_TIME + 600 * (BACKDATED - 1) - 60
    return {
        "id": "00",
        "height": FIRST_HEIGHT + number,
        "version": 536_870_912,
        "timestamp": early if number == BACKDATED else FIRST_TIME + 600 * number,
        "bits": 386_000_000,
        "nonce": 1,
        "difficulty": 1.2e14,
        "merkle_root": "00",
        "tx_count": 1 if number == EMPTY else 1001,
        "size": 1_600_000,
        "weight": 1000 if number == EMPTY else 3_990_000,
        "previousblockhash": "00",
        "mediantime": FIRST_TIME,
        "extras": extras(number),
        **changes,
    }


def blocks(count: int = 15) -> list[dict[str, Any]]:
    """Newest first."""
    return [block(number) for number in range(14, 14 - count, -1)]


def stale(height: int, *, lost: str, won: str) -> dict[str, Any]:
    return {
        **tip(height, 1, "valid-fork"),
        "stale": block(height=height, timestamp=FIRST_TIME + 30, extras=extras(pool={"slug": lost})),
        "canonical": block(height=height, timestamp=FIRST_TIME, extras=extras(pool={"slug": won})),
    }


NEWEST: Final = {
    'difficulty{source="mempool_space"}': 1.2e14,
    'tip_timestamp_seconds{source="mempool_space"}': 1_750_008_400,
    "block_height": 900_014,
    "block_timestamp_seconds": 1_750_008_400,
    "block_size_bytes": 1_600_000,
    "block_weight_ratio": 0.9975,
    "block_transactions": 1001,
    "block_fees_bitcoins": 0.05,
    "block_reward_bitcoins": 3.175,
    "block_median_fee_satoshis_per_vbyte": 4,
    "block_mean_fee_satoshis_per_vbyte": 5_000_000 / 997_500,
    "block_minimum_fee_satoshis_per_vbyte": 2,
    "block_outputs_bitcoins": 6000,
    "block_inputs": 2000,
    "block_outputs": 3001,
    "block_expected_fees_bitcoins": 0.051,
    "block_template_match_ratio": 0.99,
    "block_template_similarity_ratio": 0.99,
    'block_pool_info{pool="foundryusa"}': 1,
}
WINDOW: Final = {
    "block_interval_recent_seconds": 600,
    "block_gap_maximum_seconds": 1260,
    'blocks_backdated{window="15_blocks"}': 1,
    'blocks_contested{window="15_blocks"}': 1,
    'blocks_fullness_ratio{window="15_blocks"}': (14 * 3_990_000 + 1000) / 60_000_000,
    'blocks_transactions_mean{window="15_blocks"}': (14 * 1001 + 1) / 15,
    'blocks_empty{window="15_blocks"}': 1,
    'template_match_ratio{window="15_blocks"}': 13 * 0.99 / 14,
    'mining_pool_longest_run_blocks{window="15_blocks"}': 4,
    'blocks_pools{window="15_blocks"}': 4,
    'segwit_transactions_ratio{window="15_blocks"}': 0.9,
    'segwit_weight_ratio{window="15_blocks"}': 14 * 3_591_000 / (14 * 3_990_000 + 1000),
    'inputs_per_transaction{window="15_blocks"}': 2,
    'outputs_per_transaction{window="15_blocks"}': (14 * 3001 + 1) / 14_000,
    'utxos_change{window="15_blocks"}': 12_500,
    'transaction_mean_bytes{window="15_blocks"}': 500,
}

EXAMPLES: Final = {
    "genesis": Example(
        body=GENESIS + "\n",
        samples={},
        refused={
            "testnet": Refusal(TESTNET_GENESIS, Reason.WRONG_NETWORK),
            "Liquid": Refusal(LIQUID_GENESIS, Reason.WRONG_NETWORK),
            "not a hash": Refusal("Block not found", Reason.FORMAT),
            "a hash cut short": Refusal(GENESIS[:-1], Reason.FORMAT),
        },
    ),
    "tip_height": Example(
        body="900000",
        samples={'tip_height{source="mempool_space"}': 900_000},
        refused={
            "a word": Refusal("unavailable", Reason.FORMAT),
            "a negative number": Refusal("-1", Reason.FORMAT),
            "digits of another script": Refusal("٩٠٠٠٠٠", Reason.FORMAT),
            "a number no chain reaches": Refusal("90000000", Reason.FORMAT),
        },
    ),
    "chain_tips": Example(
        body=json.dumps(CHAIN_TIPS),
        samples={
            'chain_tips{status="active"}': 1,
            'chain_tips{status="valid-fork"}': 2,
            'chain_tips{status="valid-headers"}': 1,
            'chain_tips{status="headers-only"}': 2,
            'chain_tips{status="invalid"}': 1,
            'stale_blocks{window="30d"}': 3,
            'stale_blocks{window="90d"}': 4,
            'stale_blocks_ratio{window="30d"}': 3 / 4320,
            'stale_blocks_ratio{window="90d"}': 4 / 12960,
            'chain_fork_length_maximum_blocks{window="30d"}': 2,
            "stale_block_last_height": 899_990,
        },
        refused={
            "no tip at all": Refusal("[]", Reason.EMPTY),
            "no active tip": Refusal(json.dumps(CHAIN_TIPS[1:]), Reason.INCONSISTENT),
            "two active tips": Refusal(json.dumps([ACTIVE, ACTIVE]), Reason.INCONSISTENT),
        },
    ),
    "stale_tips": Example(
        body=json.dumps(
            [stale(899_000, lost="f2pool", won="viabtc"), stale(899_990, lost="antpool", won="foundryusa")]
        ),
        samples={
            "stale_tips_listed": 2,
            "stale_block_timestamp_seconds": FIRST_TIME + 30,
            "stale_block_margin_seconds": -30,
            "stale_block_reward_bitcoins": 3.175,
            'stale_block_info{pool="antpool",winner="foundryusa"}': 1,
        },
        refused={"an object": Refusal('{"height": 1}', Reason.FORMAT)},
    ),
    "blocks": Example(
        body=json.dumps(blocks()),
        samples={**NEWEST, **WINDOW},
        refused={
            "no block": Refusal("[]", Reason.EMPTY),
            "a height is missing": Refusal(json.dumps([block(14), block(12)]), Reason.INCONSISTENT),
            "oldest first": Refusal(json.dumps(blocks()[::-1]), Reason.INCONSISTENT),
            "signet": Refusal(json.dumps([block(difficulty=0.0028)]), Reason.WRONG_NETWORK),
        },
    ),
}
