"""Windows of rate limits that replicas share in Redis; each counts alone while Redis is away or slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from limits import RateLimitItem

from exporter.cache.link import CacheError, Link
from exporter.web.limits import Counting

KEY: Final = "btchealth:limit:"
# A reader waits no longer for a count, and after that wait none does for a while.
SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 5.0

# The window begins with its first request; one that lost its end to a failure between the two calls gets a new one.
_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


class Shared:
    def __init__(self, link: Link, alone: Counting, monotonic: Callable[[], float], patience: float = SECONDS) -> None:
        self._link, self._alone, self._monotonic, self._patience = link, alone, monotonic, patience
        self._paused_until = 0.0

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        """Counts here too: who is over the limit at this replica alone is not worth a question."""
        own = await self._alone.wait(rate, handler, client)
        if own or self._monotonic() < self._paused_until:
            return own
        key = KEY + rate.key_for(handler, client)

        async def count(redis: Any) -> Any:
            return await redis.eval(_COUNT, 1, key, rate.get_expiry() * 1_000)

        try:
            async with asyncio.timeout(self._patience):
                counted, left = await self._link.call("rate limits", count)
        except (CacheError, TimeoutError):
            self._paused_until = self._monotonic() + PAUSE_SECONDS
            return 0.0
        return max(left / 1_000, 1.0) if counted > rate.amount else 0.0

    def at_once(self, rate: RateLimitItem, handler: str, client: str) -> None:
        """Every count is a question to Redis."""
