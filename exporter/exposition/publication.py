"""The page as it is now, made before it is asked for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from exporter.exposition.page import Family, Page, Part
from exporter.slices import Slices, in_one_go
from exporter.turns import in_turns

# So long after its last reader, own families are made for the next one; then that one waits for them.
READERS_SECONDS: Final = 180.0


class Publication:
    """Own families are about the process itself; they are made anew every `pause` seconds of `clock`."""

    def __init__(self, own: Callable[[], Iterable[Family]], clock: Callable[[], float], pause: float = 1.0) -> None:
        self._own, self._clock, self._pause = own, clock, pause
        self._page = Page(Part(), Part())
        self._own_until = self._asked = -math.inf

    def update(self, families: Iterable[Family]) -> None:
        self.show(in_one_go(self.rendering(families)))

    def rendering(self, families: Iterable[Family]) -> Slices[Page]:
        """What is shown next, in every form and encoding that somebody has asked for."""
        data = yield from self._page.data.updating(families)
        return (yield from self._making(lambda: Page(data, self._page.own)))

    def show(self, page: Page) -> None:
        self._page = page

    def _making(self, wanted: Callable[[], Page]) -> Slices[Page]:
        """`wanted` at the end, which may be another page than at the beginning."""
        page = wanted()
        while True:
            if page.is_of(self._page):
                return self._page
            yield from page.making(self._page)
            again = wanted()
            if again.is_of(page):
                return page
            page = again

    def page(self) -> Page:
        now = self._asked = self._clock()
        if now >= self._own_until:
            self._own_until = now + self._pause
            self._page = Page(self._page.data, self._page.own.updated(self._own()))
        return self._page

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Until cancelled."""
        while True:
            await sleep(self._pause)
            if self._clock() < self._asked + READERS_SECONDS:
                await in_turns(self._renewing())

    def _renewing(self) -> Slices[None]:
        # A reader in the meantime takes what there is.
        self._own_until = self._clock() + 2 * self._pause
        # All of one moment: some tell of the same requests.
        families = tuple(self._own())
        yield
        own = yield from self._page.own.updating(families)
        self._page = yield from self._making(lambda: Page(self._page.data, own))
