"""What miners earned with the newest 144 blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Height, Number, Payload, Satoshis
from exporter.sources.mempool_space.bounds import MONEY
from exporter.sources.mempool_space.recent import TRANSACTIONS as TRANSACTIONS_MEAN
from exporter.sources.mempool_space.units import bitcoins, share
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import SATOSHIS_PER_BITCOIN, subsidy_bitcoins

BLOCKS: Final = 144
_WINDOW: Final = "144_blocks"
# Miners may claim less than they could; one did for a whole block. More than all they could is impossible.
_UNCLAIMED_BLOCKS: Final = 1

REWARD = Metric(
    "btchealth_reward_bitcoins",
    "Subsidies and fees of the newest 144 blocks, about one day.",
    Unit.BITCOINS,
    bounds=(0.0, 7200.0 * 10),
    labels={"window": (_WINDOW,)},
    group=Group.SECURITY,
)
FEES = Metric(
    "btchealth_fees_bitcoins",
    "Fees of the newest 144 blocks, about one day.",
    Unit.BITCOINS,
    bounds=(0.0, 7200.0 * 10),
    labels={"window": (_WINDOW,)},
    group=Group.SECURITY,
)
CONFIRMED = Metric(
    "btchealth_transactions_confirmed",
    "Transactions of the newest 144 blocks, about one day, coinbases included.",
    bounds=(float(BLOCKS), 1e7),
    labels={"window": (_WINDOW,)},
    group=Group.THROUGHPUT,
)
FEE_MEAN = Metric(
    "btchealth_fee_mean_bitcoins",
    "Mean fee of a transaction of the newest 144 blocks, without coinbases. A few overpaid fees move it; fee rates "
    "tell more.",
    Unit.BITCOINS,
    bounds=MONEY,
    labels={"window": (_WINDOW,)},
    group=Group.THROUGHPUT,
)


class RewardStats(Payload):
    """Totals are strings of digits: satoshis with fees, satoshis, transactions with coinbases."""

    startBlock: Height = None
    endBlock: Height = None
    totalReward: Satoshis = None
    totalFee: Satoshis = None
    totalTx: Annotated[float | None, Number(0, 1e8)] = None


@endpoint(
    "/api/v1/mining/reward-stats/144",
    RewardStats,
    {
        REWARD: "totalReward",
        FEES: "totalFee",
        CONFIRMED: "totalTx",
        FEE_MEAN: ("totalFee", "totalTx"),
        TRANSACTIONS_MEAN: "totalTx",
    },
    interval=5 * MINUTE,
    period=10 * MINUTE,
)
def reward_stats(body: RewardStats) -> Iterator[Sample | None]:
    match body:
        case RewardStats(startBlock=float(start), endBlock=float(end)) if end - start + 1 != BLOCKS:
            raise BodyError(Reason.INCONSISTENT, f"blocks {start:.0f} to {end:.0f}, expected {BLOCKS}")
        case RewardStats(startBlock=float(start), totalReward=float(reward), totalFee=float(fees)):
            _refuse_impossible_subsidy(int(start), reward - fees)
    yield REWARD(bitcoins(body.totalReward), window=_WINDOW)
    yield FEES(bitcoins(body.totalFee), window=_WINDOW)
    yield CONFIRMED(body.totalTx, window=_WINDOW)
    yield TRANSACTIONS_MEAN(share(body.totalTx, BLOCKS), window=_WINDOW)
    if body.totalTx is not None and body.totalTx > BLOCKS:
        yield FEE_MEAN(share(bitcoins(body.totalFee), body.totalTx - BLOCKS), window=_WINDOW)


def _refuse_impossible_subsidy(start: int, subsidy: float) -> None:
    each = [subsidy_bitcoins(height) * SATOSHIS_PER_BITCOIN for height in range(start, start + BLOCKS)]
    if not sum(each) - _UNCLAIMED_BLOCKS * max(each) <= subsidy <= sum(each):
        raise BodyError(
            Reason.INCONSISTENT, f"reward minus fees is {subsidy:.0f} sat for {BLOCKS} blocks, expected {sum(each):.0f}"
        )
