"""The page of a world in which every endpoint has just answered with its example body."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from exporter.assembly import rules_of
from exporter.build import Build
from exporter.cache import Cache
from exporter.collection.accept import Arrival, restored
from exporter.collection.plan import SourcePlan
from exporter.collection.statistics import Record, SourceFigures, data_quality, endpoint_figures
from exporter.collection.top import fold
from exporter.configuration.config import Config
from exporter.exposition.domain_families import DomainFamilies
from exporter.exposition.families import scores
from exporter.exposition.loop_lag import LoopLag
from exporter.exposition.own_families import Own
from exporter.exposition.page import Page, Part
from exporter.exposition.source_families import SourceFamilies
from exporter.service import Reloads
from exporter.snapshot import Accepted, Snapshot
from exporter.sources.registry import SOURCES
from exporter.spec import Endpoint, Source
from exporter.web.meter import Meter
from exporter.web.route import expected_counts
from exporter.web.site import routes
from scoring.memory import Memory
from tests.unit.sources.example import Example, encoded
from tests.unit.web.world import contents

NOW = 1_790_000_000.0


def accepted(source: Source, endpoint: Endpoint, example: Example) -> Accepted:
    """All data are from this moment, whatever the example says, so that everything is shown."""
    read_at = NOW if endpoint.events else None
    parsed = endpoint.read(encoded(example.body), example.read_at or read_at)
    samples, _ = fold(parsed.samples, {})
    now = replace(parsed, samples=tuple(replace(one, data_time=None) for one in samples), data_time=NOW)
    return restored(Arrival(source, endpoint, 0, f"{source.name}.example", NOW, NOW), now)


def snapshot() -> Snapshot:
    known = Snapshot()
    for source in SOURCES:
        examples = importlib.import_module(f"tests.unit.sources.{source.name}.examples").EXAMPLES
        for endpoint in Config().endpoints(source):
            known = known.with_accepted(accepted(source, endpoint, examples[endpoint.name]))
    return known


def figures(known: Snapshot, *names: str) -> Iterator[SourceFigures]:
    for source in SOURCES:
        if source.name in names:
            yield _figures(SourcePlan(source, source.base_urls, Config().endpoints(source)), known)


def _figures(plan: SourcePlan, known: Snapshot) -> SourceFigures:
    records = {(plan.name, endpoint.name): Record.of(endpoint) for endpoint in plan.endpoints}
    for key, record in records.items():
        record.fetches, record.duration, record.next_poll = 1, 0.25, NOW + 60
        record.last_success, record.position = known.accepted[key].fetched_at, 0
    endpoints = tuple(
        endpoint_figures(plan, one, records[plan.name, one.name], known.accepted[plan.name, one.name], NOW)
        for one in plan.endpoints
    )
    quality = data_quality(plan, records, known, NOW)
    return SourceFigures(
        name=plan.name, up=True, tried=True, data_quality=quality, clock_skew=0.5, breaker_open=False,
        remaining=plan.source.budget.burst, refusals={}, endpoints=endpoints,
    )  # fmt: skip


def page() -> Page:
    """Figures of one source stand for all, because they differ in labels only."""
    known, rules = snapshot(), rules_of(Config())
    world = rules.world(known, tuple(figures(known, "bitnodes")), NOW, Memory())
    families = (
        *DomainFamilies()(world.view, world.snapshot, rules.help_texts),
        *scores(world.scorecard),
        *SourceFamilies()(world.figures),
    )
    return Page(Part().updated(families), Part().updated(own()()))


def own() -> Own:
    """Without what differs from run to run: resources of the process."""
    meter = Meter()
    meter.expect(expected_counts(routes(contents(), "/metrics").values()))
    build = Build("0.0.0", "0" * 40, "main", "3.11.0")
    storage: Any = SimpleNamespace(failures=0)
    reloads = Reloads(successful=True, success_time=NOW)
    return Own(
        build,
        lambda: reloads,
        lambda: True,
        Cache([]).figures,
        storage,
        (),
        meter,
        LoopLag(time.monotonic, asyncio.sleep),
    )
