"""Every source, endpoint and domain metric of the exporter."""

from __future__ import annotations

from functools import cache
from typing import Final

from exporter.origin import every_field
from exporter.sources import (
    bitnodes,
    blockchain_com,
    coingecko,
    fork_observer,
    forkmonitor,
    mempool_space,
)
from exporter.spec import Endpoint, Metric, Source

SOURCES: Final[tuple[Source, ...]] = (
    mempool_space.SOURCE,
    coingecko.SOURCE,
    blockchain_com.SOURCE,
    bitnodes.SOURCE,
    forkmonitor.SOURCE,
    fork_observer.SOURCE,
)


@cache
def endpoints() -> tuple[tuple[Source, Endpoint], ...]:
    return tuple((source, endpoint) for source in SOURCES for endpoint in source.endpoints)


def source(name: str) -> Source:
    for one in SOURCES:
        if one.name == name:
            return one
    raise LookupError(f"unknown source {name!r}; expected one of {', '.join(one.name for one in SOURCES)}")


@cache
def origins() -> dict[Metric, tuple[tuple[Source, Endpoint, tuple[str, ...]], ...]]:
    """Where each upstream metric is read: source, endpoint, fields."""
    found: dict[Metric, list[tuple[Source, Endpoint, tuple[str, ...]]]] = {}
    for owner, endpoint in endpoints():
        for metric, origin in endpoint.origins.items():
            found.setdefault(metric, []).append((owner, endpoint, every_field(origin)))
    return {metric: tuple(places) for metric, places in found.items()}
