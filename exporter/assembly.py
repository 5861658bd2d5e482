"""Puts the parts together, once, for `serve` and for `score`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from time import monotonic

from exporter import logs
from exporter.build import build
from exporter.cache import Cache
from exporter.cache.address import Address
from exporter.cache.client import client_of
from exporter.cache.lease import Leases
from exporter.cache.link import Failure, Link
from exporter.cache.memory import MemoryTier
from exporter.cache.redis import RedisTier
from exporter.cache.sqlite import SqliteTier
from exporter.clock import Clock
from exporter.collection.collection import Collection, Surroundings
from exporter.collection.network import tls_context
from exporter.collection.top import fold
from exporter.configuration.config import Config, WebConfig, as_yaml
from exporter.derived import enrich
from exporter.exposition.inventory import sample_names
from exporter.exposition.loop_lag import LoopLag
from exporter.exposition.own_families import Own
from exporter.exposition.process import process_collectors
from exporter.exposition.publication import Publication
from exporter.history import History
from exporter.history.alertmanager import AlertFeed
from exporter.history.jsonclient import JsonClient
from exporter.history.prometheus import PrometheusHistory
from exporter.history.sqlite import SqliteHistory
from exporter.reference import help_texts
from exporter.service import Reloading, Service
from exporter.sources.registry import SOURCES
from exporter.storage.database import Storage
from exporter.web.api.routes import Api, Readable
from exporter.web.app import Site
from exporter.web.bounds import Bounds
from exporter.web.doors import Doors
from exporter.web.gate import Gate
from exporter.web.limits import Counted
from exporter.web.listen import connections_at_most
from exporter.web.meter import Meter
from exporter.web.route import expected_counts
from exporter.web.server import Server
from exporter.web.shared_limits import Shared
from exporter.web.site import Contents, prefix_of, routes
from exporter.web.webfile import WebFile
from exporter.world import Rules
from scoring.method import customised
from scoring.methodology import METHOD


@dataclass(frozen=True, slots=True)
class Gathering:
    """Collection with the caches it reads; `link` leads to what replicas share, if they do."""

    collection: Collection
    cache: Cache
    link: Link | None


def gathering(
    config: Config, storage: Storage, clock: Clock, on_change: Callable[[], None] = lambda: None
) -> Gathering:
    cache = Cache([MemoryTier(config.cache.l1_max_bytes), SqliteTier(storage)])
    cache.figures["redis"].failures = dict.fromkeys(map(str, Failure), 0)
    surroundings = Surroundings(clock, storage, cache, fold)
    link = None
    if config.cache.redis_url is not None:
        link = Link(client_of(Address.parse(config.cache.redis_url)))
        cache.shared = RedisTier(link, clock.wall, config.http_client.max_response_bytes)
        cache.figures["redis"].failures = link.failures
        surroundings = replace(surroundings, leases=Leases(link))
    return Gathering(Collection(SOURCES, config, surroundings, on_change), cache, link)


def rules_of(config: Config) -> Rules:
    """The weights have been checked when the configuration was read."""
    places = [(source, endpoint) for source in SOURCES for endpoint in config.endpoints(source)]
    method = customised(METHOD, config.scoring.weights)
    return Rules(enrich, method, config.scoring.minimum_coverage, help_texts(places))


@dataclass(frozen=True, slots=True)
class Opened:
    """What must be had before anything runs, so that a mistake in it is said at once."""

    config: Config
    load: Callable[[], Config]
    web_file: WebFile
    sockets: list[socket.socket]
    storage: Storage


@dataclass(frozen=True, slots=True)
class Exporter:
    """`client` asks the operator's own servers and is to be closed at the end."""

    service: Service
    server: Server
    api: Api
    alerts: AlertFeed
    client: JsonClient
    loop_lag: LoopLag
    clock: Clock

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.service.run())
            group.create_task(self.alerts.run())
            group.create_task(self.api.run())
            group.create_task(self.loop_lag.run())
            group.create_task(self.service.publication.run(self.clock.sleep))


def exporter_of(opened: Opened, clock: Clock) -> Exporter:
    config, changed, meter = opened.config, asyncio.Event(), Meter()
    gathered = gathering(config, opened.storage, clock, changed.set)
    loop_lag = LoopLag(monotonic, clock.sleep)
    own = Own(
        build=build(),
        reloads=lambda: service.reloads,
        web_file_in_force=lambda: opened.web_file.last_reload_successful,
        tiers=gathered.cache.figures,
        storage=opened.storage,
        collectors=process_collectors(),
        meter=None if config.web.disable_exporter_metrics else meter,
        loop_lag=loop_lag,
    )
    publication = Publication(own, monotonic)
    reloading = Reloading(opened.load, rules_of, logs.configure)
    service = Service(config, gathered.collection, opened.storage, publication, reloading, clock, changed)
    tls = lru_cache(maxsize=1)(tls_context)
    client = JsonClient(lambda: tls(service.config.http_client.ca_file))
    api = Api(
        Readable(
            world=lambda: service.world,
            alerts=lambda: alerts.now,
            archive=service.archive,
            history=_history(service, client, clock),
            method=lambda: service.method,
            minimum_coverage=lambda: service.config.scoring.minimum_coverage,
            metric_names=sample_names,
            wall=clock.wall,
            version=build().version,
            docs=lambda: service.config.api.docs,
        )
    )
    alerts = AlertFeed(lambda: service.config.alerts.alertmanager_url, client, clock.sleep, api.changed)
    service.on_world = api.changed
    alone = Counted(clock.wall)
    counting = alone if gathered.link is None else Shared(gathered.link, alone, monotonic)
    gate = Gate(lambda: service.config.api, counting)
    server = _server(service, opened, meter, api, gate, gathered.cache)
    return Exporter(service, server, api, alerts, client, loop_lag, clock)


def _prefix(web: WebConfig) -> str:
    return prefix_of(web.route_prefix, web.external_url)


def _history(service: Service, client: JsonClient, clock: Clock) -> Callable[[], History]:
    """The history in force: the same object as long as the configuration says the same."""
    file = SqliteHistory(service.archive, clock.wall)

    @lru_cache(maxsize=1)
    def server(url: str) -> History:
        return PrometheusHistory(url, client)

    def history() -> History:
        url = service.config.history.prometheus_url
        return file if url is None else server(url)

    return history


def _shown(config: Callable[[], Config]) -> Callable[[], str]:
    """Written anew only after a reload: it takes a tenth of a second."""
    made: list[tuple[Config, str]] = []

    def shown() -> str:
        now = config()
        if not made or made[0][0] is not now:
            made[:] = [(now, as_yaml(now))]
        return made[0][1]

    return shown


def _server(service: Service, opened: Opened, meter: Meter, api: Api, gate: Gate, cache: Cache) -> Server:
    web = opened.config.web
    contents = Contents(
        world=lambda: service.world,
        publication=service.publication,
        metric_names=sample_names,
        source_names=tuple(source.name for source in SOURCES),
        configuration=_shown(lambda: service.config),
        version=build().version,
        storage_healthy=lambda: opened.storage.healthy,
        cache_healthy=lambda: cache.healthy,
        reload=service.reload,
        api=api,
    )
    table = routes(contents, web.telemetry_path, _prefix(web))
    meter.expect(expected_counts(table.values()))
    bounds = Bounds(web.max_requests)
    affordable = replace(bounds, connections=connections_at_most(bounds.connections))
    site = Site(table, opened.web_file, gate, Doors(monotonic), meter, affordable)
    return Server(site, opened.web_file, opened.sockets)
