"""The way to Redis: short time limits, back-off while it is away, every failure counted and none raised to a reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Final

import structlog
from redis import exceptions
from redis.asyncio.sentinel import SentinelConnectionPool

from exporter.collection.breaker import growing
from exporter.errors import BtcHealthError

# For one command with its connection. A poll waits this long once, then the link is left alone for a while.
SECONDS: Final = 1.0
OPEN_FIRST: Final = 1.0
OPEN_CEILING: Final = 30.0

_log = structlog.get_logger(__name__)


class Failure(StrEnum):
    """Why a look at the shared cache came to nothing."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    FULL = "full"
    INVALID = "invalid"
    ERROR = "error"


class CacheError(BtcHealthError):
    """The shared cache did not do what was asked of it; each replica then goes on alone."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


# ValueError: what answers does not speak the protocol.
_ERRORS: Final = (exceptions.RedisError, exceptions.RedisClusterException, OSError, TimeoutError, ValueError)
# A server that refuses one write or holds something else under one key still serves the others.
_SERVING: Final = frozenset({Failure.FULL, Failure.INVALID})


def classified(error: BaseException) -> Failure:
    text = str(error)
    if isinstance(error, TimeoutError | exceptions.TimeoutError):
        return Failure.TIMEOUT
    if isinstance(error, exceptions.BusyLoadingError | exceptions.AuthenticationError):
        return Failure.ERROR
    if isinstance(error, OSError | exceptions.ConnectionError):
        return Failure.UNREACHABLE
    # Scripts wrap the reply of the command that failed in one of their own.
    if "command not allowed when used memory" in text:
        return Failure.FULL
    return Failure.INVALID if "WRONGTYPE" in text else Failure.ERROR


class Link:
    """`client` of redis-py, connecting on first use. `failures` counts by reason."""

    def __init__(self, client: Any, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.failures: dict[str, int] = dict.fromkeys(map(str, Failure), 0)
        self._client = client
        self._monotonic = monotonic
        self._openings = 0
        self._open_until = 0.0
        self._troubles: set[str] = set()

    @property
    def healthy(self) -> bool:
        return not self._troubles

    async def call(self, what: str, command: Callable[[Any], Awaitable[Any]]) -> Any:
        """The reply to `command`, which is given the client; raises CacheError.

        `what` names the key or the kind of work that may be in trouble while Redis itself serves; see `fine`.
        """
        if self._monotonic() < self._open_until:
            raise CacheError(Failure.UNREACHABLE, "left alone after a failure")
        if self._openings:
            # Of those who come while it is not known whether it works again, only the first one tries.
            self._open_until = self._monotonic() + SECONDS
        try:
            async with asyncio.timeout(SECONDS):
                reply = await command(self._client)
        except _ERRORS as error:
            raise self._failed(what, error) from error
        self._answered()
        return reply

    def invalid(self, what: str, problem: str) -> None:
        """Count what Redis holds under a key and nobody of us can have written."""
        self._count(what, Failure.INVALID, problem)

    def fine(self, what: str) -> None:
        """There is no trouble with it, or no longer."""
        if what in self._troubles:
            self._troubles.discard(what)
            _log.info("shared cache works again", what=what)

    async def close(self) -> None:
        await self._client.aclose()
        pool = getattr(self._client, "connection_pool", None)
        if isinstance(pool, SentinelConnectionPool):
            for watcher in pool.sentinel_manager.sentinels:
                await watcher.aclose()

    def _failed(self, what: str, error: BaseException) -> CacheError:
        failure = classified(error)
        message = f"{type(error).__name__}: {error}"
        if failure in _SERVING:
            self._answered()
            self._count(what, failure, message)
        else:
            self._openings += 1
            self._open_until = self._monotonic() + growing(self._openings, OPEN_FIRST, OPEN_CEILING)
            self._count("server", failure, message)
        return CacheError(failure, message)

    def _answered(self) -> None:
        self._openings, self._open_until = 0, 0.0
        self.fine("server")

    def _count(self, what: str, failure: Failure, message: str) -> None:
        self.failures[failure] += 1
        if what not in self._troubles:
            self._troubles.add(what)
            _log.warning("shared cache failed", what=what, reason=str(failure), error=message)
