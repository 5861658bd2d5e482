"""Time series of scores and metrics, from our own file or from a Prometheus-compatible server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from exporter.history.selector import Selector

# As many as Prometheus itself answers.
MOST_POINTS: Final = 11_000

Point = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Window:
    """Unix seconds, `start` and `end` are multiples of `step`, both included."""

    start: int
    end: int
    step: int

    @classmethod
    def until(cls, now: float, seconds: float, step: int) -> Window:
        """The last `seconds` before `now`, on a grid that does not move with the time of the request."""
        end = int(now) // step * step
        return cls(end - int(seconds) // step * step, end, step)

    def __len__(self) -> int:
        return (self.end - self.start) // self.step + 1


class History(Protocol):
    async def points(self, selector: Selector, window: Window) -> list[Point]:
        """The value at each moment of the grid, none where nothing young enough is known.

        Raises RemoteError or StorageError.
        """


def on_grid(samples: Sequence[tuple[int, float | None]], window: Window, reach: Callable[[int], int]) -> list[Point]:
    """The last sample at or before each moment, unless that is None; `reach` says how far back it may be."""
    found, at = [], -1
    for moment in range(window.start, window.end + 1, window.step):
        while at + 1 < len(samples) and samples[at + 1][0] <= moment:
            at += 1
        time, value = samples[at] if at >= 0 else (0, None)
        if value is not None and moment - time < reach(moment):
            found.append((moment, value))
    return found
