"""Response bodies in tiers, nearest first; the poll tick is their only reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from exporter.snapshot import EndpointKey

# Label values of the cache counters; a tier that is not configured stays at 0.
TIERS: Final = ("memory", "redis", "sqlite")


@dataclass(frozen=True, slots=True)
class CachedBody:
    """`url` is base URL and path as asked, `host` the one that answered; `body_time` see `fetch.Response`.

    `took`: seconds the fetch lasted. `due`: when whoever fetched it meant to ask again, None where that is not known.
    """

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
    took: float = 0.0
    due: float | None = None

    @property
    def key(self) -> EndpointKey:
        return (self.source, self.endpoint)

    @property
    def asked_at(self) -> float:
        """What decides which of two bodies is newer: an answer that was long on its way is no newer for that."""
        return self.fetched_at - max(self.took, 0.0)


class Tier(Protocol):
    @property
    def name(self) -> str: ...
    async def get(self, key: EndpointKey) -> CachedBody | None: ...
    async def put(self, body: CachedBody) -> None: ...
    async def delete(self, key: EndpointKey) -> None: ...


class SharedTier(Protocol):
    """Other processes write to it too, so it may hold something newer than the tiers before it.

    `get` gives `known` back where nothing newer is there, without moving its bytes.
    """

    @property
    def name(self) -> str: ...
    @property
    def healthy(self) -> bool: ...
    async def get(self, key: EndpointKey, known: CachedBody | None) -> CachedBody | None: ...
    async def put(self, body: CachedBody) -> None: ...
    async def delete(self, key: EndpointKey) -> None: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class TierFigures:
    """Look-ups for a body young enough to spare an upstream call, those that found one, and failures by reason."""

    requests: int = 0
    hits: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    def count(self, *, hit: bool) -> None:
        self.requests += 1
        self.hits += hit


@dataclass(slots=True)
class Cache:
    """`own`: tiers of this process alone, nearest first; the shared one comes after the nearest."""

    own: Sequence[Tier]
    shared: SharedTier | None = None
    figures: dict[str, TierFigures] = field(default_factory=lambda: {name: TierFigures() for name in TIERS})

    async def get(
        self,
        key: EndpointKey,
        fetched_after: float,
        usable: Callable[[CachedBody], bool] = lambda _: True,
        *,
        again: bool = False,
    ) -> CachedBody | None:
        """The newest usable body known; only one fetched after `fetched_after` is a hit.

        `again`: the same poll has looked before, and is counted once.

        An older one still serves: it carries the conditions of the next request, and is there when the answer is 304.
        A tier of our own is not asked for what a nearer one holds.
        """

        def judged(tier: str, found: CachedBody | None) -> CachedBody | None:
            body = found if found is not None and usable(found) else None
            if not again:
                self.figures[tier].count(hit=body is not None and body.fetched_at > fetched_after)
            return body

        best: CachedBody | None = None
        for tier in self.own:
            if best is None:
                best = judged(tier.name, await tier.get(key))
        if self.shared is None:
            return best
        return newest(best, judged(self.shared.name, await self.shared.get(key, best)))

    async def put(self, body: CachedBody) -> None:
        await self.keep(body)
        if self.shared is not None:
            await self.shared.put(body)

    async def keep(self, body: CachedBody) -> None:
        """In our own tiers only: it came from the shared one."""
        for tier in self.own:
            await tier.put(body)

    async def delete(self, key: EndpointKey) -> None:
        for tier in self.own:
            await tier.delete(key)
        if self.shared is not None:
            await self.shared.delete(key)

    @property
    def healthy(self) -> bool:
        return self.shared is None or self.shared.healthy

    async def close(self) -> None:
        if self.shared is not None:
            await self.shared.close()


def newest(one: CachedBody | None, other: CachedBody | None) -> CachedBody | None:
    """The one asked for later; the first where neither was."""
    if one is None or other is None:
        return one or other
    return other if other.asked_at > one.asked_at else one
