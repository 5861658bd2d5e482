"""What miners earned."""

from __future__ import annotations

import json
from typing import Any, Final

from exporter.errors import Reason
from tests.unit.sources.example import Example, Refusal

NOW: Final = 1_760_000_000
HOUR: Final = 3600
DAY: Final = 86_400
SUBSIDY: Final = 312_500_000


def reward_stats(
    fees: int = 300_000_000, subsidy: int = 144 * SUBSIDY, start: int = 900_000, end: int = 900_143
) -> str:
    totals = {"totalReward": str(subsidy + fees), "totalFee": str(fees), "totalTx": "432144"}
    return json.dumps({"startBlock": start, "endBlock": end, **totals})


def times(count: int, step: int) -> list[int]:
    """Oldest first."""
    return [NOW - step * back for back in range(count - 1, -1, -1)]


def fees(stamps: list[int]) -> str:
    """0.05 each, the newest 0.29."""
    rows: list[dict[str, Any]] = [
        {"avgHeight": 1, "timestamp": time, "avgFees": 5_000_000, "USD": 80_000} for time in stamps
    ]
    rows[-1]["avgFees"] = 29_000_000
    return json.dumps(rows)


def rewards(stamps: list[int]) -> str:
    return json.dumps(
        [{"avgHeight": 1, "timestamp": time, "avgRewards": SUBSIDY + 5_000_000, "USD": 80_000} for time in stamps]
    )


def fees_example(window: str, stamps: list[int], mean: float) -> Example:
    return Example(
        body=fees(stamps),
        samples={
            f'block_fees_mean_bitcoins{{window="{window}"}}': mean,
            f'block_fees_median_bitcoins{{window="{window}"}}': 0.05,
        },
        data_time=NOW,
        refused={
            "no row": Refusal("[]", Reason.EMPTY),
            "rows of another window": Refusal(fees([NOW - 2000 * DAY, NOW]), Reason.INCONSISTENT),
            "rows of an hour": Refusal(fees(times(6, 600)), Reason.INCONSISTENT),
        },
    )


def rewards_example(window: str, stamps: list[int]) -> Example:
    return Example(
        body=rewards(stamps),
        samples={f'block_rewards_mean_bitcoins{{window="{window}"}}': 3.175},
        data_time=NOW,
        refused={
            "no row": Refusal("[]", Reason.EMPTY),
            "rows of another window": Refusal(rewards([NOW - 2000 * DAY, NOW]), Reason.INCONSISTENT),
        },
    )


EXAMPLES: Final = {
    "reward_stats": Example(
        body=reward_stats(),
        samples={
            'reward_bitcoins{window="144_blocks"}': 453,
            'fees_bitcoins{window="144_blocks"}': 3,
            'transactions_confirmed{window="144_blocks"}': 432_144,
            'blocks_transactions_mean{window="144_blocks"}': 3001,
            'fee_mean_bitcoins{window="144_blocks"}': 3 / 432_000,
        },
        refused={
            "100 blocks": Refusal(reward_stats(end=900_099), Reason.INCONSISTENT),
            "the subsidy before the halving": Refusal(reward_stats(subsidy=288 * SUBSIDY), Reason.INCONSISTENT),
            "fees counted twice": Refusal(reward_stats(subsidy=144 * SUBSIDY + 1), Reason.INCONSISTENT),
            "a quarter of the subsidy missing": Refusal(reward_stats(subsidy=108 * SUBSIDY), Reason.INCONSISTENT),
        },
    ),
    "block_fees_24h": fees_example("24h", times(24, HOUR), (23 * 0.05 + 0.29) / 24),
    "block_fees_1w": fees_example("7d", times(28, 6 * HOUR), (27 * 0.05 + 0.29) / 28),
    "block_fees_1m": fees_example("30d", times(30, DAY), (29 * 0.05 + 0.29) / 30),
    "block_rewards_24h": rewards_example("24h", times(24, HOUR)),
    "block_rewards_1w": rewards_example("7d", times(28, 6 * HOUR)),
    "block_rewards_1m": rewards_example("30d", times(30, DAY)),
}
