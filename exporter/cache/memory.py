"""Tier of this process: least recently used bodies leave first, bounded in bytes."""

from __future__ import annotations

from cachetools import LRUCache

from exporter.cache import CachedBody
from exporter.snapshot import EndpointKey


class MemoryTier:
    name = "memory"

    def __init__(self, max_bytes: int) -> None:
        self._bodies: LRUCache[EndpointKey, CachedBody] = LRUCache(max_bytes, getsizeof=lambda one: len(one.body))

    async def get(self, key: EndpointKey) -> CachedBody | None:
        return self._bodies.get(key)

    async def put(self, body: CachedBody) -> None:
        if len(body.body) > self._bodies.maxsize:
            await self.delete(body.key)
        else:
            self._bodies[body.key] = body

    async def delete(self, key: EndpointKey) -> None:
        self._bodies.pop(key, None)
