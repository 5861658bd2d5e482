"""How often a client may ask for an endpoint: the strategies of `limits`, in memory that an attacker cannot fill."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from cachetools import LRUCache
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from exporter.web.answer import Refusal

DEFAULT: Final = "default"

# Windows counted at one time; the longest unused makes room, and that client then starts anew.
MOST_WINDOWS: Final = 20_000


class Windows(Storage):
    """Counters in an LRU: the library's own memory storage grows with the number of clients."""

    STORAGE_SCHEME = None

    def __init__(self, wall: Callable[[], float], most: int = MOST_WINDOWS) -> None:
        super().__init__()
        self._wall = wall
        self._counters: LRUCache[str, tuple[int, float]] = LRUCache(most)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = self._wall()
        count, end = self._counters.get(key, (0, 0.0))
        # A window that ends later than it could have begun now is one from before the clock was set back.
        if not now < end <= now + expiry:
            count, end = 0, now + expiry
        self._counters[key] = count + amount, end
        return count + amount

    def get(self, key: str) -> int:
        count, end = self._counters.get(key, (0, 0.0))
        return count if self._wall() < end else 0

    def get_expiry(self, key: str) -> float:
        return self._counters.get(key, (0, self._wall()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self._counters)
        self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        self._counters.pop(key, None)


class Counting(Protocol):
    """Where windows are counted. `at_once`: nothing is waited for."""

    at_once: bool

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        """Count one request: 0, or the seconds until the window ends if it was one too many."""


class Counted:
    """In this process."""

    at_once = True

    def __init__(self, wall: Callable[[], float], most: int = MOST_WINDOWS) -> None:
        self._wall = wall
        self._limiter = FixedWindowRateLimiter(Windows(wall, most))

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        if self._limiter.hit(rate, handler, client):
            return 0.0
        return max(self._limiter.get_window_stats(rate, handler, client).reset_time - self._wall(), 1.0)


class RateLimits:
    def __init__(self, rates: Mapping[str, str], counting: Counting) -> None:
        """`rates` as configured: by endpoint, `default` for the rest; without a default the rest is not limited."""
        self._rates = {name: parse(text) for name, text in rates.items()}
        self._counting = counting

    async def take(self, handler: str, client: str) -> None:
        """Raises Refusal 429."""
        rate = self._rates.get(handler) or self._rates.get(DEFAULT)
        if rate is None:
            return
        if wait := await self._counting.wait(rate, handler, client):
            raise Refusal(
                429, f"more than {rate} from one client, expected to wait", {"Retry-After": str(math.ceil(wait))}
            )
