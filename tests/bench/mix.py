"""What readers of the API ask for, declared once: for `make bench`, and for locust (tests/bench/locustfile.py)."""

from __future__ import annotations

from typing import Final

SERIES: Final = "/api/v2/score/timeseries"

# How often of a hundred requests, and which.
MIX: Final = (
    (40, "/api/v2/score/latest"),
    (10, f"{SERIES}?kind=overall&days=1"),
    (5, f"{SERIES}?kind=overall&days=30"),
    (5, f"{SERIES}?kind=pillar&id=security&days=7"),
    (5, f"{SERIES}?kind=indicator&id=hashprice&days=7"),
    (5, f"{SERIES}?kind=metric&id=btchealth_mempool_vbytes&days=1"),
    (10, "/api/v2/score/explain"),
    (10, "/api/v2/sources"),
    (5, "/api/v2/methodology"),
    (5, "/metrics"),
)
