"""Asks the sources for years, through the same budgets, breakers and checks as live polling.

Bodies stay in the storage file, so that a run that was interrupted goes on where it stopped, and one that comes soon
after another asks for nothing again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from exporter.backfill.table import Told, told
from exporter.cache import Cache
from exporter.cache.memory import MemoryTier
from exporter.cache.sqlite import SqliteTier
from exporter.clock import Clock
from exporter.collection.collection import Collection, Surroundings
from exporter.collection.poller import Outcome
from exporter.collection.top import fold
from exporter.configuration.config import Config
from exporter.errors import BodyError
from exporter.snapshot import EndpointKey
from exporter.sources import blockchain_com, mempool_space
from exporter.sources.blockchain_com import history as charts
from exporter.sources.mempool_space import history as windows
from exporter.sources.past import Past
from exporter.spec import Endpoint, Source
from exporter.storage.database import Storage

# Longer than the spacing of any source's requests, shorter than a breaker stays open: who is down keeps nobody waiting.
PATIENCE_SECONDS: Final = 20.0
# Longer than the waits that a busy server usually asks for.
PAUSE_SECONDS: Final = 120.0
ROUNDS: Final = 3

# Told source, endpoint and how its poll ended.
Progress = Callable[[str, str, Outcome], None]


@dataclass(frozen=True, eq=False)
class YearsOf(Source):
    """A source that is asked for other endpoints than the live ones."""

    pasts: tuple[Past, ...] = field(default=(), kw_only=True)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(past.endpoint for past in self.pasts)


@dataclass(frozen=True, slots=True)
class Missing:
    """An endpoint that gave nothing, and the columns that nobody fills for it."""

    source: str
    endpoint: str
    fills: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.source} {self.endpoint}: {self.why}; left out: {', '.join(self.fills)}"


def sources(first: date, today: date) -> tuple[YearsOf, ...]:
    """In order of preference where two tell the same column."""
    return (
        _years_of(mempool_space.SOURCE, windows.HISTORY),
        _years_of(blockchain_com.SOURCE, charts.history(first.year, today.year)),
    )


def _years_of(source: Source, pasts: tuple[Past, ...]) -> YearsOf:
    return YearsOf(
        source.name, source.title, source.base_urls, source.budget, source.modules, source.hosts, source.key_header,
        pasts=pasts,
    )  # fmt: skip


def yesterday(now: float) -> date:
    """The last day of which everything can be known."""
    return datetime.fromtimestamp(now, UTC).date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gathered:
    answers: Sequence[Told]
    missing: Sequence[Missing]


async def gather(
    wanted: Sequence[YearsOf], config: Config, storage: Storage, clock: Clock, progress: Progress
) -> Gathered:
    cache = Cache([MemoryTier(config.cache.l1_max_bytes), SqliteTier(storage)])
    collection = Collection(wanted, config, Surroundings(clock, storage, cache, fold))
    try:
        await _poll(collection, clock, progress)
        bodies = {}
        for key in collection.snapshot.accepted:
            kept = await cache.get(key, 0.0)
            if kept is not None:
                bodies[key] = kept.body
        return Gathered(*_sorted(wanted, config, bodies, lambda key: _why(collection, key, clock.wall())))
    finally:
        await collection.stop()


async def _poll(collection: Collection, clock: Clock, progress: Progress) -> None:
    """What failed at a source that gave something is asked again when its time comes, if that is soon."""
    for _ in range(ROUNDS):
        await collection.poll_once(progress, PATIENCE_SECONDS)
        records, known = collection.statistics.records, collection.snapshot.accepted
        alive = {source for source, _ in known}
        waits = [
            record.next_poll - clock.wall()
            for key, record in records.items()
            if key not in known and key[0] in alive and record.next_poll is not None
        ]
        soon = [wait for wait in waits if wait <= PAUSE_SECONDS]
        if not soon:
            return
        await clock.sleep(max(*soon, 0.0))


def _sorted(
    wanted: Sequence[YearsOf], config: Config, bodies: Mapping[EndpointKey, bytes], why: Callable[[EndpointKey], str]
) -> tuple[list[Told], list[Missing]]:
    answers: list[Told] = []
    missing: list[Missing] = []
    for source, past in _asked(wanted, config):
        key = (source.name, past.endpoint.name)
        if not past.fills:
            continue
        try:
            if key in bodies:
                answers.append(told(source.name, past, bodies[key]))
            else:
                missing.append(Missing(*key, past.fills, why(key)))
        except BodyError as error:
            missing.append(Missing(*key, past.fills, str(error)))
    return answers, missing


def _asked(wanted: Sequence[YearsOf], config: Config) -> Iterator[tuple[YearsOf, Past]]:
    """Without sources that the operator has switched off."""
    for source in wanted:
        if config.endpoints(source):
            yield from ((source, past) for past in source.pasts)


def _why(collection: Collection, key: EndpointKey, now: float) -> str:
    record = collection.statistics.records.get(key)
    if record is not None and record.last_error is not None:
        return f"{record.last_error.reason}: {record.last_error.message}"
    wait = 0.0 if record is None or record.next_poll is None else max(record.next_poll - now, 0.0)
    return f"failed before; may be asked again in {wait:.0f} s"
