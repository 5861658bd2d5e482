"""One line over the years with the episodes behind it, as SVG: no plotting library for one kind of picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from typing import Final

from scoring.backtest.study import WEEK, Span, Track

WIDTH: Final = 1000
HEIGHT: Final = 180
LEFT: Final = 36
TOP: Final = 22
BOTTOM: Final = 20
DOWN_COLOUR: Final = "#f2c9c4"
UP_COLOUR: Final = "#cfe6cf"
LINE_COLOUR: Final = "#1f4e79"


def plot(title: str, track: Track, first: date, bands: Iterable[tuple[Span, bool | None, str]]) -> str:
    """The 7-day means of `track`, whose first day is `first`; a band has its days, whether it points up, and a name."""
    days = max(1, len(track))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f'<title>{escape(title)}</title><g font-family="sans-serif" font-size="11">',
        f'<text x="{LEFT}" y="14" font-size="13">{escape(title)}</text>',
        *(_band(span, upward, name, days) for span, upward, name in bands),
        *_grid(first, days),
        *_lines(track.means(WEEK), days),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(day: float, days: int) -> float:
    return LEFT + (WIDTH - LEFT - 8) * day / days


def _y(score: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - score / 100)


def _band(span: Span, upward: bool | None, name: str, days: int) -> str:
    left, right = _x(max(0, span[0]), days), _x(min(days, span[1] + 1), days)
    return (
        f'<rect x="{left:.1f}" y="{TOP}" width="{max(1.5, right - left):.1f}" height="{HEIGHT - TOP - BOTTOM}" '
        f'fill="{UP_COLOUR if upward else DOWN_COLOUR}"><title>{escape(name)}</title></rect>'
    )


def _grid(first: date, days: int) -> Iterator[str]:
    for score in (0, 25, 50, 75, 100):
        y = _y(score)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 8}" y2="{y:.1f}" stroke="#bbb" stroke-width="0.5"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{score}</text>'
    year = first.year
    while (day := (date(year, 1, 1) - first).days) < days:
        if day >= 0:
            yield f'<text x="{_x(day, days):.1f}" y="{HEIGHT - 5}">{year}</text>'
        year += 1


def _lines(means: Sequence[float | None], days: int) -> Iterator[str]:
    """One line for each stretch without a gap."""
    points: list[str] = []
    for day, mean in enumerate([*means, None]):
        if mean is not None:
            points.append(f"{_x(day, days):.1f},{_y(mean):.1f}")
        elif points:
            yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{LINE_COLOUR}" stroke-width="1.2"/>'
            points = []
