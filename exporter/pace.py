"""When an endpoint is polled next; pure apart from the dice, which are passed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exporter.breaker import growing
from exporter.errors import Reason
from exporter.snapshot import Accepted
from exporter.spec import Endpoint

# Share of the interval by which polls are spread, so that many exporters do not call at the same second.
SPREAD: Final = 0.1
RETRY_FLOOR: Final = 5.0
RETRY_FIRST: Final = 10.0
RETRY_CEILING: Final = 300.0

# Answers that asking again within the interval will not change.
SETTLED: Final = frozenset(
    {Reason.STALE, Reason.OLDER, Reason.FUTURE, Reason.WRONG_NETWORK, Reason.CLIENT_ERROR, Reason.BLOCKED}
)


def after_success(accepted: Accepted, expires_at: float | None, jitter: Callable[[float], float]) -> float:
    """One interval after the fetch; later where the response says that it stays good, up to twice the interval.

    No later than one interval before the values expire, so that there is time for a second try.
    """
    interval = accepted.endpoint.interval
    usual = accepted.fetched_at + interval + jitter(interval * SPREAD)
    latest = min(accepted.fetched_at + 2 * interval, accepted.data_time + accepted.endpoint.max_age - interval)
    return max(usual, min(expires_at or 0.0, latest))


def after_failure(
    endpoint: Endpoint, failing: int, reason: Reason, now: float, jitter: Callable[[float], float]
) -> float:
    """`failing` counts the failed polls in a row, this one included."""
    wait = RETRY_FLOOR + jitter(growing(failing, RETRY_FIRST, max(RETRY_CEILING, endpoint.interval)))
    return now + (max(wait, endpoint.interval) if reason in SETTLED else wait)
