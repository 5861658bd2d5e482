"""A world made by hand, as the pages see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exporter.collection.statistics import EndpointFigures, LastError, SourceFigures
from exporter.errors import Reason
from exporter.exposition.publication import Publication
from exporter.history import History
from exporter.history.alertmanager import NOT_CONFIGURED, Alerts
from exporter.history.sqlite import SqliteHistory
from exporter.snapshot import Observation, Snapshot
from exporter.spec import Group, Metric, Sample, Unit
from exporter.storage.archive import Archive
from exporter.storage.database import Storage
from exporter.web.api.routes import Api, Readable
from exporter.web.site import Contents
from exporter.world import World
from scoring.memory import Memory
from scoring.methodology import METHOD
from scoring.reading import Reading
from scoring.score import score

UNKNOWN_ALERTS = Alerts(None, NOT_CONFIGURED)
NOW = 1_790_000_000.0
BACKLOG = Metric("btchealth_backlog_vbytes", "Backlog.", Unit.VBYTES, group=Group.THROUGHPUT)

TIP = EndpointFigures(
    name="tip", up=True, interval=60.0, max_age=240.0, fetches=3, failures=dict.fromkeys(Reason, 0) | {Reason.TLS: 2},
    rejected={"height": 1, "body": 0}, unknown_fields=4, duration=0.25, last_success=NOW - 30, data_time=NOW - 90,
    changed_at=NOW - 95, next_poll=NOW + 30, base_urls_active=(False, True), host="mempool.example", last_error=None,
)  # fmt: skip
BROKEN = replace(
    TIP, name="broken", up=False, last_success=None, data_time=None, next_poll=None, base_urls_active=(False, False),
    host=None, last_error=LastError(Reason.TIMEOUT, "no answer from <host>", NOW - 7300, 0),
)  # fmt: skip
SOURCE = SourceFigures(
    name="mempool_space", up=True, tried=True, data_quality=0.75, clock_skew=0.5, breaker_open=False, remaining=9,
    refusals={"http://testnet": "genesis of another network"}, endpoints=(TIP,),
)  # fmt: skip


def world(*figures: SourceFigures, fresh: bool = True, at: float = NOW) -> World:
    """`fresh`: every input of the score is there; otherwise none is, and nothing is known at all."""
    readings = {selector: Reading(1.0, at, at, "test") for selector in METHOD.selectors} if fresh else {}
    observation = Observation(Sample(BACKLOG, (), 5.5), at - 10, at - 5, at + 60, "mempool_space/mempool@host")
    view = {observation.sample.key: observation} if fresh else {}
    return World(at, Snapshot(), view, score(readings, at, Memory(), METHOD), figures or (SOURCE,))


async def no_reload() -> None:
    """For pages of which nobody asks a reload."""


def readable(storage: Storage, now: Callable[[], World] = world, history: History | None = None) -> Readable:
    archive = Archive(storage, 86_400.0)
    known = SqliteHistory(archive, lambda: NOW) if history is None else history
    return Readable(
        world=now,
        alerts=lambda: UNKNOWN_ALERTS,
        archive=archive,
        history=lambda: known,
        method=lambda: METHOD,
        minimum_coverage=lambda: 0.6,
        metric_names=lambda: {BACKLOG.name, "btchealth_silent", "btchealth_wide"},
        wall=lambda: NOW,
        version="1.2.3",
        docs=lambda: True,
    )


def contents(storage: Storage | None = None) -> Contents:
    return Contents(
        world=world,
        api=Api(readable(storage or Storage(Path(":memory:")))),
        publication=Publication(list, lambda: 0.0),
        metric_names=frozenset,
        source_names=(SOURCE.name,),
        configuration=lambda: "log:\n  level: info\n",
        version="1.2.3",
        storage_healthy=lambda: True,
        cache_healthy=lambda: True,
        reload=no_reload,
    )
