"""The service with a clock that moves only when told, and collection made by hand."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from exporter.clock import Clock
from exporter.collection.statistics import SourceFigures
from exporter.configuration.config import Config
from exporter.configuration.configfile import load
from exporter.errors import ConfigError
from exporter.exposition.page import Form
from exporter.exposition.publication import Publication
from exporter.service import KEY, ROOM, Reloading, Service, memory_of
from exporter.snapshot import Accepted, Observation, Snapshot, View
from exporter.sources import registry
from exporter.spec import Metric, Sample
from exporter.storage.archive import Archive
from exporter.storage.database import Storage
from exporter.world import Rules
from scoring.memory import Memory
from scoring.method import customised
from scoring.methodology import METHOD
from tests.unit.web.world import SOURCE

START = 1_790_000_010.0
HEIGHT = Metric("btchealth_height", "Height.")
SELECTOR = METHOD.selectors[0]


class Time:
    """Sleepers wake when the clock is moved past their moment."""

    def __init__(self) -> None:
        self.now = START
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep, lambda seconds: seconds)

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, id(future), future))
        await future

    async def move(self, seconds: float) -> None:
        """Let the time pass in the order in which sleepers wake."""
        end = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, moment)
            if not future.done():
                future.set_result(None)
            await settle()
        self.now = end
        await settle()


async def settle() -> None:
    """More rounds than a world has pauses, however slow the machine."""
    for _ in range(300):
        await asyncio.sleep(0)


@dataclass
class ByHand:
    """Collection whose snapshot the test sets."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    calls: list[str] = field(default_factory=list)
    refuses: str | None = None
    breaks: Exception | None = None

    def figures(self) -> Sequence[SourceFigures]:
        return (replace(SOURCE, endpoints=()),)

    async def restore(self) -> None:
        self.calls.append("restore")

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    async def reconfigure(self, settings: Config) -> None:
        if self.refuses:
            raise ConfigError(self.refuses)
        if self.breaks and settings.log.level == "debug":
            raise self.breaks
        self.calls.append(f"reconfigure {settings.log.level}")

    def accept(self, value: float, now: float, lives: float, *, scored: bool = False) -> None:
        source = registry.source("mempool_space")
        metric = replace(HEIGHT, name=SELECTOR) if scored and "{" not in SELECTOR else HEIGHT
        observation = Observation(Sample(metric, (), value), now, now, now + lives, "mempool_space/tip@host")
        accepted = Accepted(source, source.endpoints[0], (observation,), now, now, now, 0, "host")
        self.snapshot = self.snapshot.with_accepted(accepted)


def unchanged(_: Snapshot, view: View) -> View:
    return view


@dataclass
class Running:
    service: Service
    collection: ByHand
    time: Time
    storage: Storage
    wanted: Config = field(default_factory=Config)
    wrong: str | None = None
    logs: list[tuple[str, str]] = field(default_factory=list)

    def page(self) -> str:
        return self.service.publication.page().bytes_of(Form.TEXT).decode()

    def load(self) -> Config:
        if self.wrong:
            raise ConfigError(self.wrong)
        return self.wanted


def rules_of(config: Config) -> Rules:
    method = customised(METHOD, config.scoring.weights)
    return Rules(unchanged, method, config.scoring.minimum_coverage, {HEIGHT: "Height."})


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    time, collection, storage = Time(), ByHand(), Storage(folder / "x.sqlite")
    holder: list[Running] = []
    logs: list[tuple[str, str]] = []

    def wanted() -> Config:
        return holder[0].load()

    reloading = Reloading(wanted, rules_of, lambda level, form: logs.append((level, form)))
    publication = Publication(list, lambda: time.now)
    service = Service(Config(), collection, storage, publication, reloading, time.clock, asyncio.Event())
    holder.append(Running(service, collection, time, storage, logs=logs))
    await service.start()
    task = asyncio.create_task(service.run())
    try:
        yield holder[0]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await service.stop()
        await storage.close()


