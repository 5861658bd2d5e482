"""For how long each API tells its clients to keep an answer."""

from __future__ import annotations

from fnmatch import fnmatchcase

from simulator.clock import HOUR, MINUTE

_AGES = {
    "mempool_space": {
        "/api/v1/mining/*": 2 * MINUTE,
        "/api/v1/statistics/*": 2 * MINUTE,
        "/api/v1/chain-tips": MINUTE,
        "/api/v1/stale-tips*": MINUTE,
        "/api/v1/lightning/nodes/isp-ranking": 10 * MINUTE,
        "/api/v1/lightning/nodes/countries": 10 * MINUTE,
        "/api/v1/prices": HOUR,
    },
    "coingecko": {"/api/v3/*": MINUTE},
}


def cache_age(source: str, path: str) -> int | None:
    """Seconds, or None where the API does not say."""
    ages = _AGES.get(source, {})
    return next((age for pattern, age in ages.items() if fnmatchcase(path, pattern)), None)
