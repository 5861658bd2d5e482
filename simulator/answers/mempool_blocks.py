"""mempool.space: blocks, tip, chain tips, template audit."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.answers.answer import Answer, Routes, as_json, as_text, failure, javascript
from simulator.chain import subsidy
from simulator.forks import Tip, tips
from simulator.view import View

routes = Routes()

_PAGE = 15
_PLAIN_PAGE = 10
_SCORES = 16
_STALE_PAGE = 25


def plain_block(view: View, height: int) -> dict[str, object]:
    """Keys that both back ends know."""
    header, content = view.header(height), view.block(height)
    return {
        "id": header.hash,
        "height": height,
        "version": header.version,
        "timestamp": view.header_time(height),
        "tx_count": content.transactions,
        "size": content.size,
        "weight": content.weight,
        "merkle_root": header.merkle_root,
        "previousblockhash": view.block_hash(height - 1) if height else None,
        "mediantime": view.median_time(height) if height else view.header_time(0),
        "nonce": header.nonce,
        "bits": view.world.chain.bits(height),
        "difficulty": javascript(view.difficulty(height)),
    }


def full_block(view: View, height: int) -> dict[str, object]:
    return plain_block(view, height) | {"stale": False, "extras": _extras(view, height)}


def _extras(view: View, height: int) -> dict[str, object]:
    ledger, dice, content = view.world.ledger, view.world.dice, view.block(height)
    pool = view.pool(height)
    vsize = content.weight / 4
    payments = max(0, content.transactions - 1)
    rate = content.fees / vsize
    inputs, outputs = round(payments * 2.1), round(payments * (2.9 + 0.2 * dice.normal(height, 11)))
    segwit = round(payments * (0.93 + 0.02 * dice.uniform(height, 12)))
    expected = round(content.fees / (1 + ledger.fee_delta(height)))
    return {
        "reward": subsidy(height) + content.fees,
        "coinbaseRaw": dice.digits(80, height, 13),
        "orphans": [],
        "medianFee": rate * 0.8,
        "feeRange": [rate * factor for factor in (0.3, 0.5, 0.6, 0.8, 1.2, 1.8, 80.0)],
        "totalFees": content.fees,
        "avgFee": content.fees // payments if payments else 0,
        "avgFeeRate": int(rate),
        "utxoSetChange": outputs - inputs
        if payments > inputs
        else outputs - inputs - round(2_000 * dice.uniform(height, 14)),
        "avgTxSize": round(content.size / content.transactions, 2),
        "totalInputs": inputs,
        "totalOutputs": outputs,
        "totalOutputAmt": round(7e11 * (0.4 + dice.uniform(height, 15))),
        "segwitTotalTxs": segwit,
        "segwitTotalSize": round(content.size * 0.95),
        "segwitTotalWeight": round(content.weight * 0.93),
        "feePercentiles": None,
        "virtualSize": javascript(vsize),
        "coinbaseAddress": f"bc1q{dice.digits(38, height, 16)}",
        "coinbaseAddresses": [f"bc1q{dice.digits(38, height, 16)}"],
        "coinbaseSignature": f"OP_0 OP_PUSHBYTES_20 {dice.digits(40, height, 16)}",
        "coinbaseSignatureAscii": f"\u0003{pool.name}\u0000/",
        "header": view.header(height).raw.hex(),
        "utxoSetSize": None,
        "totalInputAmt": None,
        "pool": {"id": pool.unique_id, "name": pool.name, "slug": pool.slug, "minerNames": None},
        "matchRate": javascript(ledger.match_rate(height)),
        "expectedFees": expected,
        "expectedWeight": 3_991_900,
        "firstSeen": None,
        "coinbaseBip54": True,
        "similarity": 0.9 + 0.1 * dice.uniform(height, 17),
    }


@routes("/api/v1/blocks")
def newest_blocks(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _page(view, view.tip)


@routes("/api/v1/blocks/{height}")
def blocks_down_from(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    if args["height"] == "tip":
        return failure(404, {"error": "Not Found"})
    return _page(view, min(view.tip, int(args["height"]) if args["height"].isdecimal() else view.tip))


def _page(view: View, start: int) -> Answer:
    return as_json([full_block(view, height) for height in range(start, max(-1, start - _PAGE), -1)])


@routes("/api/blocks")
def plain_blocks(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json([plain_block(view, height) for height in range(view.tip, view.tip - _PLAIN_PAGE, -1)])


@routes("/api/blocks/tip/height")
def tip_height(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_text(str(view.tip))


@routes("/api/v1/blocks/tip/height")
def tip_height_of_backend(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json(view.tip)


@routes("/api/blocks/tip/hash")
def tip_hash(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_text(view.block_hash(view.tip))


@routes("/api/block-height/{height}")
def hash_at_height(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    if not args["height"].isdecimal() or int(args["height"]) > view.tip:
        return as_text("Block not found", 404)
    return as_text(view.block_hash(int(args["height"])))


@routes("/api/v1/chain-tips")
def chain_tips(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json([_tip_row(tip) for tip in tips(view)])


def _tip_row(tip: Tip) -> dict[str, object]:
    return {"height": tip.height, "hash": tip.hash, "branchlen": tip.length, "status": tip.status}


@routes("/api/v1/stale-tips")
def stale_tips(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _stale_page(view, view.tip)


@routes("/api/v1/stale-tips/{height}")
def stale_tips_down_from(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _stale_page(view, int(args["height"]) if args["height"].isdecimal() else view.tip)


def _stale_page(view: View, start: int) -> Answer:
    stale = [tip for tip in tips(view) if tip.status == "valid-fork" and tip.height <= start]
    return as_json([_stale_row(view, tip) for tip in stale[:_STALE_PAGE]])


def _stale_row(view: View, tip: Tip) -> dict[str, object]:
    canonical = full_block(view, tip.height)
    loser = canonical | {
        "id": tip.hash,
        "stale": True,
        "merkle_root": tip.blocks[tip.height].merkle_root,
    }
    return _tip_row(tip) | {"stale": loser, "canonical": canonical}


@routes("/api/v1/mining/blocks/audit/scores")
def audit_scores(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _scores(view, view.tip)


@routes("/api/v1/mining/blocks/audit/scores/{height}")
def audit_scores_down_from(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return _scores(view, min(view.tip, int(args["height"]) if args["height"].isdecimal() else view.tip))


def _scores(view: View, newest: int) -> Answer:
    rows = [_score(view, height) for height in range(newest - _SCORES + 1, newest + 1)]
    return as_json(rows)


def _score(view: View, height: int) -> dict[str, object]:
    ledger = view.world.ledger
    return {
        "hash": view.block_hash(height),
        "matchRate": javascript(ledger.match_rate(height)),
        "expectedFees": round(view.block(height).fees / (1 + ledger.fee_delta(height))),
        "expectedWeight": 3_991_900,
    }


@routes("/api/v1/mining/blocks/audit/score/{hash}")
def audit_score(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    for height in range(view.tip, view.tip - 1000, -1):
        if view.block_hash(height) == args["hash"]:
            return as_json(_score(view, height))
    return failure(404, {"error": "This block has not been audited."})