async def test_what_was_kept_is_shown_before_anything_is_polled(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        assert one.collection.calls == ["restore", "start"]
        assert "btchealth_source_up" in one.page()


async def test_a_new_body_is_on_the_page_within_a_second(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.collection.accept(7, one.time.now, 60)
        one.service.changed.set()
        await one.time.move(0.5)
        assert "btchealth_height 7\n" in one.page()


@pytest.mark.parametrize("lives", [0.5, 3.0, 7.3])
async def test_a_value_leaves_when_it_expires_without_a_fetch(tmp_path: Path, lives: float) -> None:
    async with running(tmp_path) as one:
        one.collection.accept(7, one.time.now, lives)
        one.service.refresh()
        await one.time.move(lives - 0.1)
        assert "btchealth_height 7\n" in one.page()
        await one.time.move(0.2)
        assert "btchealth_height" not in one.page()


async def test_a_value_leaves_within_two_seconds_of_a_clock_that_jumped(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.collection.accept(7, one.time.now, 600)
        one.service.refresh()
        await settle()
        one.time.now += 3600
        await one.time.move(2.0)
        assert "btchealth_height" not in one.page()


async def test_figures_that_age_are_made_anew_without_news(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        before = one.service.world
        await one.time.move(3.0)
        assert one.service.world is before
        await one.time.move(3.0)
        assert one.service.world is not before


async def test_domain_lines_are_the_same_bytes_when_nothing_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.collection.accept(7, one.time.now, 600)
        one.service.refresh()
        before = one.service.publication.page().data
        one.service.refresh()
        assert one.service.publication.page().data is before


async def test_scores_and_samples_are_kept_once_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.collection.accept(7, one.time.now, 600)
        one.service.refresh()
        for _ in range(2):
            await one.time.move(60)
            for _ in range(2):
                await one.storage.load(ROOM)  # queued behind what is being written
                await settle()
        archive = Archive(one.storage, 86400)
        kept = await archive.scorecards(0, START + 1000)
        assert [moment % 60 for moment, _ in kept] == [0, 0]
        assert kept[0][1]["overall"] is None
        assert [value for _, value in await archive.samples("btchealth_height", 0, START + 1000)] == [7, 7]


async def test_what_is_held_outlives_the_process(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        memory = replace(one.service.world.scorecard.memory, basis=("marked",))
        object.__setattr__(one.service, "_memory", memory)
    storage = Storage(tmp_path / "x.sqlite")
    assert memory_of(await storage.load(ROOM)).basis == ("marked",)
    await storage.close()


@pytest.mark.parametrize("stored", [{}, {KEY: None}, {KEY: []}, {KEY: {"method": "1"}}, {KEY: {"indicators": 7}}])
def test_a_memory_that_cannot_be_read_holds_nothing(stored: dict[str, object]) -> None:
    assert memory_of(stored) == Memory()


async def test_a_reload_takes_effect_as_a_whole(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        one.wanted = load(environ={"BTC_HEALTH_LOG__LEVEL": "debug", "BTC_HEALTH_SCORING__WEIGHTS__SECURITY": "0.9"})
        one.time.now += 5
        await one.service.reload()
        assert one.service.config is one.wanted
        assert one.collection.calls[-1] == "reconfigure debug"
        assert one.logs == [("debug", "logfmt")]
        assert "+custom." in one.page()
        assert (one.service.reloads.successful, one.service.reloads.success_time) == (True, START + 5)


@pytest.mark.parametrize(
    ("environ", "wrong", "refuses", "message"),
    [
        ({}, "c.yml:1: nonsense", None, "c.yml:1: nonsense"),
        ({"BTC_HEALTH_STORAGE__PATH": "x", "BTC_HEALTH_WEB__MAX_REQUESTS": "1"}, None, None,
         "storage.path: changed, which needs a restart\nweb.max_requests: changed, which needs a restart"),
        ({}, None, "http_client.ca_file: no PEM", "http_client.ca_file: no PEM"),
    ],
)  # fmt: skip
async def test_a_reload_that_cannot_be_leaves_everything_as_it_was(
    tmp_path: Path, environ: dict[str, str], wrong: str | None, refuses: str | None, message: str
) -> None:
    async with running(tmp_path) as one:
        before = one.service.config
        one.wanted, one.wrong, one.collection.refuses = load(environ=environ), wrong, refuses
        one.time.now += 5
        with pytest.raises(ConfigError) as caught:
            await one.service.reload()
        assert str(caught.value) == message
        assert one.service.config is before
        assert one.logs == []
        assert (one.service.reloads.successful, one.service.reloads.success_time) == (False, START)
        one.wanted, one.wrong, one.collection.refuses = Config(), None, None
        await one.service.reload()
        assert one.service.reloads.successful


@pytest.mark.parametrize("where", ["reading", "rules", "collection", "logs"])
async def test_a_reload_that_fails_by_a_bug_is_undone_and_says_so(tmp_path: Path, where: str) -> None:
    bug = OverflowError("a number too large")

    def broken(*_: object) -> Any:
        raise bug

    async with running(tmp_path) as one:
        before, method = one.service.config, one.service.method
        one.wanted = load(environ={"BTC_HEALTH_LOG__LEVEL": "debug", "BTC_HEALTH_SCORING__WEIGHTS__SECURITY": "0.9"})
        reloading = one.service.reloading
        changes: dict[str, dict[str, Any]] = {"reading": {"load": broken}, "rules": {"rules_of": broken}}
        if where == "logs":
            changes["logs"] = {"configure_logs": lambda level, _: broken() if level == "debug" else None}
        one.service.reloading = replace(reloading, **changes.get(where, {}))
        one.collection.breaks = bug if where == "collection" else None
        one.time.now += 5
        with structlog.testing.capture_logs() as lines, pytest.raises(OverflowError):
            await one.service.reload()
        assert (one.service.config, one.service.method) == (before, method)
        assert "+custom." not in one.page()
        assert (one.service.reloads.successful, one.service.reloads.success_time) == (False, START)
        assert lines[-1]["error"] == "a bug, please report it: OverflowError: a number too large"
        # What had been told to poll by the new configuration is told to go on by the old one.
        assert one.collection.calls[-1] in ("start", "reconfigure info")
        one.service.reloading, one.collection.breaks = reloading, None
        await one.service.reload()
        assert one.service.reloads.successful


async def test_a_bug_ends_the_service_instead_of_freezing_the_page(tmp_path: Path) -> None:
    async with running(tmp_path) as one:
        broken = asyncio.create_task(one.service.run())
        one.collection.figures = lambda: 1 / 0  # type: ignore[method-assign,return-value,assignment] # a bug made on purpose
        one.service.changed.set()
        await one.time.move(1.0)
        assert broken.done()
        assert isinstance(broken.exception(), ExceptionGroup)
