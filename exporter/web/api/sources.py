"""`/api/v2/sources`: how fresh each source is, where its data are from, and what failed last."""

from __future__ import annotations

from typing import Any

from exporter.collection.statistics import EndpointFigures, SourceFigures
from exporter.configuration.scalars import mask_url
from exporter.slices import Slices
from exporter.web.api.render import writing
from exporter.web.api.source_models import Sources
from exporter.web.health import collector
from exporter.world import World


def sources(world: World) -> Slices[bytes]:
    return writing(Sources, lambda: {"as_of": world.at, "sources": {one.name: _source(one) for one in world.figures}})


def _source(one: SourceFigures) -> dict[str, Any]:
    return {
        "status": collector(one),
        "up": one.up,
        "data_quality": one.data_quality,
        "clock_skew": one.clock_skew,
        "breaker_open": one.breaker_open,
        "remaining_requests": one.remaining,
        "refused_base_urls": {mask_url(url): why for url, why in one.refusals.items()},
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
