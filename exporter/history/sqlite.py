"""Time series from the SQLite file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from exporter.history import Point, Window, on_grid
from exporter.history.selector import Selector
from exporter.storage.archive import COARSE, FINE, Archive

# A gap longer than this is shown as one; Prometheus looks back as far.
LOOK_BACK: Final = 300


class SqliteHistory:
    def __init__(self, archive: Archive, wall: Callable[[], float]) -> None:
        self._archive, self._wall = archive, wall

    async def points(self, selector: Selector, window: Window) -> list[Point]:
        fine_since = self._wall() - FINE + COARSE

        def reach(moment: int) -> int:
            return max(window.step, LOOK_BACK if moment >= fine_since else 2 * COARSE)

        before = max(window.step, 2 * COARSE)
        samples = await self._archive.samples(str(selector), window.start - before, window.end)
        # Thousands of points in a thread: the event loop has pages to serve.
        return await asyncio.to_thread(on_grid, samples, window, reach)
