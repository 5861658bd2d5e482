"""Tier shared by replicas: the last good body of every endpoint in Redis."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from exporter.cache import CachedBody
from exporter.cache.envelope import VERSION, Envelope, EnvelopeError, seal, unseal
from exporter.cache.link import CacheError, Link
from exporter.snapshot import EndpointKey

T = TypeVar("T")

KEPT_SECONDS: Final = 7 * 86400
# Clocks of replicas may differ by this much; a body from further ahead would be believed over every later one.
SKEW: Final = 120.0
WRITING: Final = "writing"
# Larger ones are packed and unpacked beside the event loop.
AT_ONCE: Final = 64 * 1024

# Only a newer body replaces one; what is no body of ours, or from a clock far ahead, is replaced by any.
_PUT: Final = """
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local held = tonumber(redis.call('HGET', KEYS[1], 'at') or '')
if held and held >= tonumber(ARGV[1]) and held <= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'description', ARGV[4], 'body', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


def redis_key(kind: str, key: EndpointKey) -> str:
    """Keys of one source share a slot of a cluster, so that a script may use several of them."""
    source, endpoint = key
    return f"btchealth:{VERSION}:{{{source}}}:{kind}:{endpoint}"


class RedisTier:
    """`max_bytes`: largest body taken from there; `wall` in Unix seconds."""

    name = "redis"

    def __init__(self, link: Link, wall: Callable[[], float], max_bytes: int) -> None:
        self._link = link
        self._wall = wall
        self._max_bytes = max_bytes

    @property
    def healthy(self) -> bool:
        return self._link.healthy

    async def get(self, key: EndpointKey, known: CachedBody | None = None) -> CachedBody | None:
        name = redis_key("body", key)
        try:
            found = await self._newer(key, name, known)
        except CacheError:
            return None
        except EnvelopeError as error:
            self._link.invalid(name, str(error))
            return None
        self._link.fine(name)
        return found

    async def put(self, body: CachedBody) -> None:
        name = redis_key("body", body.key)
        envelope = await _beside(len(body.body), lambda: seal(body))
        values = (repr(body.fetched_at), repr(self._wall() + SKEW), KEPT_SECONDS)
        parts = (envelope.description, envelope.packed)
        await self._write(lambda redis: redis.eval(_PUT, 1, name, *values, *parts))

    async def delete(self, key: EndpointKey) -> None:
        name = redis_key("body", key)
        await self._write(lambda redis: redis.delete(name))

    async def close(self) -> None:
        await self._link.close()

    async def _newer(self, key: EndpointKey, name: str, known: CachedBody | None) -> CachedBody | None:
        at = _time(await self._link.call(name, lambda redis: redis.hget(name, "at")))
        if at is None:
            return None
        if at > self._wall() + SKEW:
            raise EnvelopeError(f"fetched {at - self._wall():.0f} s ahead of our clock")
        return known if known is not None and at <= known.fetched_at else await self._read(key, name)

    async def _read(self, key: EndpointKey, name: str) -> CachedBody | None:
        description, packed = await self._link.call(name, lambda redis: redis.hmget(name, "description", "body"))
        if description is None or packed is None:
            raise EnvelopeError("incomplete")
        envelope = Envelope(description, packed)
        body = await _beside(len(packed), lambda: unseal(key, envelope, self._max_bytes))
        # The clock of whoever fetched it is a little ahead of ours.
        return replace(body, fetched_at=min(body.fetched_at, self._wall()))

    async def _write(self, command: Callable[[Any], Any]) -> None:
        try:
            await self._link.call(WRITING, command)
        except CacheError:
            return
        self._link.fine(WRITING)


def _time(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        at = float(value)
    except ValueError as error:
        raise EnvelopeError(f"time {value[:40]!r}") from error
    if not math.isfinite(at):
        raise EnvelopeError(f"time {value[:40]!r}")
    return at


async def _beside(size: int, work: Callable[[], T]) -> T:
    return work() if size <= AT_ONCE else await asyncio.to_thread(work)
