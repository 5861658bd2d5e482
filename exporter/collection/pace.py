"""When an endpoint is polled next; pure apart from the dice, which are passed in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from exporter.cache import CachedBody
from exporter.collection.breaker import growing
from exporter.errors import Reason
from exporter.snapshot import Accepted
from exporter.spec import HOUR, Endpoint

# Share of the interval by which polls are spread, so that many exporters do not call at the same second.
SPREAD: Final = 0.1
RETRY_FLOOR: Final = 5.0
RETRY_FIRST: Final = 10.0
RETRY_CEILING: Final = 300.0

# Among replicas: looks at the shared cache within one interval, and the longest time between two.
LOOKS: Final = 6
LOOK_CEILING: Final = 60.0
# How early a replica may ask before the due time, in average lengths of a fetch: the `beta` of XFetch (Vattani,
# Chierichetti, Lowenstein 2015). At 2 the second replica that would ask comes when the first has mostly finished.
BETA: Final = 2.0

# Answers that asking again within the interval will not change.
SETTLED: Final = frozenset({Reason.STALE, Reason.OLDER, Reason.FUTURE, Reason.CLIENT_ERROR, Reason.BLOCKED})


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
    if reason is Reason.WRONG_NETWORK:
        return now + HOUR
    wait = RETRY_FLOOR + jitter(growing(failing, RETRY_FIRST, max(RETRY_CEILING, endpoint.interval)))
    return now + (max(wait, endpoint.interval) if reason in SETTLED else wait)


def early(body: CachedBody, interval: float, jitter: Callable[[float], float]) -> float:
    """When this replica asks for what comes after `body` if no other did: the shared due time, less a random advance.

    XFetch asks at every look whether now - took * beta * ln(random) has passed the expiry; drawing that moment once is
    the same for somebody who can choose when to look. Never within the interval, so sources are asked no more often.
    """
    due = min(body.due or 0.0, body.fetched_at + 2 * interval)
    advance = body.took * BETA * -math.log(max(1.0 - jitter(1.0), 1e-9))
    return max(due - advance, body.fetched_at + interval)


def look(interval: float, now: float, ask_at: float) -> float:
    """When to look at the shared cache next, if this replica would ask at `ask_at`."""
    return min(ask_at, now + min(interval / LOOKS, LOOK_CEILING))


def longest_wait(endpoint: Endpoint) -> float:
    """No wait after a failure is longer."""
    return max(RETRY_FLOOR + max(RETRY_CEILING, endpoint.interval), HOUR)
