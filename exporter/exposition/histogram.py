"""A histogram as it is counted: observations by upper bound, added up only when the page is made."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from exporter.exposition.page import Series


class Histogram:
    """`bounds` ascending; the last count is of everything above them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def series(self, labels: tuple[tuple[str, str], ...] = ()) -> Iterator[Series]:
        reached = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            reached += count
            yield Series((*labels, ("le", bound)), reached, suffix="_bucket")
        yield Series(labels, self.total, suffix="_sum")
        yield Series(labels, reached, suffix="_count")
