"""The table of routes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from exporter.exposition.publication import Publication
from exporter.web.answer import PLAIN, Answer, Ask, Handler
from exporter.web.api.routes import Api
from exporter.web.health import WorldNow, health_page, healthy, ready_page
from exporter.web.landing import landing_page
from exporter.web.metrics_page import MetricsPage
from exporter.web.reload import reload_page
from exporter.web.route import Route, page, probe


@dataclass(frozen=True, slots=True)
class Contents:
    """What the pages show. `metric_names`: every family there can be; `configuration`: in force, secrets masked."""

    world: WorldNow
    publication: Publication
    metric_names: Callable[[], Collection[str]]
    source_names: tuple[str, ...]
    configuration: Callable[[], str]
    version: str
    storage_healthy: Callable[[], bool]
    cache_healthy: Callable[[], bool]
    reload: Callable[[], Awaitable[None]]
    api: Api


def routes(contents: Contents, telemetry_path: str, prefix: str = "") -> dict[str, Route]:
    """By path. `prefix` is empty or starts with a slash and ends without one."""
    health = health_page(
        contents.world, contents.source_names, contents.version, contents.storage_healthy, contents.cache_healthy
    )
    reload = reload_page(contents.reload)
    metrics = MetricsPage(contents.publication, contents.metric_names, contents.source_names)
    table = {
        "/": page("landing", landing_page(contents.world, contents.version, telemetry_path)),
        telemetry_path: Route(
            "metrics", {"GET": metrics, "HEAD": metrics}, (200, 400, 503), guarded=False, ready=metrics.ready
        ),
        "/-/healthy": probe("healthy", healthy),
        "/-/ready": probe("ready", ready_page(contents.world), codes=(200, 503)),
        "/-/reload": Route("reload", {"POST": reload, "PUT": reload}, (200, 403, 500), guarded=False),
        "/health": probe("health", health, codes=(200, 503)),
        "/config": page("config", _text(contents.configuration)),
        **contents.api.routes(),
    }
    if not prefix:
        return table
    to_prefix = page("redirect", _redirect(f"{prefix}/"), codes=(307,))
    return {f"{prefix}{path}": route for path, route in table.items()} | {"/": to_prefix, prefix: to_prefix}


def prefix_of(route_prefix: str | None, external_url: str | None) -> str:
    """As Prometheus does: the path of the external URL unless a prefix is given."""
    chosen = route_prefix
    if chosen is None:
        chosen = (external_url or "").partition("://")[2].partition("/")[2]
    chosen = chosen.strip("/")
    return f"/{chosen}" if chosen else ""


def _text(content: Callable[[], str]) -> Handler:
    async def text(_: Ask) -> Answer:
        return Answer((await asyncio.to_thread(content)).encode(), PLAIN)

    return text


def _redirect(location: str) -> Handler:
    async def redirect(_: Ask) -> Answer:
        return Answer(b"", PLAIN, 307, {"Location": location})

    return redirect
