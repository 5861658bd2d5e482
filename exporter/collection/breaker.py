"""A circuit breaker as a pure value: whether a base URL that keeps failing is asked again, and when."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

import backoff

from exporter.errors import Reason

OPEN_FIRST: Final = 30.0
OPEN_CEILING: Final = 300.0
FAILURES: Final = 5

# A host that answers nonsense is alive: only these say that asking it anything is in vain.
UNAVAILABLE: Final = frozenset(
    {Reason.CONNECT, Reason.TLS, Reason.TIMEOUT, Reason.RATE_LIMITED, Reason.BLOCKED, Reason.SERVER_ERROR}
)


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


def growing(attempt: int, first: float, ceiling: float) -> float:
    """The wait after failure number `attempt` (from 1): `first`, doubled each time, at most `ceiling`."""
    waits = backoff.expo(factor=first, max_value=ceiling)
    next(waits)  # the generator expects one priming call
    return float(next(itertools.islice(waits, max(attempt, 1) - 1, None)))


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` and `openings` since the last success, and the names of the endpoints that failed since then."""

    failures: int = 0
    failed: tuple[str, ...] = ()
    openings: int = 0
    open_until: float = 0.0

    @classmethod
    def from_json(cls, stored: Any, now: float) -> Self:
        try:
            state = cls(**stored)
            until = min(state.open_until, now + OPEN_CEILING)
            return replace(state, failed=tuple(state.failed), open_until=until)
        except TypeError:
            return cls()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def state(self, now: float) -> BreakerState:
        if not self.openings:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def failure(self, endpoint: str, reason: Reason, endpoints: int, now: float) -> Self:
        """After one failed request; `endpoints` is how many the source has.

        It opens when several endpoints fail in a row, so that a single broken one never closes the way for its
        neighbours; at once when the host says that we ask too often, or when the half-open state's trial request fails.
        """
        if reason not in UNAVAILABLE:
            return self.success()
        failed = tuple(sorted({*self.failed, endpoint}))
        state = replace(self, failures=self.failures + 1, failed=failed)
        widespread = state.failures >= FAILURES and len(failed) >= min(FAILURES, endpoints)
        if reason is Reason.RATE_LIMITED or widespread or self.state(now) is BreakerState.HALF_OPEN:
            openings = self.openings + 1
            open_until = now + growing(openings, OPEN_FIRST, OPEN_CEILING)
            return replace(state, openings=openings, open_until=open_until)
        return state

    def success(self) -> Self:
        return type(self)()
