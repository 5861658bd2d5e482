"""Difficulty, pools, hash rate, audits."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

DAY: Final = 86_400
# 2026-01-01, a midnight.
MIDNIGHT: Final = 1_767_225_600

ADJUSTMENT: Final = {
    "progressPercent": 25,
    "difficultyChange": -5.5,
    "estimatedRetargetDate": 1_760_000_000_000 + 1512 * 610_000,
    "remainingBlocks": 1512,
    "remainingTime": 1512 * 610_000,
    "previousRetarget": 4.25,
    "previousTime": 1_759_690_000,
    "nextRetargetHeight": 900_144 // 2016 * 2016,
    "timeAvg": 615_000,
    "adjustedTimeAvg": 610_000,
    "timeOffset": 0,
    "expectedBlocks": 516.5,
}

# Newest first, every 14 days; 26 of them span 350 days.
RETARGETS: Final = [
    [MIDNIGHT - 14 * DAY * back, 900_144 - 2016 * back, 1e14, 0.95 if back == 3 else 1.05 if back == 7 else 1.0]
    for back in range(26)
]


def pool(slug: str, blocks: int, **changes: Any) -> dict[str, Any]:
    return {
        "poolId": 7,
        "name": slug.title(),
        "link": f"https://{slug}.example",
        "blockCount": blocks,
        "rank": 1,
        "emptyBlocks": 0,
        "slug": slug,
        "avgMatchRate": None,
        "avgFeeDelta": None,
        "poolUniqueId": 1,
        **changes,
    }


DAY_POOLS: Final = [
    pool("foundryusa", 50, avgMatchRate=99, avgFeeDelta="-0.02000000"),
    pool("antpool", 30, avgMatchRate=98, avgFeeDelta="-0.04000000", emptyBlocks=1),
    pool("f2pool", 24, avgMatchRate=100),
    pool("viabtc", 20),
    pool("btccom", 10, avgMatchRate=97),
    pool("ocean", 6, avgMatchRate=90),
    pool("unknown", 4, emptyBlocks=1),
]
WEEK_POOLS: Final = [
    pool("f2pool", 600, avgMatchRate=99, avgFeeDelta="0.01000000"),
    pool("viabtc", 308, avgMatchRate=99, avgFeeDelta="0.01000000"),
    pool("ocean", 100, avgMatchRate=99, avgFeeDelta="0.01000000"),
]


def pools(rows: list[dict[str, Any]], total: int, **changes: Any) -> str:
    body = {
        "pools": rows,
        "blockCount": total,
        "lastEstimatedHashrate": 9.1e20,
        "lastEstimatedHashrate3d": 9.2e20,
        "lastEstimatedHashrate1w": 9.3e20,
    }
    return json.dumps({**body, **changes})


def concentration(grouping: str, herfindahl: float, nakamoto: int, *tops: float, window: str) -> dict[str, float]:
    return {
        f'mining_pool_herfindahl_ratio{{grouping="{grouping}",window="{window}"}}': herfindahl,
        f'mining_pool_nakamoto_pools{{grouping="{grouping}",window="{window}"}}': nakamoto,
        **{
            f'mining_pool_top_share_ratio{{grouping="{grouping}",top="{top}",window="{window}"}}': share
            for top, share in enumerate(tops, start=1)
        },
    }


def shares(blocks: dict[str, int], window: str) -> dict[str, float]:
    total = sum(blocks.values())
    counts = {f'mining_pool_blocks{{pool="{slug}",window="{window}"}}': n for slug, n in blocks.items()}
    parts = {f'mining_pool_share_ratio{{pool="{slug}",window="{window}"}}': n / total for slug, n in blocks.items()}
    return {**counts, **parts}


SQUARES: Final = 50**2 + 30**2 + 24**2 + 20**2 + 10**2 + 6**2 + 4
TOGETHER: Final = 50**2 + 40**2 + 24**2 + 20**2 + 6**2 + 4
WEEK_SQUARES: Final = (600**2 + 308**2 + 100**2) / 1008**2


def day(back: int, rate: float) -> dict[str, float]:
    return {"timestamp": MIDNIGHT - back * DAY, "avgHashrate": rate}


def hashrates(days: list[dict[str, float]], **changes: Any) -> str:
    """Oldest first, as the API has them."""
    body = {
        "hashrates": days[::-1],
        "difficulty": [
            {"time": MIDNIGHT - 30 * DAY, "height": 898_128, "difficulty": 1.3e14, "adjustment": 1.01},
            {"time": MIDNIGHT - 16 * DAY, "height": 900_144, "difficulty": 1.2e14, "adjustment": 0.92},
        ],
        "currentHashrate": 9.5e20,
        "currentDifficulty": 1.2e14,
    }
    return json.dumps({**body, **changes})


# 900 EH/s until a week ago, then 1000, and 1070 on the newest day.
QUARTER: Final = [day(back, 1.07e21 if back == 0 else 1e21 if back < 7 else 9e20) for back in range(91)]
# 800 EH/s in the first hundred days of the year, then 1000.
YEAR: Final = [day(back, 1e21 if back < 266 else 8e20) for back in range(366)]


def audit(match: float) -> dict[str, Any]:
    return {"hash": "00", "matchRate": match, "expectedFees": 4_000_000, "expectedWeight": 3_990_000}


AUDITS: Final = [audit(99)] * 15 + [audit(0)]

EXAMPLES: Final = {
    "difficulty_adjustment": Example(
        body=json.dumps(ADJUSTMENT),
        samples={
            "difficulty_expected_change_ratio": -0.055,
            "difficulty_previous_change_ratio": 0.0425,
            "difficulty_epoch_progress_ratio": 0.25,
            "difficulty_epoch_blocks": 504,
            "difficulty_epoch_blocks_expected": 516.5,
            "difficulty_epoch_start_timestamp_seconds": 1_759_690_000,
            "difficulty_remaining_blocks": 1512,
            "difficulty_retarget_timestamp_seconds": 1_760_000_000 + 1512 * 610,
            "difficulty_next_retarget_height": 899_136,
            "block_interval_epoch_seconds": 615,
            "block_interval_adjusted_seconds": 610,
        },
        data_time=1_760_000_000,
        refused={
            "testnet": Refusal(json.dumps({**ADJUSTMENT, "timeOffset": -1_200_000}), Reason.WRONG_NETWORK),
            "no epoch ends there": Refusal(
                json.dumps({**ADJUSTMENT, "nextRetargetHeight": 900_000}), Reason.INCONSISTENT
            ),
            "remaining time in seconds": Refusal(
                json.dumps({**ADJUSTMENT, "remainingTime": 1512 * 610}), Reason.INCONSISTENT
            ),
        },
    ),
    "retargets": Example(
        body=json.dumps(RETARGETS),
        samples={
            "difficulty_last_change_ratio": 0,
            "difficulty_last_retarget_timestamp_seconds": MIDNIGHT,
            "difficulty_last_retarget_height": 900_144,
            'difficulty_change_minimum_ratio{window="365d"}': -0.05,
            'difficulty_change_maximum_ratio{window="365d"}': 0.05,
            'difficulty_retargets{window="365d"}': 26,
            'difficulty_downward_retargets{window="365d"}': 1,
            'difficulty_growth_ratio{window="365d"}': 0,
        },
        refused={
            "no row": Refusal("[]", Reason.EMPTY),
            "testnet": Refusal("[[1767225600, 900144, 1e8, 105075000]]", Reason.WRONG_NETWORK),
            "rows since 2009": Refusal(
                json.dumps([RETARGETS[0], [1_262_152_739, 32_256, 1.18, 1.18]]), Reason.INCONSISTENT
            ),
            "oldest first": Refusal(json.dumps(RETARGETS[::-1]), Reason.INCONSISTENT),
        },
    ),
    "pools_24h": Example(
        body=pools(DAY_POOLS, 144),
        samples={
            'blocks_found{window="24h"}': 144,
            **shares(
                {"foundryusa": 50, "antpool": 30, "f2pool": 24, "viabtc": 20, "btccom": 10, "ocean": 6, "unknown": 4},
                "24h",
            ),
            'mining_pools{window="24h"}': 6,
            'mining_empty_blocks{window="24h"}': 2,
            'mining_pool_unknown_share_ratio{window="24h"}': 4 / 144,
            **concentration("tag", SQUARES / 144**2, 2, 50 / 144, 80 / 144, 104 / 144, window="24h"),
            **concentration("owner", SQUARES / 144**2, 2, 50 / 144, 80 / 144, 104 / 144, window="24h"),
            **concentration("template", TOGETHER / 144**2, 2, 50 / 144, 90 / 144, 114 / 144, window="24h"),
            'mining_template_match_ratio{window="24h"}': (50 * 99 + 30 * 98 + 24 * 100 + 10 * 97 + 6 * 90) / 120 / 100,
            'mining_fee_delta_ratio{window="24h"}': (50 * -0.02 + 30 * -0.04) / 80,
            'hashrate_estimate_hashes_per_second{window="24h"}': 9.1e20,
            'hashrate_estimate_hashes_per_second{window="3d"}': 9.2e20,
            'hashrate_estimate_hashes_per_second{window="7d"}': 9.3e20,
        },
        refused={
            "all blocks since 2009": Refusal(pools(DAY_POOLS, 960_451), Reason.INCONSISTENT),
            "a week of blocks": Refusal(pools(WEEK_POOLS, 1008), Reason.INCONSISTENT),
            "rows that do not add up": Refusal(pools(DAY_POOLS[:3], 144), Reason.INCONSISTENT),
            "no known pool": Refusal(pools([pool("unknown", 144)], 144), Reason.WRONG_NETWORK),
            "a signet's hash rate": Refusal(pools(DAY_POOLS, 144, lastEstimatedHashrate=1.5e5), Reason.WRONG_NETWORK),
        },
    ),
    "pools_1w": Example(
        body=pools(WEEK_POOLS, 1008),
        samples={
            'blocks_found{window="7d"}': 1008,
            **shares({"f2pool": 600, "viabtc": 308, "ocean": 100}, "7d"),
            'mining_pools{window="7d"}': 3,
            'mining_empty_blocks{window="7d"}': 0,
            'mining_pool_unknown_share_ratio{window="7d"}': 0,
            **concentration("tag", WEEK_SQUARES, 1, 600 / 1008, 908 / 1008, 1, window="7d"),
            **concentration("owner", WEEK_SQUARES, 1, 600 / 1008, 908 / 1008, 1, window="7d"),
            **concentration("template", WEEK_SQUARES, 1, 600 / 1008, 908 / 1008, 1, window="7d"),
            'mining_template_match_ratio{window="7d"}': 0.99,
            'mining_fee_delta_ratio{window="7d"}': 0.01,
        },
        refused={"all blocks since 2009": Refusal(pools(WEEK_POOLS, 960_451), Reason.INCONSISTENT)},
    ),
    "hashrate_3m": Example(
        body=hashrates(QUARTER),
        samples={
            'hashrate_hashes_per_second{window="24h"}': 1.07e21,
            'hashrate_hashes_per_second{window="7d"}': 1.01e21,
            'hashrate_maximum_hashes_per_second{window="90d"}': 1.01e21,
            'hashrate_minimum_hashes_per_second{window="90d"}': 9e20,
            'hashrate_change_ratio{window="30d"}': 1010 / 900 - 1,
            'hashrate_estimate_hashes_per_second{window="1008_blocks"}': 9.5e20,
        },
        data_time=MIDNIGHT,
        refused={
            "days since 2009": Refusal(hashrates([day(0, 1e21), day(6000, 5e6)]), Reason.INCONSISTENT),
            "signet": Refusal(hashrates([day(0, 2e4)], currentDifficulty=0.0028), Reason.WRONG_NETWORK),
        },
    ),
    "hashrate_1y": Example(
        body=hashrates(YEAR),
        samples={
            'hashrate_maximum_hashes_per_second{window="365d"}': 1e21,
            'hashrate_minimum_hashes_per_second{window="365d"}': 8e20,
            'hashrate_change_ratio{window="90d"}': 0,
            'difficulty_maximum{window="365d"}': 1.3e14,
        },
        data_time=MIDNIGHT,
        refused={"days since 2009": Refusal(hashrates([day(0, 1e21), day(6000, 5e6)]), Reason.INCONSISTENT)},
    ),
    "audit_scores": Example(
        body=json.dumps(AUDITS),
        samples={
            'template_audits{window="16_blocks"}': 16,
            'template_audit_match_ratio{window="16_blocks"}': 15 * 0.99 / 16,
            'template_audit_match_minimum_ratio{window="16_blocks"}': 0,
            'template_expected_fees_mean_bitcoins{window="16_blocks"}': 0.04,
        },
        refused={
            "no row": Refusal("[]", Reason.EMPTY),
            "more rows than the API has": Refusal(json.dumps(AUDITS * 2), Reason.INCONSISTENT),
        },
    ),
}
