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
# So many replies in a row that took so long are a server too slow to be of use: every poll would wait for it.
SLOW_SECONDS: Final = 0.25
SLOW_REPLIES: Final = 3
# What comes and goes all the time is not written into the log each time.
QUIET_SECONDS: Final = 60.0
# In place of what was to be done: the way there and the server itself.
SERVER: Final = "server"

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


class ReplyError(ValueError):
    """A reply in a form that no Redis gives to that command."""


# The second line: what answers does not speak the protocol. redis-py takes replies about Sentinel and clusters apart
# without a look at their form.
_ERRORS: Final = (
    exceptions.RedisError, exceptions.RedisClusterException, OSError, TimeoutError,
    ValueError, RecursionError, TypeError, LookupError, AttributeError, ArithmeticError,
)  # fmt: skip
# Of cluster nodes, these say that nothing can be had at present, not that one command was refused.
_NOT_SERVING: Final = (exceptions.ClusterError, exceptions.MovedError, exceptions.AskError, exceptions.TryAgainError)


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


def _refused(error: BaseException) -> bool:
    """Whether a server that serves refused this one command: it is full, read-only, or holds another type there."""
    return isinstance(error, exceptions.ResponseError) and not isinstance(error, _NOT_SERVING)


class Link:
    """`client` of redis-py, connecting on first use. `failures` counts by reason."""

    def __init__(self, client: Any, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.failures: dict[str, int] = dict.fromkeys(map(str, Failure), 0)
        self._client = client
        self._monotonic = monotonic
        self._openings = 0
        self._open_until = 0.0
        self._slow_replies = 0
        self._slow_until = 0.0
        self._troubles: set[str] = set()
        # Of the troubles, those that the log knows of; and when it may be told of one again.
        self._said: set[str] = set()
        self._quiet_until: dict[tuple[str, Failure], float] = {}

    @property
    def healthy(self) -> bool:
        return not self._troubles

    async def call(self, what: str, command: Callable[[Any], Awaitable[Any]]) -> Any:
        """The reply to `command`, which is given the client and may raise ReplyError; raises CacheError.

        `what` names the kind of work that may be in trouble while Redis serves others.
        """
        started, openings = self._monotonic(), self._openings
        if started < self._open_until:
            raise CacheError(Failure.UNREACHABLE, "left alone after a failure")
        if self._openings:
            # Of those who come while it is not known whether it works again, only the first one tries.
            self._open_until = started + SECONDS
        try:
            async with asyncio.timeout(SECONDS):
                reply = await command(self._client)
        except _ERRORS as error:
            raise self._failed(what, error, openings) from error
        self._replied(started, openings)
        self.fine(what)
        return reply

    def count(self, what: str, failure: Failure, message: str) -> None:
        """A failure that leaves the way open for other work; said once until it is `fine` again."""
        self.failures[failure] += 1
        self._troubles.add(what)
        now = self._monotonic()
        if what not in self._said and now >= self._quiet_until.get((what, failure), now):
            self._said.add(what)
            self._quiet_until[what, failure] = now + QUIET_SECONDS
            _log.warning("shared cache failed", what=what, reason=str(failure), error=message)

    def fine(self, what: str) -> None:
        """There is no trouble with it, or no longer."""
        self._troubles.discard(what)
        if what in self._said:
            self._said.discard(what)
            _log.info("shared cache works again", what=what)

    async def close(self) -> None:
        await self._client.aclose()
        pool = getattr(self._client, "connection_pool", None)
        if isinstance(pool, SentinelConnectionPool):
            for watcher in pool.sentinel_manager.sentinels:
                await watcher.aclose()

    def _failed(self, what: str, error: BaseException, openings: int) -> CacheError:
        failure = classified(error)
        # asyncio's own says nothing.
        message = f"{type(error).__name__}: {error}" if str(error) else f"no answer within {SECONDS:g} s"
        if _refused(error):
            self._serves()
            self.count(what, failure, message)
        else:
            self._leave_alone(openings)
            self.count(SERVER, failure, message)
        return CacheError(failure, message)

    def _replied(self, started: float, openings: int) -> None:
        now = self._monotonic()
        slow = now - started > SLOW_SECONDS
        if slow and started < self._slow_until:
            # Those who waited at the same time waited for one thing, perhaps for our own event loop.
            return
        self._slow_replies, self._slow_until = (self._slow_replies + 1, now) if slow else (0, now)
        if self._slow_replies < SLOW_REPLIES:
            self._serves()
        else:
            self._leave_alone(openings)
            self.count(SERVER, Failure.TIMEOUT, f"{SLOW_REPLIES} replies in a row took over {SLOW_SECONDS:g} s")

    def _leave_alone(self, openings: int) -> None:
        """For a while, twice as long each time; those who tried at the same time, as `openings` tells, count once."""
        if openings == self._openings:
            self._openings += 1
            self._open_until = self._monotonic() + growing(self._openings, OPEN_FIRST, OPEN_CEILING)

    def _serves(self) -> None:
        self._openings, self._open_until = 0, 0.0
        self.fine(SERVER)
