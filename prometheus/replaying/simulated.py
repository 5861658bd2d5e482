"""A stretch of the simulator's world as the exporter would have shown it, without network and without waiting.

The exporter's own parsers, checks, derived quantities and scorecards run over what the simulated sources answer; time
is a number that is passed in.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from exporter.assembly import rules_of
from exporter.collection.accept import Arrival, accept, without_future
from exporter.collection.plan import SourcePlan, plans
from exporter.collection.statistics import SourceFigures, Statistics, data_quality, endpoint_figures
from exporter.collection.top import fold
from exporter.configuration.config import Config
from exporter.exposition.domain_families import DomainFamilies
from exporter.exposition.families import scores
from exporter.exposition.page import Family
from exporter.exposition.source_families import SourceFamilies
from exporter.snapshot import Snapshot
from exporter.sources.registry import SOURCES
from exporter.spec import Endpoint
from prometheus.replaying.server import Labels, Samples
from scoring.memory import Memory
from simulator.scenario import Stage
from simulator.upstream import Simulated
from simulator.view import World

TARGET: Final = (("instance", "exporter:9833"), ("job", "btc-health"))
HOST: Final = "127.0.0.1"

# What is dear to simulate and changes little is polled less often here: seconds between two polls.
SLOW: Final = {
    "statistics_2h": 900.0, "statistics_1w": 14_400.0, "block_rewards_24h": 1800.0, "block_fees_24h": 1800.0,
    "block_rewards_1w": 3600.0, "block_fees_1w": 3600.0, "pools_1w": 900.0, "pools_24h": 900.0, "data": 900.0,
    "replacements": 900.0, "full_replacements": 900.0, "stale_tips": 3600.0, "mempool_size": 3600.0,
}  # fmt: skip
HOURLY: Final = 3600.0
DAILY: Final = 21_600.0


@dataclass(order=True, slots=True)
class Due:
    at: float
    place: int
    plan: SourcePlan = field(compare=False)
    endpoint: Endpoint = field(compare=False)


class Month:
    """`least`: seconds between two polls of an endpoint, at the least; an interval that is declared longer stays."""

    def __init__(self, seed: int, least: float, nodes: int) -> None:
        self._upstream = Simulated(World.of(seed, nodes))
        self._rules = rules_of(Config())
        self._statistics = Statistics()
        self._snapshot = Snapshot()
        self._memory = Memory()
        self._members: dict[tuple[str, str], Mapping[str, Sequence[str]]] = {}
        self._domain, self._own = DomainFamilies(), SourceFamilies()
        self._plans = [replace(plan, endpoints=tuple(_slowed(plan, least))) for plan in plans(SOURCES, Config())]
        self._statistics.configure(self._plans)

    def pages(self, start: float, end: float, step: float) -> Iterator[tuple[float, list[Family]]]:
        """What every scrape between two moments would have read; polls are spread over their intervals."""
        places = [(plan, endpoint) for plan in self._plans for endpoint in plan.endpoints]
        heap = [Due(start, place, *one) for place, one in enumerate(places)]
        now = start
        while now <= end:
            while heap[0].at <= now:
                due = heapq.heappop(heap)
                self._poll(due.plan, due.endpoint, due.at)
                heapq.heappush(heap, replace(due, at=due.at + due.endpoint.interval + due.place % 7))
            yield now, list(self._page(now))
            now += step

    def _poll(self, plan: SourcePlan, endpoint: Endpoint, now: float) -> None:
        key, record = (plan.name, endpoint.name), self._statistics.records[plan.name, endpoint.name]
        url = urlsplit(endpoint.path)
        answer = self._upstream.answer(plan.name, url.path, dict(parse_qsl(url.query)), now, Stage())
        if answer is None:
            raise LookupError(f"the simulator has nothing at {plan.name} {endpoint.path}")
        arrival = Arrival(plan.source, endpoint, 0, HOST, now, now)
        parsed = without_future(endpoint.read(answer.body, now), arrival)
        record.fetches += 1
        record.count(parsed)
        samples, members = fold(parsed.samples, self._members.get(key, {}))
        self._members[key] = members
        accepted = accept(arrival, replace(parsed, samples=samples), self._snapshot.accepted.get(key))
        record.succeeded(accepted, parsed)
        self._snapshot = self._snapshot.with_accepted(accepted)

    def _page(self, now: float) -> Iterator[Family]:
        figures = [self._figures(plan, now) for plan in self._plans]
        world = self._rules.world(self._snapshot, figures, now, self._memory)
        self._memory = world.scorecard.memory
        yield from self._domain(world.view, world.snapshot, self._rules.help_texts)
        yield from scores(world.scorecard)
        yield from self._own(figures)

    def _figures(self, plan: SourcePlan, now: float) -> SourceFigures:
        records, accepted = self._statistics.records, self._snapshot.accepted
        endpoints = tuple(
            endpoint_figures(plan, one, records[plan.name, one.name], accepted.get((plan.name, one.name)), now)
            for one in plan.endpoints
        )
        quality = data_quality(plan, records, self._snapshot, now)
        return SourceFigures(
            name=plan.name, up=any(one.up for one in endpoints), tried=True, data_quality=quality, clock_skew=0.0,
            breaker_open=False, remaining=plan.source.budget.burst, refusals={}, endpoints=endpoints,
        )  # fmt: skip


def _slowed(plan: SourcePlan, least: float) -> Iterator[Endpoint]:
    for one in plan.endpoints:
        rare = DAILY if one.interval >= HOURLY else SLOW.get(one.name, least)
        yield replace(one, interval=max(one.interval, rare))


def recorded(pages: Iterable[tuple[float, list[Family]]], wanted: frozenset[str]) -> dict[Labels, Samples]:
    """Scraped pages as series, of the wanted families only, with what Prometheus adds to a target."""
    found: dict[Labels, Samples] = defaultdict(Samples)
    for now, families in pages:
        for family in families:
            if family.name in wanted:
                for one in family.series:
                    _add(found, family.name, one.labels, now, one.value)
        _add(found, "up", (), now, 1.0)
        _add(found, "scrape_samples_post_metric_relabeling", (), now, float(sum(len(one.series) for one in families)))
    return found


def _add(found: dict[Labels, Samples], name: str, labels: Labels, now: float, value: float) -> None:
    samples = found[tuple(sorted((("__name__", name), *labels, *TARGET)))]
    samples.times.append(now)
    samples.values.append(value)
