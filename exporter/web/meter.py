"""Counts of our own requests: one dictionary entry a label set, all of them there from the start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from exporter.exposition.families import Declared
from exporter.exposition.page import Family, Kind, Series

METHODS: Final = ("GET", "HEAD", "POST", "PUT")
OTHER: Final = "other"
BOUNDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5)

REQUESTS: Final = Declared(
    "btchealth_http_requests_total", "Requests answered by this process.", ("handler", "method", "code"), Kind.COUNTER
)
DURATION: Final = Declared(
    "btchealth_http_request_duration_seconds", "Time from the request to the end of the answer.",
    ("handler", "method"), Kind.HISTOGRAM, "seconds",
)  # fmt: skip
DECLARED: Final = (REQUESTS, DURATION)


@dataclass(slots=True)
class Timing:
    """Requests by upper bound, not yet added up; the last entry is everything slower."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0


class Meter:
    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._timings: dict[tuple[str, str], Timing] = {}

    def expect(self, ordinary: Iterable[tuple[str, str, int]]) -> None:
        """Make series for every (handler, method, code) that is ordinary, so that they start at 0."""
        for handler, method, code in ordinary:
            self._requests.setdefault((handler, method, code), 0)
            self._timings.setdefault((handler, method), Timing())

    def count(self, handler: str, method: str, code: int, seconds: float) -> None:
        label = method if method in METHODS else OTHER
        key = (handler, label, code)
        self._requests[key] = self._requests.get(key, 0) + 1
        timing = self._timings.get((handler, label))
        if timing is None:
            timing = self._timings[handler, label] = Timing()
        timing.counts[bisect_left(BOUNDS, seconds)] += 1
        timing.total += seconds

    def families(self) -> Iterator[Family]:
        counts = sorted(self._requests.items())
        yield REQUESTS.family(((handler, method, str(code)), float(count)) for (handler, method, code), count in counts)
        timings = tuple(series for key, timing in sorted(self._timings.items()) for series in _histogram(key, timing))
        yield Family(DURATION.name, DURATION.kind, DURATION.help, DURATION.unit, timings)


def _histogram(key: tuple[str, str], timing: Timing) -> Iterator[Series]:
    labels = (("handler", key[0]), ("method", key[1]))
    reached = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), timing.counts, strict=True):
        reached += count
        yield Series((*labels, ("le", bound)), reached, suffix="_bucket")
    yield Series(labels, timing.total, suffix="_sum")
    yield Series(labels, reached, suffix="_count")
