"""Event study: whether a score moved in an episode more than it does in ordinary windows of the same length."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

WEEK: Final = 7
MONTH: Final = 30

# A mean is stated when at least half of its days have a score; an episode can be judged under the same condition.
KNOWN_RATIO: Final = 0.5

# Further than nine of ten ordinary windows.
SEEN_P_VALUE: Final = 0.1

# First and last day, counted from the first day of the history.
Span = tuple[int, int]


class Track:
    """One score by day, with means over any span at constant cost."""

    def __init__(self, values: Sequence[float | None]) -> None:
        self.values = values
        self._sums = [0.0, *accumulate(value or 0.0 for value in values)]
        self._counts = [0, *accumulate(value is not None for value in values)]
        self._means: dict[int, list[float | None]] = {}

    def __len__(self) -> int:
        return len(self.values)

    def known(self, first: int, last: int) -> int:
        """Days with a score among `first` to `last`."""
        return self._counts[last + 1] - self._counts[first]

    def mean(self, first: int, last: int) -> float | None:
        """None where the span leaves the history or less than half of its days have a score."""
        if first < 0 or last >= len(self.values):
            return None
        known = self.known(first, last)
        if not known or known < KNOWN_RATIO * (last - first + 1):
            return None
        return (self._sums[last + 1] - self._sums[first]) / known

    def means(self, days: int) -> list[float | None]:
        """The mean of each day and the `days - 1` before it."""
        if days not in self._means:
            self._means[days] = [self.mean(day - days + 1, day) for day in range(len(self.values))]
        return self._means[days]


class Move(NamedTuple):
    """How far a score went in the stated direction from the mean of the 30 days before; `day`: that of the extreme."""

    points: float
    before: float
    extreme: float
    day: int


def moves(track: Track, length: int, *, upward: bool) -> list[Move | None]:
    """The move of every window of `length` days, by its first day.

    The extreme is that of the 7-day means inside the window, or the mean of the whole window when it is shorter.
    """
    smooth = min(WEEK, length)
    sign = 1.0 if upward else -1.0
    signed = [None if mean is None else sign * mean for mean in track.means(smooth)]
    best = list(sliding_maximum(signed, length - smooth + 1))
    months = [None, *track.means(MONTH)]
    found: list[Move | None] = []
    for first in range(len(track)):
        last = first + length - 1
        before = months[first]
        top = best[last] if last < len(track) and track.known(first, last) >= KNOWN_RATIO * length else None
        if before is None or top is None:
            found.append(None)
        else:
            found.append(Move(top[0] - sign * before, before, sign * top[0], top[1]))
    return found


def sliding_maximum(values: Sequence[float | None], width: int) -> Iterator[tuple[float, int] | None]:
    """For each day the largest value, and its day, among the `width` days that end with it."""
    candidates: deque[tuple[float, int]] = deque()
    for day, value in enumerate(values):
        while candidates and candidates[0][1] <= day - width:
            candidates.popleft()
        if value is not None:
            while candidates and candidates[-1][0] < value:
                candidates.pop()
            candidates.append((value, day))
        yield candidates[0] if candidates else None


def ordinary(found: Sequence[Move | None], length: int, busy: Iterable[Span]) -> list[Move]:
    """The moves of the windows that, with the 30 days before them, touch none of the `busy` spans."""
    blocked = bytearray(len(found))
    for first, last in busy:
        for start in range(max(0, first - length + 1), min(len(found), last + MONTH + 1)):
            blocked[start] = 1
    return [move for move, taken in zip(found, blocked, strict=True) if move is not None and not taken]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`rank` 1: no ordinary window moved as far. `p_value`: their share, with the episode counted among them.

    `threshold`: the move that one ordinary window in ten exceeds. `warning_days`: first day beyond it to the extreme.
    """

    move: Move
    rank: int
    windows: int
    p_value: float
    threshold: float
    warning_days: int | None

    @property
    def seen(self) -> bool:
        return self.p_value <= SEEN_P_VALUE


def judge(track: Track, span: Span, *, upward: bool, busy: Iterable[Span]) -> Judgement | None:
    """None where the score is not known on enough days, or no ordinary window is left. Exact: nothing is random."""
    first, last = span
    length = last - first + 1
    found = moves(track, length, upward=upward)
    move, windows = found[first], ordinary(found, length, busy)
    if move is None or not windows:
        return None
    points = sorted((other.points for other in windows), reverse=True)
    as_far = sum(other >= move.points for other in points)
    threshold = points[int(SEEN_P_VALUE * len(points))]
    return Judgement(
        move=move,
        rank=as_far + 1,
        windows=len(windows),
        p_value=(as_far + 1) / (len(windows) + 1),
        threshold=threshold,
        warning_days=_warning(track, span, move, threshold, upward=upward),
    )


def _warning(track: Track, span: Span, move: Move, threshold: float, *, upward: bool) -> int | None:
    """Days between the first daily score beyond the threshold and the extreme; None if it never was beyond."""
    sign = 1.0 if upward else -1.0
    for day in range(span[0], move.day + 1):
        value = track.values[day]
        if value is not None and sign * (value - move.before) > threshold:
            return move.day - day
    return None


# What counts as a fall that should have had a reason.
FALL_POINTS: Final = 15.0
FALL_LEVEL: Final = 50.0


def falls(track: Track, points: float = FALL_POINTS, level: float = FALL_LEVEL) -> list[Span]:
    """Times when the 7-day mean was at most `level` and at least `points` below the 30 days before that week.

    Days less than a month apart belong to one fall.
    """
    found: list[Span] = []
    for day, mean in enumerate(track.means(WEEK)):
        before = track.mean(day - WEEK - MONTH + 1, day - WEEK)
        if mean is None or before is None or mean > level or before - mean < points:
            continue
        if found and day - found[-1][1] <= MONTH:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def unexplained(found: Iterable[Span], reasons: Iterable[Span]) -> list[Span]:
    """The falls that touch none of the reasons nor the 30 days after one."""
    spans = tuple(reasons)
    return [fall for fall in found if not any(fall[0] <= last + MONTH and fall[1] >= first for first, last in spans)]
