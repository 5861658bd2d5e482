"""Window names of mempool.space. Any other text means all time, with HTTP 200: a trap kept on purpose."""

from __future__ import annotations

from simulator.clock import DAY, HOUR, MINUTE

_SECONDS = {
    "24h": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
    "1m": 30 * DAY,
    "3m": 91 * DAY,
    "6m": 182 * DAY,
    "1y": 365 * DAY,
    "2y": 730 * DAY,
    "3y": 1095 * DAY,
    "4y": 1461 * DAY,
}

# Seconds over which rows of block series are averaged.
_GROUPS = {
    "24h": 1,
    "3d": 1,
    "1w": 5 * MINUTE,
    "1m": 30 * MINUTE,
    "3m": 2 * HOUR,
    "6m": 3 * HOUR,
    "1y": 8 * HOUR,
    "2y": 8 * HOUR,
    "3y": 12 * HOUR,
    "4y": 12 * HOUR,
}


def window_seconds(name: str) -> int | None:
    """None: all time."""
    return _SECONDS.get(name)


def group_seconds(name: str) -> int:
    return _GROUPS.get(name, DAY)
