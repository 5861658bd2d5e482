"""`/api/v2/score/timeseries`: one series with its statistics."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final

from cachetools import TTLCache

from exporter.errors import RemoteError, StorageError
from exporter.history import MOST_POINTS, History, Point, Window
from exporter.history.selector import Selector
from exporter.web.answer import Answer, Ask, Handler, Refusal
from exporter.web.api.models import TimeSeries
from exporter.web.api.naming import Known, selector_of
from exporter.web.api.queries import TimeseriesQuery, read
from exporter.web.api.render import fixed, packed
from exporter.web.packed import Packed

DAY: Final = 86_400
# Steps that people read; the first that gives at most FEW_POINTS.
STEPS: Final = (60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 604_800)
FEW_POINTS: Final = 1_000

MOST_BYTES: Final = 8 << 20
# Half of what the archive adds at a time.
KEPT_SECONDS: Final = 30
# A server that failed is not asked the same again for so long.
FAILED_SECONDS: Final = 5
MOST_FAILED: Final = 1_000
# Questions that come again word for word are not even read for so long.
REPEATED_SECONDS: Final = 1
MOST_REPEATED: Final = 16

_Key = tuple[History, str, Window]


def window_of(query: TimeseriesQuery, now: float) -> Window:
    """Raises Refusal for more points than are answered."""
    seconds = query.days * DAY
    step = query.step or next((step for step in STEPS if seconds / step < FEW_POINTS), STEPS[-1])
    most = max(int(seconds), STEPS[0])
    if query.step is not None and step > most:
        raise Refusal(400, f"step: expected at most {most} for that many days, got {step}")
    window = Window.until(now, seconds, step)
    if len(window) > MOST_POINTS:
        least = math.ceil(seconds / (MOST_POINTS - 1))
        raise Refusal(400, f"step: expected at least {least} for that many days, got {step}")
    return window


def statistics(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"min": None, "max": None, "mean": None, "std_dev": None, "count": 0}
    low, high = min(values), max(values)
    # By a power of two, which changes no digit, so that no sum leaves the range of numbers.
    _, power = math.frexp(max(abs(low), abs(high)))
    near = [math.ldexp(value, -power) for value in values]
    # Rounding must not carry a mean past the values it is of.
    middle = min(max(math.fsum(near) / len(near), min(near)), max(near))
    deviation = math.sqrt(math.fsum((value - middle) ** 2 for value in near) / len(near))
    mean = math.ldexp(middle, power)
    return {"min": low, "max": high, "mean": mean, "std_dev": math.ldexp(deviation, power), "count": len(values)}


def body_of(selector: str, points: Sequence[Point], step: int) -> Packed:
    figures = statistics([value for _, value in points])
    return packed(TimeSeries, {"series": selector, "data": points, "statistics": figures, "step": step}, KEPT_SECONDS)


def away(why: str) -> Refusal:
    return Refusal(503, why, {"Retry-After": str(FAILED_SECONDS)})


@dataclass(slots=True)
class Timeseries:
    """Remembers recent answers, and asks once for all who want the same at the same time."""

    history: Callable[[], History]
    known: Callable[[], Known]
    stored: Callable[[str], Awaitable[Collection[str]]]
    wall: Callable[[], float]
    monotonic: Callable[[], float] = monotonic
    _recent: TTLCache[_Key, Packed] = field(init=False)
    _repeated: TTLCache[str, tuple[History, Packed]] = field(init=False)
    _failed: TTLCache[_Key, str] = field(init=False)
    _asked: dict[_Key, asyncio.Task[Packed]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._recent = TTLCache(MOST_BYTES, KEPT_SECONDS, self.monotonic, getsizeof=len)
        self._repeated = TTLCache(MOST_REPEATED, REPEATED_SECONDS, self.monotonic)
        self._failed = TTLCache(MOST_FAILED, FAILED_SECONDS, self.monotonic)

    def ready(self, ask: Ask) -> Handler | None:
        history, found = self._repeated.get(ask.query, (None, None))
        return None if found is None or history is not self.history() else fixed(found)

    async def __call__(self, ask: Ask) -> Answer:
        query = read(TimeseriesQuery, ask.parameters())
        selector = selector_of(query, self.known(), await self._stored(query))
        history = self.history()
        found, kept = await self._found(history, selector, window_of(query, self.wall()))
        self._repeated[ask.query] = history, found
        return replace(found.answer(ask), kept=kept)

    async def _stored(self, query: TimeseriesQuery) -> Collection[str]:
        try:
            return await self.stored(query.id) if query.kind == "metric" and query.id else ()
        except StorageError as error:
            raise away(str(error)) from error

    async def _found(self, history: History, selector: Selector, window: Window) -> tuple[Packed, bool]:
        """Whether it was there already, too."""
        key = (history, str(selector), window)
        if (found := self._recent.get(key)) is not None:
            return found, True
        if (why := self._failed.get(key)) is not None:
            raise away(why)
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.create_task(self._made(history, selector, window))
            task.add_done_callback(lambda _: self._asked.pop(key, None))
        # One client that leaves must not take the answer from the others.
        try:
            return await asyncio.shield(task), False
        except (RemoteError, StorageError) as error:
            self._failed[key] = f"the history server {error}" if isinstance(error, RemoteError) else str(error)
            raise away(self._failed[key]) from error

    async def _made(self, history: History, selector: Selector, window: Window) -> Packed:
        points = await history.points(selector, window)
        made = await asyncio.to_thread(body_of, str(selector), points, window.step)
        if len(made) <= self._recent.maxsize:
            self._recent[history, str(selector), window] = made
        return made
