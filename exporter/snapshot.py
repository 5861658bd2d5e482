"""Everything known now, immutable: one accepted body an endpoint, and what of it is still young enough to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporter.spec import Days, Endpoint, Sample, Source
from scoring.reading import Reading

EndpointKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """One series as it leaves for `/metrics`; withdrawn at `expires_at`: `data_time` plus the endpoint's `max_age`."""

    sample: Sample
    data_time: float
    fetched_at: float
    expires_at: float
    provenance: str

    def reading(self) -> Reading:
        return Reading(self.sample.value, self.fetched_at, self.data_time, self.provenance)


def combined(sample: Sample, inputs: Sequence[Observation]) -> Observation:
    """A value made of others is as old as the oldest of them, and leaves with the first of them."""
    return Observation(
        sample=sample,
        data_time=min(one.data_time for one in inputs),
        fetched_at=min(one.fetched_at for one in inputs),
        expires_at=min(one.expires_at for one in inputs),
        provenance=" ".join(dict.fromkeys(one.provenance for one in inputs)),
    )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The newest body of one endpoint that was believed, as observations."""

    source: Source
    endpoint: Endpoint
    observations: tuple[Observation, ...]
    fetched_at: float
    data_time: float
    changed_at: float
    position: int
    host: str
    daily: Days = ()


# A view is the series alive at one moment, by selector.
View = Mapping[str, Observation]


@dataclass(frozen=True, slots=True)
class Snapshot:
    accepted: Mapping[EndpointKey, Accepted] = field(default_factory=dict)

    def with_accepted(self, new: Accepted) -> Snapshot:
        return replace(self, accepted={**self.accepted, (new.source.name, new.endpoint.name): new})

    def without(self, keys: Iterable[EndpointKey]) -> Snapshot:
        gone = frozenset(keys)
        return replace(self, accepted={key: value for key, value in self.accepted.items() if key not in gone})

    def alive(self, now: float) -> Iterator[Observation]:
        for one in self.accepted.values():
            limit = self._limit(one)
            for observation in one.observations:
                if now < min(observation.expires_at, limit):
                    yield (
                        observation
                        if limit == math.inf
                        else replace(observation, expires_at=min(observation.expires_at, limit))
                    )

    def _limit(self, one: Accepted) -> float:
        """Until when the endpoint that tells the age lets the others be shown; only where one server answered both."""
        if one.endpoint.as_of is None:
            return math.inf
        witness = self.accepted.get((one.source.name, one.endpoint.as_of))
        if witness is None or witness.position != one.position:
            return -math.inf
        return witness.data_time + witness.endpoint.max_age

    def view(self, now: float) -> dict[str, Observation]:
        return {observation.sample.key: observation for observation in self.alive(now)}

    def next_expiry(self, now: float) -> float | None:
        """The first moment after `now` at which something must leave the page."""
        return min((observation.expires_at for observation in self.alive(now)), default=None)
