"""The table of routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from exporter.exposition import Publication
from exporter.web.answer import PLAIN, Answer, Ask, Handler
from exporter.web.api import once_a_world, score_latest, sources
from exporter.web.app import Route, page
from exporter.web.health import WorldNow, health_page, healthy, ready_page
from exporter.web.landing import landing_page
from exporter.web.metrics_page import metrics_page
from exporter.web.reload import reload_page


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
    reload: Callable[[], Awaitable[None]]


def routes(contents: Contents, telemetry_path: str, prefix: str = "") -> dict[str, Route]:
    """By path. `prefix` is empty or starts with a slash and ends without one."""
    health = health_page(contents.world, contents.source_names, contents.version, contents.storage_healthy)
    reload = reload_page(contents.reload)
    metrics = metrics_page(contents.publication, contents.metric_names, contents.source_names)
    table = {
        "/": page("landing", landing_page(contents.world, contents.version, telemetry_path)),
        telemetry_path: page("metrics", metrics, codes=(200, 400, 503)),
        "/-/healthy": page("healthy", healthy, limited=False),
        "/-/ready": page("ready", ready_page(contents.world), codes=(200, 503), limited=False),
        "/-/reload": Route("reload", {"POST": reload, "PUT": reload}, (200, 403, 500)),
        "/health": page("health", health, codes=(200, 503), limited=False),
        "/config": page("config", _text(contents.configuration)),
        "/api/v2/score/latest": page("score_latest", once_a_world(contents.world, score_latest)),
        "/api/v2/sources": page("sources", once_a_world(contents.world, sources)),
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
        return Answer(content().encode(), PLAIN)

    return text


def _redirect(location: str) -> Handler:
    async def redirect(_: Ask) -> Answer:
        return Answer(b"", PLAIN, 307, {"Location": location})

    return redirect
