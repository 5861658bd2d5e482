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
        # Requests, and when their window ends.
        self._counters: LRUCache[str, list[float]] = LRUCache(most)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.count(key, expiry, amount)

    def count(self, key: str, expiry: int, amount: int = 1) -> int:
        """`incr` without what the library puts around it."""
        now = self._wall()
        counter = self._counters.get(key)
        # A window that ends later than it could have begun now is one from before the clock was set back.
        if counter is None or not now < counter[1] <= now + expiry:
            counter = self._counters[key] = [0, now + expiry]
        counter[0] += amount
        return int(counter[0])

    def get(self, key: str) -> int:
        count, end = self._counters.get(key, (0, 0.0))
        return int(count) if self._wall() < end else 0

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
    """Where windows are counted."""

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        """Count one request: 0, or the seconds until the window ends if it was one too many."""

    def at_once(self, rate: RateLimitItem, handler: str, client: str) -> Callable[[], float] | None:
        """As `wait`, for a client whose requests come again; None where it has to be waited for."""


class Counted:
    """In this process."""

    def __init__(self, wall: Callable[[], float], most: int = MOST_WINDOWS) -> None:
        self._wall, self._windows = wall, Windows(wall, most)
        self._limiter = FixedWindowRateLimiter(self._windows)

    async def wait(self, rate: RateLimitItem, handler: str, client: str) -> float:
        return 0.0 if self._limiter.hit(rate, handler, client) else self._left(rate, handler, client)

    def at_once(self, rate: RateLimitItem, handler: str, client: str) -> Callable[[], float]:
        """The limiter's `hit` with its key made once: making it takes longer than all else."""
        key, expiry, most, windows = rate.key_for(handler, client), rate.get_expiry(), rate.amount, self._windows

        def wait() -> float:
            return 0.0 if windows.count(key, expiry) <= most else self._left(rate, handler, client)

        return wait

    def _left(self, rate: RateLimitItem, handler: str, client: str) -> float:
        return max(self._limiter.get_window_stats(rate, handler, client).reset_time - self._wall(), 1.0)


class RateLimits:
    def __init__(self, rates: Mapping[str, str], counting: Counting) -> None:
        """`rates` as configured: by endpoint, `default` for the rest; without a default the rest is not limited."""
        self._rates = {name: parse(text) for name, text in rates.items()}
        self._counting = counting

    async def take(self, handler: str, client: str) -> None:
        """Raises Refusal 429."""
        rate = self._rate(handler)
        if rate is not None:
            _refuse(rate, await self._counting.wait(rate, handler, client))

    def taking(self, handler: str, client: str) -> Callable[[], None] | None:
        """As `take`, for a client whose requests come again; None where it has to be waited for."""
        rate = self._rate(handler)
        if rate is None:
            return unlimited
        wait = self._counting.at_once(rate, handler, client)
        return None if wait is None else lambda: _refuse(rate, wait())

    def _rate(self, handler: str) -> RateLimitItem | None:
        return self._rates.get(handler) or self._rates.get(DEFAULT)


def unlimited() -> None:
    """Every request may pass."""


def _refuse(rate: RateLimitItem, wait: float) -> None:
    if wait:
        raise Refusal(429, f"more than {rate} from one client, expected to wait", {"Retry-After": str(math.ceil(wait))})
