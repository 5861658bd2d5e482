"""Mempool, fees, replacements, the backend's own statistics, price."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

MEMPOOL: Final = {
    "count": 2000,
    "vsize": 1_000_000,
    "total_fee": 3_000_000,
    "fee_histogram": [[120.5, 50_000], [12, 100_000], [3.5, 250_000], [1, 200_000], [0.5, 300_000], [0, 100_000]],
}


def projected(vsize: float = 997_995.5, median: float = 4.25) -> dict[str, Any]:
    return {
        "blockSize": 1_500_000,
        "blockVSize": vsize,
        "nTx": 4000,
        "totalFees": 5_000_000,
        "medianFee": median,
        "feeRange": [3, 3.5, 4, 4.25, 5, 6, 140],
    }


def at(position: int, median: float) -> dict[str, float]:
    label = f'{{position="{position}"}}'
    return {
        f"projected_block_median_fee_satoshis_per_vbyte{label}": median,
        f"projected_block_minimum_fee_satoshis_per_vbyte{label}": 3,
        f"projected_block_maximum_fee_satoshis_per_vbyte{label}": 140,
        f"projected_block_fees_bitcoins{label}": 0.05,
        f"projected_block_transactions{label}": 4000,
        f"projected_block_vbytes{label}": 997_995.5,
        f"projected_block_size_bytes{label}": 1_500_000,
    }


NOW: Final = 1_760_000_000
MINUTE, HOUR = 60, 3600


def row(added: int, **changes: Any) -> dict[str, Any]:
    return {
        "added": added,
        "count": 60_000.5,
        "vbytes_per_second": 1500,
        "mempool_byte_weight": 160_000_000,
        "total_fee": 10_000_000,
        "min_fee": 0.10000000149011612,
        "vsizes": [1, 2, 3],
        **changes,
    }


TWO_HOURS: Final = [row(NOW, vbytes_per_second=1980), *(row(NOW - MINUTE * back) for back in range(1, 120))]
WEEK: Final = [
    row(
        NOW - HOUR * back,
        vbytes_per_second=1000 if back <= 24 else 1600,
        count=100_000.5 if back == 100 else 60_000.5,
        mempool_byte_weight=200_000_000 if back == 100 else 160_000_000,
    )
    for back in range(169)
]


def transaction(fee: int) -> dict[str, Any]:
    return {
        "txid": "00",
        "fee": fee,
        "vsize": 141.25,
        "value": 1,
        "rate": 1.5,
        "time": NOW,
        "rbf": True,
        "fullRbf": False,
    }


def tree(
    fee: int, *replaces: dict[str, Any], time: int = NOW, interval: int | None = None, full: bool = False
) -> dict[str, Any]:
    own: dict[str, Any] = {"tx": transaction(fee), "time": time, "fullRbf": full, "replaces": list(replaces)}
    return own if interval is None else {**own, "interval": interval}


# Three trees: one replacement, a chain of two, and one transaction that replaced two.
TREES: Final = [
    tree(1500, tree(1000, interval=60)),
    {**tree(4000, tree(2000, tree(1000, interval=90), interval=120), time=NOW - 50, full=True), "mined": True},
    tree(1000, tree(400, interval=300), tree(400, interval=30), time=NOW - 200),
]

EXAMPLES: Final = {
    "mempool": Example(
        body=json.dumps(MEMPOOL),
        samples={
            "mempool_transactions": 2000,
            "mempool_vbytes": 1_000_000,
            "mempool_fees_bitcoins": 0.03,
            "mempool_limit_ratio": 1 / 300,
            "mempool_fee_mean_satoshis_per_vbyte": 3,
            "mempool_transaction_mean_vbytes": 500,
            'mempool_band_vbytes{band="0-1"}': 400_000,
            'mempool_band_vbytes{band="1-2"}': 200_000,
            'mempool_band_vbytes{band="2-5"}': 250_000,
            'mempool_band_vbytes{band="5-10"}': 0,
            'mempool_band_vbytes{band="10-20"}': 100_000,
            'mempool_band_vbytes{band="20-50"}': 0,
            'mempool_band_vbytes{band="50-100"}': 0,
            'mempool_band_vbytes{band="100+"}': 50_000,
            "mempool_median_fee_satoshis_per_vbyte": 1,
        },
        refused={
            "transactions without size": Refusal('{"count": 5, "vsize": 0, "total_fee": 0}', Reason.INCONSISTENT),
            "size without transactions": Refusal('{"count": 0, "vsize": 9, "total_fee": 0}', Reason.INCONSISTENT),
            "nothing it should have": Refusal('{"pools": []}', Reason.FORMAT),
        },
    ),
    "fees_recommended": Example(
        body='{"fastestFee": 4, "halfHourFee": 4, "hourFee": 2, "economyFee": 1, "minimumFee": 1}',
        samples={
            'fee_recommended_satoshis_per_vbyte{target="next_block"}': 4,
            'fee_recommended_satoshis_per_vbyte{target="half_hour"}': 4,
            'fee_recommended_satoshis_per_vbyte{target="hour"}': 2,
            'fee_recommended_satoshis_per_vbyte{target="economy"}': 1,
            'fee_recommended_satoshis_per_vbyte{target="minimum"}': 1,
        },
        refused={"slower costs more": Refusal('{"fastestFee": 4, "halfHourFee": 5}', Reason.INCONSISTENT)},
    ),
    "fees_precise": Example(
        body='{"fastestFee": 4.19, "halfHourFee": 3.099, "hourFee": 1.689, "economyFee": 0.2, "minimumFee": 0.1}',
        samples={
            'fee_estimate_satoshis_per_vbyte{target="next_block"}': 4.19,
            'fee_estimate_satoshis_per_vbyte{target="half_hour"}': 3.099,
            'fee_estimate_satoshis_per_vbyte{target="hour"}': 1.689,
            'fee_estimate_satoshis_per_vbyte{target="economy"}': 0.2,
            'fee_estimate_satoshis_per_vbyte{target="minimum"}': 0.1,
        },
        refused={"slower costs more": Refusal('{"hourFee": 0.5, "minimumFee": 0.6}', Reason.INCONSISTENT)},
    ),
    "mempool_blocks": Example(
        body=json.dumps([projected(), projected(median=2.5), projected(median=1), projected(35_785_301.75, 0.13)]),
        samples={
            "projected_blocks": 3,
            **at(1, 4.25),
            **at(2, 2.5),
            **at(3, 1),
            "projected_remainder_vbytes": 35_785_301.75,
            "projected_remainder_transactions": 4000,
            "projected_remainder_fees_bitcoins": 0.05,
            "projected_remainder_median_fee_satoshis_per_vbyte": 0.13,
        },
        refused={"an object": Refusal("{}", Reason.FORMAT)},
    ),
    "replacements": Example(
        body=json.dumps(TREES),
        samples={
            "replacement_trees": 3,
            "replacement_full_ratio": 1 / 3,
            "replacement_mined_ratio": 1 / 3,
            "replacement_interval_seconds": (60 + 120) / 2,
            "replacement_fee_increase_ratio": 0.5,
            "replacement_depth_maximum": 2,
            "replacement_span_seconds": 200,
        },
        refused={"more trees than the API lists": Refusal(json.dumps(TREES * 9), Reason.INCONSISTENT)},
    ),
    "full_replacements": Example(
        body=json.dumps(TREES[:2]),
        samples={
            "full_replacement_trees": 2,
            "full_replacement_interval_seconds": (60 + 120) / 2,
            "full_replacement_fee_increase_ratio": (0.5 + 1) / 2,
            "full_replacement_span_seconds": 50,
        },
        refused={"more trees than the API lists": Refusal(json.dumps(TREES * 9), Reason.INCONSISTENT)},
    ),
    "statistics_2h": Example(
        body=json.dumps(TWO_HOURS),
        samples={
            "mempool_inflow_vbytes_per_second": 1980,
            "mempool_minimum_fee_satoshis_per_vbyte": 0.1,
            'mempool_inflow_mean_vbytes_per_second{window="2h"}': 1504,
        },
        data_time=NOW,
        refused={
            "no rows": Refusal("[]", Reason.EMPTY),
            "the rows of 2021": Refusal('[{"added": "2021-07-23T18:27:34.000Z", "tx_per_second": 4}]', Reason.FORMAT),
        },
    ),
    "statistics_1w": Example(
        body=json.dumps(WEEK),
        samples={
            'mempool_inflow_mean_vbytes_per_second{window="24h"}': 1000,
            'mempool_inflow_mean_vbytes_per_second{window="7d"}': (25 * 1000 + 144 * 1600) / 169,
            'mempool_transactions_mean{window="7d"}': 60_000.5 + 40_000 / 169,
            'mempool_transactions_maximum{window="7d"}': 100_000.5,
            'mempool_mean_vbytes{window="7d"}': 40_000_000 + 10_000_000 / 169,
            'mempool_maximum_vbytes{window="7d"}': 50_000_000,
            'mempool_fees_mean_bitcoins{window="7d"}': 0.1,
        },
        data_time=NOW,
        refused={
            "no rows": Refusal("[]", Reason.EMPTY),
            "only a day": Refusal(json.dumps(WEEK[:25]), Reason.INCONSISTENT),
        },
    ),
    "prices": Example(
        body='{"time": 1760000000, "USD": 81445, "EUR": 70842, "GBP": 1, "CAD": 1, "CHF": 1, "AUD": 1, "JPY": 1}',
        samples={'price_usd{source="mempool_space"}': 81_445},
        data_time=NOW,
        refused={
            "-1 for no price": Refusal('{"time": 1760000000, "USD": -1}', Reason.EMPTY),
            "a price without its time": Refusal('{"time": null, "USD": 80000}', Reason.FORMAT),
            "a price of zero": Refusal('{"time": 1760000000, "USD": 0}', Reason.FORMAT),
        },
    ),
    "backend_info": Example(
        body=json.dumps(
            {
                "hostname": "node204.va1.mempool.space",
                "version": "3.4-dev",
                "gitCommit": "954275f76",
                "lightning": False,
                "backend": "esplora",
                "coreVersion": "/Satoshi:30.0.0/",
                "osVersion": "FreeBSD 14.4-RELEASE-p7",
            }
        ),
        samples={
            'mempool_space_backend_info{backend="esplora",core_version="/Satoshi:30.0.0/",'
            'hostname="node204.va1.mempool.space",version="3.4-dev"}': 1,
            "mempool_space_backend_lightning": 0,
        },
        refused={"nothing it should have": Refusal("{}", Reason.FORMAT)},
    ),
}
