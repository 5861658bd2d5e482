"""The running difficulty epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Count, Height, Number, Payload, UnixMilliseconds, UnixSeconds
from exporter.sources.mempool_space.bounds import HEIGHTS, RETARGET_CHANGES, SHARES, TIMES
from exporter.sources.mempool_space.units import ratio, seconds
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint

EPOCH_BLOCKS: Final = 2016
_INTERVALS: Final = (1.0, 1e6)
_TOLERANCE: Final = 0.01

EXPECTED_CHANGE = Metric(
    "btchealth_difficulty_expected_change_ratio",
    "Signed relative change of difficulty expected at the next retarget, by the API's own estimate: early in an epoch "
    "it leans on the last 504 blocks, so it can differ widely from the pace of the epoch so far. It moves while no "
    "block is found.",
    Unit.RATIO,
    bounds=RETARGET_CHANGES,
    group=Group.SECURITY,
)
PREVIOUS_CHANGE = Metric(
    "btchealth_difficulty_previous_change_ratio",
    "Signed relative change of difficulty at the last retarget.",
    Unit.RATIO,
    bounds=RETARGET_CHANGES,
    group=Group.SECURITY,
)
EPOCH_PROGRESS = Metric(
    "btchealth_difficulty_epoch_progress_ratio",
    "Part of the 2016 blocks of this difficulty epoch that are found.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.SECURITY,
)
EPOCH_FOUND = Metric(
    "btchealth_difficulty_epoch_blocks",
    "Blocks found since the last retarget.",
    bounds=(0.0, 2016.0),
    group=Group.SECURITY,
)
EPOCH_EXPECTED = Metric(
    "btchealth_difficulty_epoch_blocks_expected",
    "Blocks that ten minutes each would have given since the last retarget.",
    bounds=(0.0, 1e5),
    group=Group.SECURITY,
)
EPOCH_START = Metric(
    "btchealth_difficulty_epoch_start_timestamp_seconds",
    "Header time of the first block of this difficulty epoch.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.SECURITY,
)
REMAINING = Metric(
    "btchealth_difficulty_remaining_blocks",
    "Blocks until the next retarget.",
    bounds=(0.0, 2016.0),
    group=Group.SECURITY,
)
RETARGET_TIME = Metric(
    "btchealth_difficulty_retarget_timestamp_seconds",
    "Estimated time of the next retarget.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.SECURITY,
    foretold=True,
)
NEXT_HEIGHT = Metric(
    "btchealth_difficulty_next_retarget_height",
    "Height of the first block with the next difficulty; a multiple of 2016.",
    bounds=HEIGHTS,
    group=Group.SECURITY,
)
INTERVAL_EPOCH = Metric(
    "btchealth_block_interval_epoch_seconds",
    "Mean time between blocks in this difficulty epoch. Says little in the first days of an epoch.",
    Unit.SECONDS,
    bounds=_INTERVALS,
    group=Group.SECURITY,
)
INTERVAL_ADJUSTED = Metric(
    "btchealth_block_interval_adjusted_seconds",
    "Mean time between blocks by the API's own estimate, which leans on the last 504 blocks early in an epoch.",
    Unit.SECONDS,
    bounds=_INTERVALS,
    group=Group.SECURITY,
)


class Adjustment(Payload):
    """`previousTime` in seconds, all other times in milliseconds."""

    progressPercent: Annotated[float | None, Number(0, 100)] = None
    difficultyChange: Annotated[float | None, Number(-75, 300)] = None
    estimatedRetargetDate: UnixMilliseconds = None
    remainingBlocks: Annotated[float | None, Number(0, EPOCH_BLOCKS)] = None
    remainingTime: Count = None
    previousRetarget: Annotated[float | None, Number(-75, 300)] = None
    previousTime: UnixSeconds = None
    nextRetargetHeight: Height = None
    timeAvg: Annotated[float | None, Number(1, 1e9)] = None
    adjustedTimeAvg: Annotated[float | None, Number(1, 1e9)] = None
    timeOffset: Annotated[float | None, Number(-1e9, 1e9, required=False)] = None
    expectedBlocks: Annotated[float | None, Number(0, 1e5)] = None

    def answered_at(self) -> float | None:
        """The backend's clock: the estimate is made of it and of the remaining time."""
        if self.estimatedRetargetDate is None or self.remainingTime is None:
            return None
        return seconds(self.estimatedRetargetDate - self.remainingTime)


@endpoint(
    "/api/v1/difficulty-adjustment",
    Adjustment,
    {
        EXPECTED_CHANGE: "difficultyChange",
        PREVIOUS_CHANGE: "previousRetarget",
        EPOCH_PROGRESS: "progressPercent",
        EPOCH_FOUND: "remainingBlocks",
        EPOCH_EXPECTED: "expectedBlocks",
        EPOCH_START: "previousTime",
        REMAINING: "remainingBlocks",
        RETARGET_TIME: "estimatedRetargetDate",
        NEXT_HEIGHT: "nextRetargetHeight",
        INTERVAL_EPOCH: "timeAvg",
        INTERVAL_ADJUSTED: "adjustedTimeAvg",
    },
    interval=MINUTE,
    period=MINUTE,
    data_time=Adjustment.answered_at,
)
def difficulty_adjustment(body: Adjustment) -> Iterator[Sample | None]:
    _refuse_contradictions(body)
    found = None if body.remainingBlocks is None else EPOCH_BLOCKS - body.remainingBlocks
    yield EXPECTED_CHANGE(ratio(body.difficultyChange))
    yield PREVIOUS_CHANGE(ratio(body.previousRetarget))
    yield EPOCH_PROGRESS(ratio(body.progressPercent))
    yield EPOCH_FOUND(found)
    yield EPOCH_EXPECTED(body.expectedBlocks)
    yield EPOCH_START(body.previousTime)
    yield REMAINING(body.remainingBlocks)
    yield RETARGET_TIME(seconds(body.estimatedRetargetDate))
    yield NEXT_HEIGHT(body.nextRetargetHeight)
    yield INTERVAL_EPOCH(seconds(body.timeAvg))
    yield INTERVAL_ADJUSTED(seconds(body.adjustedTimeAvg))


def _refuse_contradictions(body: Adjustment) -> None:
    if body.timeOffset:
        raise BodyError(Reason.WRONG_NETWORK, f"timeOffset {body.timeOffset:.0f} ms, which only testnet has")
    if body.nextRetargetHeight is not None and body.nextRetargetHeight % EPOCH_BLOCKS:
        raise BodyError(Reason.INCONSISTENT, f"next retarget at {body.nextRetargetHeight:.0f}, no multiple of 2016")
    match body:
        case Adjustment(remainingTime=float(stated), remainingBlocks=float(blocks), adjustedTimeAvg=float(each)):
            if abs(stated - blocks * each) > _TOLERANCE * blocks * each:
                raise BodyError(
                    Reason.INCONSISTENT, f"remainingTime {stated:.0f} ms, expected {blocks:.0f} blocks of {each:.0f} ms"
                )
