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


class Tally:
    """Requests for one handler by one method."""

    __slots__ = ("_codes", "_handler", "_kept_hits", "_kept_requests", "timing")

    def __init__(self, handler: str, kept_requests: Counter[str], kept_hits: Counter[str]) -> None:
        self._handler, self._kept_requests, self._kept_hits = handler, kept_requests, kept_hits
        self._codes: dict[int, int] = {}
        self.timing = Histogram(BOUNDS)

    def expect(self, code: int) -> None:
        self._codes.setdefault(code, 0)

    def count(self, code: int, seconds: float, kept: bool | None) -> None:
        """`kept` as in `Answer`."""
        if kept is not None:
            self._kept_requests[self._handler] += 1
            self._kept_hits[self._handler] += kept
        self._codes[code] = self._codes.get(code, 0) + 1
        self.timing.observe(seconds)

    def counts(self) -> list[tuple[int, int]]:
        return sorted(self._codes.items())


class Meter:
    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._kept_requests: Counter[str] = Counter()
        self._kept_hits: Counter[str] = Counter()

    def expect(self, ordinary: Iterable[tuple[str, str, int]]) -> None:
        """Make series for every (handler, method, code) that is ordinary, so that they start at 0."""
        for handler, method, code in ordinary:
            self.tally(handler, method).expect(code)
            if code == HTTPStatus.NOT_MODIFIED:
                self._kept_requests[handler] += 0

    def tally(self, handler: str, method: str) -> Tally:
        key = (handler, method if method in METHODS else OTHER)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally(handler, self._kept_requests, self._kept_hits)
        return found

    def families(self) -> Iterator[Family]:
        tallies = sorted(self._tallies.items(), key=lambda one: one[0])
        yield REQUESTS.family(
            ((*labels, str(code)), float(count)) for labels, tally in tallies for code, count in tally.counts()
        )
        yield DURATION.of(
            series
            for (handler, method), tally in tallies
            for series in tally.timing.series((("handler", handler), ("method", method)))
        )
        handlers = sorted(self._kept_requests)
        yield KEPT_REQUESTS.family(((handler,), float(self._kept_requests[handler])) for handler in handlers)
        yield KEPT_HITS.family(((handler,), float(self._kept_hits[handler])) for handler in handlers)
