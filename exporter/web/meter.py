"""Counts of our own requests: one dictionary entry a label set, all of them there from the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Final

from exporter.exposition.families import Declared
from exporter.exposition.histogram import Histogram
from exporter.exposition.page import Family, Kind

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
KEPT_REQUESTS: Final = Declared(
    "btchealth_response_cache_requests_total", "Requests for a page whose answers are kept for other readers.",
    ("handler",), Kind.COUNTER,
)  # fmt: skip
KEPT_HITS: Final = Declared(
    "btchealth_response_cache_hits_total", "Requests whose answer had been made before.", ("handler",), Kind.COUNTER
)
DECLARED: Final = (REQUESTS, DURATION, KEPT_REQUESTS, KEPT_HITS)


class Meter:
    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._timings: dict[tuple[str, str], Histogram] = {}
        self._kept_requests: Counter[str] = Counter()
        self._kept_hits: Counter[str] = Counter()

    def expect(self, ordinary: Iterable[tuple[str, str, int]]) -> None:
        """Make series for every (handler, method, code) that is ordinary, so that they start at 0."""
        for handler, method, code in ordinary:
            self._requests.setdefault((handler, method, code), 0)
            self._timings.setdefault((handler, method), Histogram(BOUNDS))
            if code == HTTPStatus.NOT_MODIFIED:
                self._kept_requests[handler] += 0

    def count(self, handler: str, method: str, code: int, seconds: float, kept: bool | None = None) -> None:
        """`kept` as in `Answer`."""
        if kept is not None:
            self._kept_requests[handler] += 1
            self._kept_hits[handler] += kept
        label = method if method in METHODS else OTHER
        key = (handler, label, code)
        self._requests[key] = self._requests.get(key, 0) + 1
        timing = self._timings.get((handler, label))
        if timing is None:
            timing = self._timings[handler, label] = Histogram(BOUNDS)
        timing.observe(seconds)

    def families(self) -> Iterator[Family]:
        counts = sorted(self._requests.items())
        yield REQUESTS.family(((handler, method, str(code)), float(count)) for (handler, method, code), count in counts)
        timings = sorted(self._timings.items(), key=lambda one: one[0])
        yield DURATION.of(
            series
            for (handler, method), timing in timings
            for series in timing.series((("handler", handler), ("method", method)))
        )
        handlers = sorted(self._kept_requests)
        yield KEPT_REQUESTS.family(((handler,), float(self._kept_requests[handler])) for handler in handlers)
        yield KEPT_HITS.family(((handler,), float(self._kept_hits[handler])) for handler in handlers)
