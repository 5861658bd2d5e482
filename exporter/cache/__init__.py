"""Response bodies in tiers, nearest first; the poll tick is their only reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from exporter.snapshot import EndpointKey

# Label values of the cache counters; a tier that is not configured stays at 0.
TIERS: Final = ("memory", "redis", "sqlite")


@dataclass(frozen=True, slots=True)
class CachedBody:
    """`url` is base URL and path as asked, `host` the one that answered; `body_time` see `fetch.Response`."""

    source: str
    endpoint: str
    url: str
    host: str
    body: bytes
    fetched_at: float
    body_time: float
    etag: str | None = None
    last_modified: str | None = None
    expires_at: float | None = None

    @property
    def key(self) -> EndpointKey:
        return (self.source, self.endpoint)


class Tier(Protocol):
    """`shared`: other processes write to it too, so it may hold something newer than the tiers before it."""

    @property
    def name(self) -> str: ...
    @property
    def shared(self) -> bool: ...
    async def get(self, key: EndpointKey) -> CachedBody | None: ...
    async def put(self, body: CachedBody) -> None: ...
    async def delete(self, key: EndpointKey) -> None: ...


@dataclass(slots=True)
class TierFigures:
    """Look-ups for a body young enough to spare an upstream call, and those that found one."""

    requests: int = 0
    hits: int = 0


@dataclass(slots=True)
class Cache:
    tiers: Sequence[Tier]
    figures: dict[str, TierFigures] = field(default_factory=lambda: {name: TierFigures() for name in TIERS})

    async def get(self, key: EndpointKey, fetched_after: float) -> CachedBody | None:
        """The newest body known; only one fetched after `fetched_after` is a hit.

        An older one still serves: it carries the conditions of the next request, and is there when the answer is 304.
        A tier of our own is not asked for what a nearer one holds.
        """
        best: CachedBody | None = None
        for tier in self.tiers:
            if best is not None and not tier.shared:
                continue
            self.figures[tier.name].requests += 1
            found = await tier.get(key)
            if found is not None and (best is None or found.fetched_at > best.fetched_at):
                best = found
            if best is not None and best.fetched_at > fetched_after:
                self.figures[tier.name].hits += 1
                break
        return best

    async def put(self, body: CachedBody) -> None:
        for tier in self.tiers:
            await tier.put(body)

    async def delete(self, key: EndpointKey) -> None:
        for tier in self.tiers:
            await tier.delete(key)
