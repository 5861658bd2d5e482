"""Hash rate by day, estimated by the backend from the day's blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import HashesPerSecond, Number, Part, Payload, UnixSeconds
from exporter.sources.mempool_space.bounds import HASHRATES
from exporter.sources.mempool_space.network import refuse_other_network
from exporter.sources.mempool_space.units import mean
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import WINDOW_MINIMUM_RATIO, relative_change

# Indexed with the first block after midnight, which an unlucky day brings two hours late.
_LAG: Final = 2 * HOUR
WEEK: Final = 7
_NOISE: Final = "A day's luck moves it by about 8 percent."

HASHRATE = Metric(
    "btchealth_hashrate_hashes_per_second",
    "Hash rate estimated from the blocks and the difficulty of the last UTC day (24h) and as the mean of the last "
    "seven days "
    "(7d). " + _NOISE,
    Unit.HASHES_PER_SECOND,
    bounds=HASHRATES,
    labels={"window": ("24h", "7d")},
    group=Group.SECURITY,
)
MAXIMUM = Metric(
    "btchealth_hashrate_maximum_hashes_per_second",
    "Highest 7-day mean of the daily hash rate in the window; absent while more than a fifth of the days are missing.",
    Unit.HASHES_PER_SECOND,
    bounds=HASHRATES,
    labels={"window": ("90d", "365d")},
    group=Group.SECURITY,
)
MINIMUM = Metric(
    "btchealth_hashrate_minimum_hashes_per_second",
    "Lowest 7-day mean of the daily hash rate in the window; absent while more than a fifth of the days are missing.",
    Unit.HASHES_PER_SECOND,
    bounds=HASHRATES,
    labels={"window": ("90d", "365d")},
    group=Group.SECURITY,
)
CHANGE = Metric(
    "btchealth_hashrate_change_ratio",
    "Signed relative change of the 7-day mean of the daily hash rate against the one that ended so many days earlier.",
    Unit.RATIO,
    bounds=(-1.0, 1e6),
    labels={"window": ("30d", "90d")},
    group=Group.SECURITY,
)
ESTIMATE = Metric(
    "btchealth_hashrate_estimate_hashes_per_second",
    "Hash rate that Bitcoin Core estimates from the blocks of the last 24 hours, 3 days, 7 days or 1,008 blocks. By "
    "chance alone the one of 24 hours moves by 8 percent, the one of 7 days by 3.",
    Unit.HASHES_PER_SECOND,
    bounds=HASHRATES,
    labels={"window": ("24h", "3d", "7d", "1008_blocks")},
    group=Group.SECURITY,
)
DIFFICULTY_MAXIMUM = Metric(
    "btchealth_difficulty_maximum",
    "Highest difficulty set by a retarget in the window.",
    bounds=(1.0, 1e20),
    labels={"window": ("365d",)},
    group=Group.SECURITY,
)


class Day(Payload):
    """`timestamp` is the midnight that ends the day; `avgHashrate` in H/s, 0 for a day without an index."""

    timestamp: UnixSeconds = None
    avgHashrate: HashesPerSecond = None


class Retarget(Payload):
    """Old backends name the time `timestamp` and have no `adjustment`."""

    UNUSED = frozenset({"time", "timestamp", "height", "adjustment"})

    difficulty: Annotated[float | None, Number(1e-9, 1e20)] = None


class Hashrate(Payload):
    """Oldest day first. `currentHashrate` and `currentDifficulty` are 0 when the node does not answer."""

    hashrates: Annotated[list[Annotated[Day | None, Part()]] | None, Part()] = None
    difficulty: Annotated[list[Annotated[Retarget | None, Part()]] | None, Part()] = None
    currentHashrate: HashesPerSecond = None
    currentDifficulty: Annotated[float | None, Number(1e-9, 1e20)] = None

    def days(self) -> dict[float, float]:
        """End of the day to H/s."""
        found: dict[float, float] = {}
        for row in self.hashrates or []:
            match row:
                case Day(timestamp=float(time), avgHashrate=float(rate)):
                    found[time] = rate
        return dict(sorted(found.items()))

    def newest(self) -> float | None:
        return max(self.days(), default=None)


def weekly(days: dict[float, float]) -> dict[float, float]:
    """End of the last day to the mean of seven days, where none of the seven is missing."""
    means: dict[float, float] = {}
    for time in days:
        week = [days[time - back * DAY] for back in range(WEEK) if time - back * DAY in days]
        average = mean(week)
        if average is not None and len(week) == WEEK:
            means[time] = average
    return means


@endpoint(
    "/api/v1/mining/hashrate/3m",
    Hashrate,
    {
        HASHRATE: "avgHashrate",
        MAXIMUM: "avgHashrate",
        MINIMUM: "avgHashrate",
        CHANGE: "avgHashrate",
        ESTIMATE: "currentHashrate",
    },
    interval=HOUR,
    period=DAY,
    lag=_LAG,
    data_time=Hashrate.newest,
)
def hashrate_3m(body: Hashrate) -> Iterator[Sample | None]:
    days = _believable(body, 95)
    means = weekly(days)
    newest = max(days, default=0.0)
    yield HASHRATE(days.get(newest), window="24h")
    yield HASHRATE(means.get(newest), window="7d")
    yield ESTIMATE(body.currentHashrate, window="1008_blocks")
    yield from _extremes(days, "90d", 90)
    yield from _change(means, newest, "30d", 30)


@endpoint(
    "/api/v1/mining/hashrate/1y",
    Hashrate,
    {MAXIMUM: "avgHashrate", MINIMUM: "avgHashrate", CHANGE: "avgHashrate", DIFFICULTY_MAXIMUM: "difficulty"},
    interval=3 * HOUR,
    period=DAY,
    lag=_LAG,
    data_time=Hashrate.newest,
)
def hashrate_1y(body: Hashrate) -> Iterator[Sample | None]:
    days = _believable(body, 370)
    newest = max(days, default=0.0)
    yield from _extremes(days, "365d", 365)
    yield from _change(weekly(days), newest, "90d", 90)
    difficulties = [row.difficulty for row in body.difficulty or [] if row and row.difficulty is not None]
    if covered(days, 365):
        yield DIFFICULTY_MAXIMUM(max(difficulties, default=None), window="365d")


def _believable(body: Hashrate, most: int) -> dict[float, float]:
    refuse_other_network(difficulty=body.currentDifficulty, hashrate=body.currentHashrate)
    days = body.days()
    if days and max(days) - min(days) > most * DAY:
        raise BodyError(Reason.INCONSISTENT, f"{(max(days) - min(days)) / DAY:.0f} days, expected at most {most}")
    return days


def covered(days: Mapping[float, float], length: int) -> bool:
    """Whether enough of the last `length` days are there to speak of them."""
    newest = max(days, default=0.0)
    return sum(newest - time < length * DAY for time in days) >= WINDOW_MINIMUM_RATIO * length


def _extremes(days: dict[float, float], window: str, length: int) -> Iterator[Sample | None]:
    if covered(days, length):
        newest = max(days)
        means = [value for time, value in weekly(days).items() if newest - time < length * DAY]
        yield MAXIMUM(max(means, default=None), window=window)
        yield MINIMUM(min(means, default=None), window=window)


def _change(means: dict[float, float], newest: float, window: str, length: int) -> Iterator[Sample | None]:
    after, before = means.get(newest), means.get(newest - length * DAY)
    if after is not None and before is not None:
        yield CHANGE(relative_change(after, before), window=window)
