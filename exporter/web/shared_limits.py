"""Windows of rate limits that replicas share in Redis; each counts alone while Redis is away or slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from cachetools import TLRUCache
from limits import RateLimitItem

from exporter.cache.link import CacheError, Failure, Link, ReplyError
from exporter.web.limits import MOST_WINDOWS, Counting

KEY: Final = "btchealth:limit:"
WHAT: Final = "rate limits"
# A reader waits no longer for a count, and after that wait none does for a while.
SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 5.0
# Each question needs a connection while it lasts.
AT_ONCE: Final = 32

# The window begins with its first request; what cannot be its count, or has no end, begins anew.
_COUNT: Final = """
local count, left = redis.pcall('INCR', KEYS[1]), redis.call('PTTL', KEYS[1])
if type(count) ~= 'number' then
  if not string.find(count.err, 'integer') and not string.find(count.err, 'overflow')
    and not string.find(count.err, 'WRONGTYPE') then return count end
  count, left = 1, -1
  redis.call('SET', KEYS[1], 1)
end
if left < 0 or left > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


class Shared:
    """No replica holds more than `most` windows in Redis at a time, whatever its clients' addresses are."""

    def __init__(
        self,
        link: Link,
        alone: Counting,
        monotonic: Callable[[], float],
        patience: float = SECONDS,
        most: int = MOST_WINDOWS,
    ) -> None:
        self._link, self._alone, self._monotonic, self._patience = link, alone, monotonic, patience
        self._paused_until = 0.0
        self._one_of_few = asyncio.Semaphore(AT_ONCE)
        # Seconds to live, by key.
        self._windows: TLRUCache[str, float] = TLRUCache(most, lambda _, lives, now: now + lives, timer=monotonic)

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        """Counts here too: who is over the limit at this replica alone is not worth a question."""
        own = await self._alone.wait(rate, handler, client)
        if own or self._monotonic() < self._paused_until:
            return own
        key, lives = KEY + rate.key_for(handler, client), rate.get_expiry()
        if not self._has_room(key, lives):
            return own
        try:
            async with asyncio.timeout(self._patience), self._one_of_few:
                counted, left = await self._link.call(WHAT, lambda redis: _count(redis, key, lives))
        except (CacheError, TimeoutError) as error:
            if isinstance(error, TimeoutError):
                self._link.count(WHAT, Failure.TIMEOUT, f"no answer within {self._patience:g} s")
            self._paused_until = self._monotonic() + PAUSE_SECONDS
            return 0.0
        return max(left / 1_000, 1.0) if counted > rate.amount else 0.0

    def at_once(self, rate: RateLimitItem, handler: str, client: str) -> None:
        """Every count is a question to Redis."""

    def _has_room(self, key: str, lives: float) -> bool:
        if key in self._windows:
            return True
        if len(self._windows) >= self._windows.maxsize:
            return False
        self._windows[key] = lives
        return True


async def _count(redis: Any, key: str, lives: float) -> tuple[int, int]:
    """Requests in the window, and milliseconds until it ends."""
    match await redis.eval(_COUNT, 1, key, int(lives * 1_000)):
        case [int() as counted, int() as left]:
            return counted, left
        case reply:
            raise ReplyError(f"expected a count, got {str(reply)[:40]}")
