"""Alive, ready, and in what state: for probes and for people; nothing here waits for anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from exporter.collection.statistics import SourceFigures
from exporter.web.answer import Answer, Ask, Handler, as_json, plain
from exporter.world import World

HEALTHY: Final = "healthy"
DEGRADED: Final = "degraded"
UNHEALTHY: Final = "unhealthy"
DISABLED: Final = "disabled"

WorldNow = Callable[[], World]


async def healthy(_: Ask) -> Answer:
    return plain("btc-health is healthy.")


def ready_page(world_now: WorldNow) -> Handler:
    async def ready(_: Ask) -> Answer:
        world = world_now()
        if untried := world.untried():
            return plain(f"btc-health is not ready: no poll yet of {', '.join(untried)}.", 503)
        card = world.scorecard
        if card.overall is None:
            return plain(f"btc-health is ready; the overall score is withheld at a coverage of {card.coverage:.2f}.")
        return plain("btc-health is ready.")

    return ready


def health_page(
    world_now: WorldNow,
    source_names: tuple[str, ...],
    version: str,
    storage_healthy: Callable[[], bool],
    cache_healthy: Callable[[], bool],
) -> Handler:
    async def health(_: Ask) -> Answer:
        world = world_now()
        collectors = dict.fromkeys(source_names, DISABLED) | {one.name: collector(one) for one in world.figures}
        # What is known stays servable without a database; without any value there is nothing to serve.
        nothing = not world.view
        polled = [state for state in collectors.values() if state != DISABLED]
        troubled = not (storage_healthy() and cache_healthy()) or any(state != HEALTHY for state in polled)
        body: dict[str, Any] = {
            "status": UNHEALTHY if nothing else DEGRADED if troubled else HEALTHY,
            "version": version,
            "database": HEALTHY if storage_healthy() else UNHEALTHY,
            # Without the shared tier each replica goes on alone.
            "cache": HEALTHY if cache_healthy() else DEGRADED,
            "collectors": collectors,
        }
        return as_json(body, 503 if nothing else 200)

    return health


def collector(source: SourceFigures) -> str:
    if not source.up:
        return UNHEALTHY
    return HEALTHY if all(endpoint.up for endpoint in source.endpoints) else DEGRADED
