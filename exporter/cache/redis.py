"""Tier shared by replicas: the last good body of every endpoint in Redis."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from exporter.cache import CachedBody
from exporter.cache.envelope import VERSION, Envelope, EnvelopeError, seal, unseal
from exporter.cache.link import CacheError, Failure, Link, ReplyError
from exporter.snapshot import EndpointKey

T = TypeVar("T")

KEPT_SECONDS: Final = 7 * 86400
# Clocks of replicas may differ by this much; a body from further ahead would be believed over every later one.
SKEW: Final = 120.0
READING: Final = "reading"
WRITING: Final = "writing"
# Larger ones are packed and unpacked beside the event loop.
AT_ONCE: Final = 64 * 1024
# Longer ones were not written by us; Redis keeps them.
TIME_BYTES: Final = 40
DESCRIPTION_BYTES: Final = 64 * 1024
# By how much packing may lengthen what cannot be packed.
PACKING_BYTES: Final = 1024

# An empty text in place of what is no body of ours.
_TIME: Final = """
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return false end
if kind ~= 'hash' or redis.call('HSTRLEN', KEYS[1], 'at') > tonumber(ARGV[1]) then return '' end
return redis.call('HGET', KEYS[1], 'at') or ''
"""
_READ: Final = """
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {'', ''} end
local description, body = redis.call('HSTRLEN', KEYS[1], 'description'), redis.call('HSTRLEN', KEYS[1], 'body')
if description > tonumber(ARGV[1]) or body > tonumber(ARGV[2]) then return {description, body} end
return {redis.call('HGET', KEYS[1], 'description') or '', redis.call('HGET', KEYS[1], 'body') or ''}
"""
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
            self._link.count(name, Failure.INVALID, str(error))
            return None
        self._link.fine(name)
        return found

    async def put(self, body: CachedBody) -> None:
        name = redis_key("body", body.key)
        envelope = await _beside(len(body.body), lambda: seal(body))
        values = (repr(body.asked_at), repr(self._wall() + SKEW), KEPT_SECONDS)
        parts = (envelope.description, envelope.packed)
        await self._write(lambda redis: redis.eval(_PUT, 1, name, *values, *parts))

    async def delete(self, key: EndpointKey) -> None:
        name = redis_key("body", key)
        await self._write(lambda redis: redis.delete(name))

    async def close(self) -> None:
        await self._link.close()

    async def _newer(self, key: EndpointKey, name: str, known: CachedBody | None) -> CachedBody | None:
        async def time(redis: Any) -> bytes | None:
            return _text_or_none(await redis.eval(_TIME, 1, name, TIME_BYTES))

        at = _time(await self._link.call(READING, time))
        if at is None:
            return None
        if at > self._wall() + SKEW:
            raise EnvelopeError(f"fetched {at - self._wall():.0f} s ahead of our clock")
        return known if known is not None and at <= known.asked_at else await self._read(key, name)

    async def _read(self, key: EndpointKey, name: str) -> CachedBody:
        largest = self._max_bytes + self._max_bytes // 1000 + PACKING_BYTES

        async def parts(redis: Any) -> tuple[bytes | int, bytes | int]:
            return _pair(await redis.eval(_READ, 1, name, DESCRIPTION_BYTES, largest))

        description, packed = await self._link.call(READING, parts)
        if isinstance(description, int) or isinstance(packed, int):
            raise EnvelopeError(f"{description} and {packed} bytes, at most {DESCRIPTION_BYTES} and {largest} are read")
        envelope = Envelope(description, packed)
        body = await _beside(len(packed), lambda: unseal(key, envelope, self._max_bytes))
        # The clock of whoever fetched it is a little ahead of ours.
        return replace(body, fetched_at=min(body.fetched_at, self._wall()))

    async def _write(self, command: Callable[[Any], Any]) -> None:
        with contextlib.suppress(CacheError):
            await self._link.call(WRITING, command)


def _text_or_none(reply: Any) -> bytes | None:
    if reply is None or isinstance(reply, bytes):
        return reply
    raise ReplyError(f"expected a text, got {type(reply).__name__}")


def _pair(reply: Any) -> tuple[bytes | int, bytes | int]:
    """Both texts, or how long they are."""
    match reply:
        case [bytes() | int() as first, bytes() | int() as second] if type(first) is type(second):
            return first, second
    raise ReplyError(f"expected two texts or two lengths, got {str(reply)[:40]}")


def _time(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        at = float(value)
    except ValueError as error:
        raise EnvelopeError(f"time {value!r}") from error
    if not math.isfinite(at):
        raise EnvelopeError(f"time {value!r}")
    return at


async def _beside(size: int, work: Callable[[], T]) -> T:
    return work() if size <= AT_ONCE else await asyncio.to_thread(work)
