"""Whether a body that was read is believed, and how long each of its values may be shown; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.origin import fields_of
from exporter.snapshot import Accepted, Observation
from exporter.spec import HOUR, Endpoint, Parsed, Sample, Source, Unit

# Block headers may be two hours ahead by the rules of the protocol; anything further is somebody's broken clock.
AHEAD: Final = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when a body came from; `body_time` is the time of data that state none (see `fetch.Response`)."""

    source: Source
    endpoint: Endpoint
    position: int
    host: str
    fetched_at: float
    body_time: float

    @property
    def provenance(self) -> str:
        return f"{self.source.name}/{self.endpoint.name}@{self.host}"


def without_future(parsed: Parsed, arrival: Arrival) -> Parsed:
    """The same without samples that are, or speak, of a time too far ahead; they count as rejected values."""
    late = arrival.fetched_at + AHEAD
    kept = tuple(one for one in parsed.samples if max(_times(one), default=late) <= late)
    if len(kept) == len(parsed.samples):
        return parsed
    origins = arrival.endpoint.origins
    early = set(parsed.samples).difference(kept)
    refused = Counter(name for one in early for name in fields_of(origins[one.metric], one))
    return replace(parsed, samples=kept, rejected=Counter(parsed.rejected) + refused)


def _times(sample: Sample) -> Iterator[float]:
    if sample.data_time is not None:
        yield sample.data_time
    if sample.metric.unit is Unit.TIMESTAMP and not sample.metric.foretold:
        yield sample.value


def accept(arrival: Arrival, parsed: Parsed, previous: Accepted | None) -> Accepted:
    """What is shown from now on. Raises BodyError where the data are too old, from the future, or behind `previous`."""
    stated = arrival.body_time if parsed.data_time is None else parsed.data_time
    if stated > arrival.fetched_at + AHEAD:
        raise BodyError(Reason.FUTURE, f"data are {stated - arrival.fetched_at:.0f} s ahead of our clock")
    new = restored(arrival, parsed, previous)
    age = arrival.fetched_at - new.data_time
    if age >= arrival.endpoint.max_age:
        raise BodyError(Reason.STALE, f"data are {age:.0f} s old, at most {arrival.endpoint.max_age:.0f} s are allowed")
    if previous is not None and new.data_time < previous.data_time and _has_precedence(previous, arrival.fetched_at):
        behind = previous.data_time - new.data_time
        raise BodyError(Reason.OLDER, f"data are {behind:.0f} s older than those from {previous.host}")
    return new


def _has_precedence(previous: Accepted, now: float) -> bool:
    """A time at or ahead of the clock proves nothing: whoever stated it must not keep out the good bodies after it."""
    return previous.data_time < previous.fetched_at and previous.data_time <= now


def restored(arrival: Arrival, parsed: Parsed, previous: Accepted | None = None) -> Accepted:
    """The same without doubts, for a body that was believed when it arrived."""
    stated = arrival.body_time if parsed.data_time is None else parsed.data_time
    # A value cannot be from after it was read: a stamp ahead of the clock must not make it live longer.
    data_time = min(stated, arrival.fetched_at)
    observations = tuple(_observation(one, data_time, arrival) for one in parsed.samples)
    if previous is not None and parsed.rejected:
        observations += tuple(_carried(previous, parsed.samples, arrival.fetched_at))
    same = previous is not None and _values(previous.observations) == _values(observations)
    return Accepted(
        source=arrival.source,
        endpoint=arrival.endpoint,
        observations=observations,
        fetched_at=arrival.fetched_at,
        data_time=data_time,
        changed_at=previous.changed_at if previous is not None and same else arrival.fetched_at,
        position=arrival.position,
        host=arrival.host,
        daily=parsed.daily,
    )


def _observation(sample: Sample, data_time: float, arrival: Arrival) -> Observation:
    own = data_time if sample.data_time is None else min(sample.data_time, arrival.fetched_at)
    return Observation(
        sample=sample,
        data_time=own,
        fetched_at=arrival.fetched_at,
        expires_at=own + arrival.endpoint.max_age,
        provenance=arrival.provenance,
    )


def _carried(previous: Accepted, samples: Iterable[Sample], now: float) -> Iterable[Observation]:
    """Values of families that a refused field took away: they age out instead of vanishing for one bad field."""
    present = {one.metric for one in samples}
    return (one for one in previous.observations if one.sample.metric not in present and now < one.expires_at)


def _values(observations: Iterable[Observation]) -> Mapping[tuple[str, tuple[str, ...]], float]:
    return {(one.sample.metric.name, one.sample.labels): one.sample.value for one in observations}
