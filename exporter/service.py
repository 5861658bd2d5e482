"""The running exporter: one world at a time, made anew when data change, when a value expires, and on reload."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Protocol

import structlog

from exporter.clock import Clock
from exporter.collection.statistics import SourceFigures
from exporter.configuration.config import Config
from exporter.configuration.config_keys import restart_keys
from exporter.errors import ConfigError
from exporter.exposition.domain_families import DomainFamilies
from exporter.exposition.families import scores
from exporter.exposition.page import Page
from exporter.exposition.publication import Publication
from exporter.exposition.source_families import SourceFamilies
from exporter.scorecards import compact, scalars
from exporter.slices import Slices, in_one_go
from exporter.snapshot import Snapshot
from exporter.storage.archive import STEP, Archive
from exporter.storage.database import Storage
from exporter.turns import in_turns
from exporter.world import Rules, World
from scoring.memory import Memory
from scoring.method import Method

log = structlog.get_logger(__name__)

# Room and key of the scoring memory in the SQLite file.
ROOM: Final = "scoring"
KEY: Final = "memory"

# Changes that come together, as at start-up, become one world.
GATHER_SECONDS: Final = 0.2
# A value leaves within this time of expiring even if the clock was set or the machine slept meanwhile.
TICK_SECONDS: Final = 1.0
# Figures that change by the passing of time alone are never older than this.
REFRESH_SECONDS: Final = 5.0


class Collecting(Protocol):
    """What the service needs of collection."""

    @property
    def snapshot(self) -> Snapshot: ...
    def figures(self) -> Sequence[SourceFigures]: ...
    async def restore(self) -> None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def reconfigure(self, settings: Config) -> None: ...


@dataclass(frozen=True, slots=True)
class Reloads:
    """Outcome of the last attempt, and time of the last success in Unix seconds."""

    successful: bool
    success_time: float


@dataclass(frozen=True, slots=True)
class Reloading:
    """How a changed configuration is read and takes effect; both raise ConfigError."""

    load: Callable[[], Config]
    rules_of: Callable[[Config], Rules]
    configure_logs: Callable[[str, str], None]


@dataclass(slots=True)
class Service:
    """`changed` is set by collection after every poll; `on_world` is told of every new world."""

    config: Config
    collection: Collecting
    storage: Storage
    publication: Publication
    reloading: Reloading
    clock: Clock
    changed: asyncio.Event
    on_world: Callable[[], None] = lambda: None
    reloads: Reloads = field(init=False)
    world: World = field(init=False)
    archive: Archive = field(init=False)
    _domain: DomainFamilies = field(init=False, default_factory=DomainFamilies)
    _sources: SourceFamilies = field(init=False, default_factory=SourceFamilies)
    _rules: Rules = field(init=False)
    _memory: Memory = field(init=False, default_factory=Memory)
    _one_reload: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _one_refresh: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.archive = Archive(self.storage, self.config.storage.retention)
        self._rules = self.reloading.rules_of(self.config)
        self.reloads = Reloads(successful=True, success_time=self.clock.wall())

    def open(self) -> None:
        """There is something to show from now on, even if nothing is known yet."""
        self.refresh()

    async def start(self) -> None:
        """Yesterday's truth first, with its age; then polling."""
        self._memory = memory_of(await self.storage.load(ROOM))
        await self.collection.restore()
        await self._refresh_in_turns()
        await self.collection.start()

    async def run(self) -> None:
        """Until cancelled. An error here ends the process: a page that stands still would be worse."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_current())
            group.create_task(self._keep_history())

    async def stop(self) -> None:
        await self.collection.stop()
        self._remember()

    def refresh(self) -> None:
        self._show(*in_one_go(self._making()))

    async def _refresh_in_turns(self) -> None:
        async with self._one_refresh:
            self._show(*await in_turns(self._making()))

    def _making(self) -> Slices[tuple[World, Page]]:
        rules, snapshot, figures = self._rules, self.collection.snapshot, self.collection.figures()
        yield
        world = yield from rules.making(snapshot, figures, self.clock.wall(), self._memory)
        yield
        domain = yield from self._domain.making(world.view, world.snapshot, rules.help_texts)
        sources = yield from self._sources.making(world.figures)
        families = chain(domain, scores(world.scorecard), sources)
        return world, (yield from self.publication.rendering(families))

    def _show(self, world: World, page: Page) -> None:
        self.world, self._memory = world, world.scorecard.memory
        self.publication.show(page)
        self.on_world()

    @property
    def method(self) -> Method:
        return self._rules.method

    async def reload(self) -> None:
        """All or nothing. Whatever it raises, mostly ConfigError, the old configuration stays in force."""
        async with self._one_reload:
            done = False
            try:
                await self._reload()
                done = True
            finally:
                self._reloaded(None if done else sys.exception())

    def _reloaded(self, error: BaseException | None) -> None:
        if error is None:
            self.reloads = Reloads(successful=True, success_time=self.clock.wall())
            log.info("configuration reloaded")
            return
        self.reloads = Reloads(successful=False, success_time=self.reloads.success_time)
        mistake = isinstance(error, ConfigError)
        why = str(error) if mistake else f"a bug, please report it: {type(error).__name__}: {error}"
        log.error("configuration not reloaded", error=why, exc_info=None if mistake else error)

    async def _reload(self) -> None:
        config = self.reloading.load()
        if changed := restart_keys(self.config, config):
            raise ConfigError("\n".join(f"{key}: changed, which needs a restart" for key in changed))
        rules, before, done = self.reloading.rules_of(config), (self.config, self._rules), False
        try:
            await self._apply(config, rules)
            done = True
        finally:
            if not done:
                await self._apply(*before)

    async def _apply(self, config: Config, rules: Rules) -> None:
        await self.collection.reconfigure(config)
        self.config, self._rules = config, rules
        await self._refresh_in_turns()
        self.reloading.configure_logs(config.log.level, config.log.format)

    async def _keep_current(self) -> None:
        while True:
            await self._wait()
            if self.changed.is_set():
                await self.clock.sleep(GATHER_SECONDS)
                self.changed.clear()
                await self._refresh_in_turns()
            elif self._is_due(self.clock.wall()):
                await self._refresh_in_turns()

    async def _wait(self) -> None:
        """Until something has changed, a value expires, or a tick has passed."""
        expiry = self.world.next_expiry()
        pause = TICK_SECONDS if expiry is None else min(TICK_SECONDS, max(expiry - self.clock.wall(), 0.0))
        change = asyncio.create_task(self.changed.wait())
        tick = asyncio.ensure_future(self.clock.sleep(pause))
        try:
            await asyncio.wait((change, tick), return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()
            tick.cancel()

    def _is_due(self, now: float) -> bool:
        expiry = self.world.next_expiry()
        expired = expiry is not None and expiry <= now
        return expired or not self.world.at <= now < self.world.at + REFRESH_SECONDS

    async def _keep_history(self) -> None:
        """One entry a minute, apart from what keeps the page current: a slow disk must not hold that up."""
        while True:
            await self.clock.sleep(STEP - self.clock.wall() % STEP)
            world = self.world
            values = {selector: observation.sample.value for selector, observation in world.view.items()}
            values |= scalars(world.scorecard)
            self.archive.append(self.clock.wall(), compact(world.scorecard), values)
            self._remember()

    def _remember(self) -> None:
        self.storage.save(ROOM, KEY, self._memory.as_json())


def memory_of(stored: dict[str, Any]) -> Memory:
    if KEY not in stored:
        return Memory()
    try:
        return Memory.from_json(stored[KEY])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        log.warning("scoring memory not readable, so nothing is held", error=str(error))
        return Memory()
