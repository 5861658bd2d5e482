"""Where panels stand on Grafana's grid of 24 columns: each as high up as it fits, then as far left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

COLUMNS: Final = 24


class Size(NamedTuple):
    width: int
    height: int


class Place(NamedTuple):
    x: int
    y: int


def placed(sizes: Sequence[Size]) -> Iterator[Place]:
    """Places in the order of the sizes; a lower panel may stand beside a taller one, above the next."""
    heights = [0] * COLUMNS
    for width, height in sizes:
        if width > COLUMNS:
            raise ValueError(f"panel of {width} columns: expected {COLUMNS} at most")
        y, x = min((max(heights[x : x + width]), x) for x in range(COLUMNS - width + 1))
        heights[x : x + width] = [y + height] * width
        yield Place(x, y)


def evenly(number: int, most: int = 3) -> tuple[int, ...]:
    """Widths of so many panels, `most` beside each other, so that no line has a gap; the first ones get more room."""
    lines = -(-number // most)
    fewest, longer = divmod(number, lines)
    per_line = [fewest] * (lines - longer) + [fewest + 1] * longer
    return tuple(COLUMNS // count for count in per_line for _ in range(count))
