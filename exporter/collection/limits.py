"""Politeness towards one host as a pure value: a token bucket, spacing of requests, and waits the host asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from exporter.collection.headers import RETRY_AFTER_CEILING
from exporter.errors import BtcHealthError
from exporter.spec import Budget


class BudgetError(BtcHealthError):
    """Our own limits forbid a request before `ready_at`; nobody was asked, so nothing failed."""

    def __init__(self, ready_at: float) -> None:
        super().__init__(f"no request allowed before {ready_at:.0f}")
        self.ready_at = ready_at


@dataclass(frozen=True, slots=True)
class HostState:
    """`tokens` as of `updated_at`; times in Unix seconds."""

    tokens: float
    updated_at: float
    requested_at: float | None = None
    blocked_until: float = 0.0

    @classmethod
    def full(cls, budget: Budget, now: float) -> Self:
        return cls(float(budget.burst), now)

    @classmethod
    def from_json(cls, stored: Any, budget: Budget, now: float) -> Self:
        """What was stored, or a full bucket where that is unusable; times ahead of the clock are cut back to it."""
        try:
            state = cls(**stored)
            return replace(
                state,
                tokens=min(max(state.tokens, 0.0), float(budget.burst)),
                updated_at=min(state.updated_at, now),
                requested_at=None if state.requested_at is None else min(state.requested_at, now),
                blocked_until=min(state.blocked_until, now + RETRY_AFTER_CEILING),
            )
        except TypeError:
            return cls.full(budget, now)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def merged(self, other: HostState) -> HostState:
        """What two processes know together: the later count of tokens, or the lower one, and the longer wait."""
        newer = max(self, other, key=lambda state: (state.updated_at, -state.tokens))
        return replace(newer, blocked_until=max(self.blocked_until, other.blocked_until))

    def refilled(self, budget: Budget, now: float) -> Self:
        gained = max(now - self.updated_at, 0.0) / budget.every
        return replace(self, tokens=min(self.tokens + gained, float(budget.burst)), updated_at=now)

    def ready_at(self, budget: Budget, now: float) -> float:
        """The moment from which a request is allowed; not after `now` means at once."""
        missing = max(1.0 - self.refilled(budget, now).tokens, 0.0)
        refill = now + missing * budget.every
        spaced = now
        if self.requested_at is not None:
            spaced = min(self.requested_at, now) + budget.spacing
        return max(refill, spaced, self.blocked_until)

    def charged(self, budget: Budget, now: float) -> Self:
        """After one request at `now`."""
        state = self.refilled(budget, now)
        return replace(state, tokens=max(state.tokens - 1.0, 0.0), requested_at=now)

    def blocked(self, seconds: float, now: float) -> Self:
        return replace(self, blocked_until=max(self.blocked_until, now + min(seconds, RETRY_AFTER_CEILING)))

    def remaining(self, budget: Budget, now: float) -> int:
        """Requests allowed at this moment."""
        return 0 if now < self.blocked_until else int(self.refilled(budget, now).tokens)
