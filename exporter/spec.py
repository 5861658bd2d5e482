"""The vocabulary of `exporter.sources`: what `exporter.metric` says of metrics and samples, endpoints, sources."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from exporter.errors import BodyError, Reason
from exporter.metric import PREFIX as PREFIX
from exporter.metric import RESERVED_LABELS as RESERVED_LABELS
from exporter.metric import Facts as Facts
from exporter.metric import Group as Group
from exporter.metric import Metric as Metric
from exporter.metric import Sample as Sample
from exporter.metric import Top as Top
from exporter.metric import Unit as Unit
from exporter.origin import Origin, every_field, fields_of
from exporter.payload import Notes, declared_fields, decode
from exporter.rows import decode_rows, is_rows
from exporter.slices import Slices, in_one_go

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0

# Bytes that a reducer takes in less than a millisecond.
PIECE: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class Rejected:
    """Yielded by a parse function in place of samples: this field contradicts others of the same body."""

    field: str


class Reducer(Protocol):
    """Reads a body too large for one go: fed in pieces of at most PIECE, with a pause after each.

    `finish` returns what the endpoint's `parse` takes; both raise BodyError like `decode`.
    """

    def feed(self, piece: bytes) -> None: ...

    def finish(self, notes: Notes) -> Any: ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one body says. `data_time` None: the body has no time of its own."""

    samples: tuple[Sample, ...]
    data_time: float | None
    rejected: Mapping[str, int]
    unknown_fields: int
    daily: Days = ()


# Start of a UTC day in Unix seconds and the value of that day, oldest first.
Days = tuple[tuple[float, float], ...]
# parse(payload), or parse(payload, time of the read) of an event feed.
Parse = Callable[..., Iterable["Sample | Rejected | None"]]


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One URL path of a source. Seconds throughout; `origins` says of which upstream fields each metric is made.

    `events`: the body is a history of events; `parse` counts them back from the time of the read, which is also the
    data time, so an unchanged body must be read again.
    `load` turns bytes that are not JSON into Python before `payload` validates them.
    `daily` keeps one value a day in the unit of the metrics, for quantities that join two charts day by day.
    `as_of` names the endpoint of the same source that tells the age of the data where the body itself does not.
    """

    name: str
    path: str
    payload: Any
    origins: Mapping[Metric, Origin]
    parse: Parse
    interval: float
    period: float
    lag: float = 0.0
    max_age_override: float | None = None
    data_time: Callable[[Any], float | None] | None = None
    accept: str = "application/json"
    enabled: bool = True
    reducer: Callable[[], Reducer] | None = None
    load: Callable[[bytes], Any] | None = None
    events: bool = False
    daily: Callable[[Any], Days] | None = None
    as_of: str | None = None

    @property
    def max_age(self) -> float:
        if self.max_age_override is not None:
            return self.max_age_override
        return self.period + self.lag + 3 * self.interval

    def fields(self) -> frozenset[str]:
        """The closed list of label values `field` may take here."""
        named = {name for origin in self.origins.values() for name in every_field(origin)}
        return declared_fields(self.payload) | named | {"body"}

    @property
    def in_slices(self) -> bool:
        """Whether `reading` pauses however long the body is."""
        return self.reducer is not None or (self.load is None and is_rows(self.payload))

    def read(self, body: bytes, read_at: float | None = None) -> Parsed:
        """Pure: bytes to samples. Raises BodyError where the whole body must not be believed."""
        return in_one_go(self.reading(body, read_at))

    def reading(self, body: bytes, read_at: float | None = None) -> Slices[Parsed]:
        """As `read`, with pauses."""
        if self.events and read_at is None:
            raise ValueError(f"{self.name}: expected the time of the read, because events are counted back from it")
        notes = Notes()
        payload = yield from self._decoding(body, notes)
        yield
        samples: list[Sample] = []
        for said in self.parse(payload, *([read_at] if self.events else [])):
            samples.extend(bounded(said, self.origins, notes))
            yield
        if self.origins and not samples:
            raise _without_samples(notes)
        time = self.data_time(payload) if self.data_time else None
        days = self.daily(payload) if self.daily else ()
        return Parsed(tuple(samples), read_at if self.events else time, dict(notes.rejected), len(notes.unknown), days)

    def _decoding(self, body: bytes, notes: Notes) -> Slices[Any]:
        if self.reducer is None:
            if self.in_slices:
                return (yield from decode_rows(body, self.payload, notes))
            return decode(body, self.payload, notes, self.load)
        reducer = self.reducer()
        for start in range(0, len(body), PIECE):
            reducer.feed(body[start : start + PIECE])
            yield
        return reducer.finish(notes)


def _without_samples(notes: Notes) -> BodyError:
    if notes.rejected:
        return BodyError(Reason.FORMAT, f"no usable value; refused or missing: {', '.join(sorted(notes.rejected))}")
    return BodyError(Reason.EMPTY, "no value in a well-formed body")


def bounded(said: Sample | Rejected | None, origins: Mapping[Metric, Origin], notes: Notes) -> Iterator[Sample]:
    """The sample if it is inside its metric's bounds; else it is counted under the fields it is made of."""
    if said is None:
        return
    if isinstance(said, Rejected):
        notes.reject(said.field)
        return
    low, high = said.metric.bounds
    if low <= said.value <= high:
        yield said
    else:
        for name in fields_of(origins[said.metric], said):
            notes.reject(name)


def endpoint(  # noqa: PLR0913 - keywords of one declaration, each with its own meaning
    path: str,
    payload: Any,
    origins: Mapping[Metric, Origin],
    *,
    interval: float,
    period: float,
    lag: float = 0.0,
    max_age: float | None = None,
    data_time: Callable[[Any], float | None] | None = None,
    accept: str = "application/json",
    enabled: bool = True,
    reducer: Callable[[], Reducer] | None = None,
    load: Callable[[bytes], Any] | None = None,
    events: bool = False,
    daily: Callable[[Any], Days] | None = None,
    as_of: str | None = None,
) -> Callable[[Parse], Endpoint]:
    """Turn a pure parse function into an Endpoint named after it."""

    def declare(parse: Parse) -> Endpoint:
        return Endpoint(
            name=parse.__name__, path=path, payload=payload, origins=origins, parse=parse, interval=interval,
            period=period, lag=lag, max_age_override=max_age, data_time=data_time, accept=accept,
            enabled=enabled, reducer=reducer, load=load, events=events, daily=daily, as_of=as_of,
        )  # fmt: skip

    return declare


@dataclass(frozen=True, slots=True)
class Budget:
    """Politeness towards one host: a bucket of `burst` requests, one more every `every` seconds, and `spacing`.

    `spacing`, the least number of seconds between two requests, is meant for public hosts; on loopback and private
    addresses, which are the operator's own, only the bucket holds.
    """

    burst: int
    every: float
    spacing: float = 0.0


@dataclass(frozen=True, eq=False)
class Source:
    """A provider of data. `hosts` lists where redirects may lead besides the base URL's own host.

    `key_header` carries the API's key, to some hosts under another name.
    """

    name: str
    title: str
    base_urls: tuple[str, ...]
    budget: Budget
    modules: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    key_header: str | None = None
    key_headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every Endpoint that is an attribute of the source's modules, in order of definition."""
        found: dict[int, Endpoint] = {}
        for module in self.modules:
            for value in vars(importlib.import_module(module)).values():
                if isinstance(value, Endpoint):
                    found[id(value)] = value
        return tuple(found.values())
