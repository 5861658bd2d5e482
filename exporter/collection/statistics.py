"""How collection fares, as plain values: what `/metrics` and the API say of sources and endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exporter.collection.plan import SourcePlan
from exporter.errors import Reason, UpstreamError
from exporter.snapshot import Accepted, EndpointKey, Snapshot
from exporter.spec import Endpoint, Parsed

# An endpoint is up as long as it succeeded within this many of its intervals.
INTERVALS_UP: Final = 3


@dataclass(frozen=True, slots=True)
class LastError:
    reason: Reason
    message: str
    at: float
    position: int


@dataclass(slots=True)
class Record:
    """Of one endpoint, written while polling. Counters start at 0 for every label there can be.

    `position` is the base URL that served last; `tried` says that a poll succeeded, failed or was put off by a limit.
    """

    failures: dict[Reason, int]
    rejected: dict[str, int]
    fetches: int = 0
    unknown_fields: int = 0
    refused_fields: frozenset[str] = frozenset()
    duration: float | None = None
    last_success: float | None = None
    next_poll: float | None = None
    position: int | None = None
    last_error: LastError | None = None
    failing: int = 0
    tried: bool = False

    @classmethod
    def of(cls, endpoint: Endpoint) -> Record:
        return cls(dict.fromkeys(Reason, 0), dict.fromkeys(sorted(endpoint.fields()), 0))

    def failed(self, error: UpstreamError, position: int, now: float) -> None:
        self.failures[error.reason] += 1
        self.last_error = LastError(error.reason, str(error), now, position)

    def count(self, parsed: Parsed) -> None:
        """What one body brought that was refused or not known."""
        for name, times in parsed.rejected.items():
            self.rejected[name if name in self.rejected else "body"] += times
        self.unknown_fields += parsed.unknown_fields

    def succeeded(self, accepted: Accepted, parsed: Parsed) -> None:
        self.last_success = accepted.fetched_at
        self.position = accepted.position
        self.refused_fields = frozenset(parsed.rejected)
        self.failing = 0
        self.tried = True

    def up(self, interval: float, now: float) -> bool:
        return self.last_success is not None and now - self.last_success <= INTERVALS_UP * interval


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """`base_urls_active`: one flag a position. Times in Unix seconds, durations in seconds, None where unknown."""

    name: str
    up: bool
    interval: float
    max_age: float
    fetches: int
    failures: Mapping[Reason, int]
    rejected: Mapping[str, int]
    unknown_fields: int
    duration: float | None
    last_success: float | None
    data_time: float | None
    changed_at: float | None
    next_poll: float | None
    base_urls_active: tuple[bool, ...]
    host: str | None
    last_error: LastError | None


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """`refusals`: base URLs that serve another network, with what showed it."""

    name: str
    up: bool
    tried: bool
    data_quality: float
    clock_skew: float | None
    breaker_open: bool
    remaining: int
    refusals: Mapping[str, str]
    endpoints: tuple[EndpointFigures, ...]


@dataclass(slots=True)
class Statistics:
    """Written by the pollers, read through `figures`."""

    records: dict[EndpointKey, Record] = field(default_factory=dict)
    clock_skew: dict[str, float] = field(default_factory=dict)

    def configure(self, plans: Iterable[SourcePlan]) -> None:
        """Make room for what is polled from now on; counters of what stays go on."""
        wanted = {(plan.name, endpoint.name): endpoint for plan in plans for endpoint in plan.endpoints}
        self.records = {key: self.records.get(key) or Record.of(endpoint) for key, endpoint in wanted.items()}

    def forget_positions(self, plan: SourcePlan) -> None:
        """Base URLs may have changed places."""
        for endpoint in plan.endpoints:
            self.records[plan.name, endpoint.name].position = None


def endpoint_figures(
    plan: SourcePlan, endpoint: Endpoint, record: Record, accepted: Accepted | None, now: float
) -> EndpointFigures:
    return EndpointFigures(
        name=endpoint.name,
        up=record.up(endpoint.interval, now),
        interval=endpoint.interval,
        max_age=endpoint.max_age,
        fetches=record.fetches,
        failures=dict(record.failures),
        rejected=dict(record.rejected),
        unknown_fields=record.unknown_fields,
        duration=record.duration,
        last_success=record.last_success,
        data_time=accepted.data_time if accepted else None,
        changed_at=accepted.changed_at if accepted else None,
        next_poll=record.next_poll,
        base_urls_active=tuple(record.position == position for position in range(len(plan.base_urls))),
        host=accepted.host if accepted else None,
        last_error=record.last_error,
    )


def data_quality(plan: SourcePlan, records: Mapping[EndpointKey, Record], snapshot: Snapshot, now: float) -> float:
    """Mean over the endpoints: 0 where the data are too old, else the share of declared fields that were accepted."""
    shares = []
    for endpoint in plan.endpoints:
        key = (plan.name, endpoint.name)
        accepted = snapshot.accepted.get(key)
        fresh = accepted is not None and now < accepted.data_time + endpoint.max_age
        declared = endpoint.fields() - {"body"}
        refused = len(declared & records[key].refused_fields) / max(len(declared), 1)
        shares.append(1.0 - refused if fresh else 0.0)
    return sum(shares) / len(shares)
