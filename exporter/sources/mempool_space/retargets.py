"""The retargets of the last year."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Final, NamedTuple

from pydantic import model_validator

from exporter.errors import BodyError, Reason
from exporter.payload import Height, Number, Part, Payload, UnixSeconds
from exporter.sources.mempool_space.bounds import HEIGHTS, LARGEST_RETARGET, LEAST_RETARGET, RETARGET_CHANGES, TIMES
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import WINDOW_MINIMUM_RATIO

_YEAR: Final = ("365d",)
# A window may start up to an epoch of slow blocks before or after its nominal first day.
_LONGEST_YEAR: Final = 400 * DAY

LAST_CHANGE = Metric(
    "btchealth_difficulty_last_change_ratio",
    "Signed relative change of difficulty at the newest listed retarget, to six digits.",
    Unit.RATIO,
    bounds=RETARGET_CHANGES,
    group=Group.SECURITY,
)
LAST_TIME = Metric(
    "btchealth_difficulty_last_retarget_timestamp_seconds",
    "Header time of the newest listed retarget.",
    Unit.TIMESTAMP,
    bounds=TIMES,
    group=Group.SECURITY,
)
LAST_HEIGHT = Metric(
    "btchealth_difficulty_last_retarget_height",
    "Height of the newest listed retarget.",
    bounds=HEIGHTS,
    group=Group.SECURITY,
)
LOWEST_CHANGE = Metric(
    "btchealth_difficulty_change_minimum_ratio",
    "Largest fall of difficulty at one retarget in the window, as signed relative change; above 0 when it never fell.",
    Unit.RATIO,
    bounds=RETARGET_CHANGES,
    labels={"window": _YEAR},
    group=Group.SECURITY,
)
HIGHEST_CHANGE = Metric(
    "btchealth_difficulty_change_maximum_ratio",
    "Largest rise of difficulty at one retarget in the window, as signed relative change.",
    Unit.RATIO,
    bounds=RETARGET_CHANGES,
    labels={"window": _YEAR},
    group=Group.SECURITY,
)
RETARGETS = Metric(
    "btchealth_difficulty_retargets",
    "Retargets in the window; 26 in a year of ten-minute blocks.",
    bounds=(0.0, 110.0),
    labels={"window": _YEAR},
    group=Group.SECURITY,
    raw_only="denominator of the downward retargets",
)
DOWNWARD = Metric(
    "btchealth_difficulty_downward_retargets",
    "Retargets in the window at which difficulty fell.",
    bounds=(0.0, 110.0),
    labels={"window": _YEAR},
    group=Group.SECURITY,
)
GROWTH = Metric(
    "btchealth_difficulty_growth_ratio",
    "Signed relative change of difficulty over all retargets in the window together.",
    Unit.RATIO,
    bounds=(-1.0, 1e6),
    labels={"window": _YEAR},
    group=Group.SECURITY,
)


class Known(NamedTuple):
    time: float
    height: float
    difficulty: float
    factor: float


class Retarget(Payload):
    """`[time s, height, difficulty, ratio]`; the ratio reaches far beyond the protocol's limits on testnet."""

    time: UnixSeconds = None
    height: Height = None
    difficulty: Annotated[float | None, Number(1, 1e20)] = None
    adjustment: Annotated[float | None, Number(0, 1e12)] = None

    @model_validator(mode="before")
    @classmethod
    def _name_columns(cls, row: Any) -> Any:
        if isinstance(row, list) and len(row) == len(cls.model_fields):
            return dict(zip(cls.model_fields, row, strict=True))
        raise ValueError(f"expected {len(cls.model_fields)} columns")

    def known(self) -> Known | None:
        match self:
            case Retarget(time=float(time), height=float(height), difficulty=float(value), adjustment=float(factor)):
                return Known(time, height, value, factor)
        return None


@endpoint(
    "/api/v1/mining/difficulty-adjustments/1y",
    list[Annotated[Retarget | None, Part()]],
    {
        LAST_CHANGE: "adjustment",
        LAST_TIME: "time",
        LAST_HEIGHT: "height",
        LOWEST_CHANGE: "adjustment",
        HIGHEST_CHANGE: "adjustment",
        RETARGETS: "body",
        DOWNWARD: "adjustment",
        GROWTH: "difficulty",
    },
    interval=HOUR,
    period=HOUR,
)
def retargets(rows: list[Retarget | None]) -> Iterator[Sample | None]:
    """Newest first. The time of the body is that of the read: no retarget for two weeks is what should happen."""
    if not rows:
        raise BodyError(Reason.EMPTY, "no retarget in a year")
    table = [row.known() for row in rows if row]
    known = [row for row in table if row]
    _refuse_wrong_window(known)
    newest = rows[0]
    if newest:
        yield LAST_CHANGE(None if newest.adjustment is None else newest.adjustment - 1)
        yield LAST_TIME(newest.time)
        yield LAST_HEIGHT(newest.height)
    if len(known) == len(rows) and known[0].time - known[-1].time >= WINDOW_MINIMUM_RATIO * 365 * DAY:
        yield from _year(known)


def _refuse_wrong_window(rows: list[Known]) -> None:
    if any(later.height <= earlier.height for later, earlier in pairwise(rows)):
        raise BodyError(Reason.INCONSISTENT, "heights do not descend")
    if rows and rows[0].time - rows[-1].time > _LONGEST_YEAR:
        raise BodyError(Reason.INCONSISTENT, f"{(rows[0].time - rows[-1].time) / DAY:.0f} days, expected a year")
    for row in rows:
        if not LEAST_RETARGET <= row.factor <= LARGEST_RETARGET:
            raise BodyError(Reason.WRONG_NETWORK, f"retarget by a factor of {row.factor:g} at height {row.height:.0f}")


def _year(rows: list[Known]) -> Iterator[Sample | None]:
    changes = [row.factor - 1 for row in rows]
    before = rows[-1].difficulty / rows[-1].factor
    yield LOWEST_CHANGE(min(changes), window="365d")
    yield HIGHEST_CHANGE(max(changes), window="365d")
    yield RETARGETS(len(changes), window="365d")
    yield DOWNWARD(sum(change < 0 for change in changes), window="365d")
    yield GROWTH(rows[0].difficulty / before - 1, window="365d")
