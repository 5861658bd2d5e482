"""JSON for programs: the newest score with what it is made of, and how the sources fare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exporter.scorecards import document
from exporter.statistics import EndpointFigures, SourceFigures
from exporter.web.answer import Answer, Ask, Handler, as_json
from exporter.web.health import WorldNow, collector
from exporter.world import World


def once_a_world(world_now: WorldNow, make: Callable[[World], Any]) -> Handler:
    """Renders when the first reader of a world asks; all others get the same bytes."""
    kept: tuple[World, Answer] | None = None

    async def answer(_: Ask) -> Answer:
        nonlocal kept
        world = world_now()
        if kept is None or kept[0] is not world:
            kept = world, as_json(make(world))
        return kept[1]

    return answer


def score_latest(world: World) -> Any:
    return document(world.scorecard, world.view)


def sources(world: World) -> Any:
    return {"as_of": world.at, "sources": {one.name: _source(one) for one in world.figures}}


def _source(one: SourceFigures) -> dict[str, Any]:
    return {
        "status": collector(one),
        "up": one.up,
        "data_quality": one.data_quality,
        "clock_skew": one.clock_skew,
        "breaker_open": one.breaker_open,
        "remaining_requests": one.remaining,
        "refused_base_urls": dict(one.refusals),
        "endpoints": {endpoint.name: _endpoint(endpoint) for endpoint in one.endpoints},
    }


def _endpoint(one: EndpointFigures) -> dict[str, Any]:
    error = one.last_error
    return {
        "up": one.up,
        "interval": one.interval,
        "max_age": one.max_age,
        "last_success": one.last_success,
        "data_time": one.data_time,
        "last_change": one.changed_at,
        "next_poll": one.next_poll,
        "host": one.host,
        "position": next((position for position, on in enumerate(one.base_urls_active) if on), None),
        "fetches": one.fetches,
        "failures": {reason.value: count for reason, count in one.failures.items() if count},
        "rejected": {name: count for name, count in one.rejected.items() if count},
        "unknown_fields": one.unknown_fields,
        "last_error": error and {"reason": error.reason.value, "message": error.message, "at": error.at},
    }
