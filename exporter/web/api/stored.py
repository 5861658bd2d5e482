"""Which series there are to ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from exporter.errors import StorageError
from exporter.storage.archive import STEP, Archive
from exporter.world import World

# Stays true for as long as the archive adds nothing.
KEPT_SECONDS: Final = STEP


@dataclass(slots=True)
class Stored:
    """Selectors alive now and those of the archive, by metric name. Raises StorageError."""

    world: Callable[[], World]
    archive: Archive
    wall: Callable[[], float]
    _read_at: float = field(init=False, default=-KEPT_SECONDS)
    _by_name: dict[str, frozenset[str]] = field(init=False, default_factory=dict)
    _one_reader: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def __call__(self, name: str) -> frozenset[str]:
        async with self._one_reader:
            if not 0 <= self.wall() - self._read_at < KEPT_SECONDS:
                try:
                    kept = await self.archive.selectors()
                except StorageError:
                    # What is alive can be asked for where the history is elsewhere.
                    if alive := _grouped([*self.world().view]).get(name):
                        return alive
                    raise
                self._by_name = _grouped([*kept, *self.world().view])
                self._read_at = self.wall()
        return self._by_name.get(name, frozenset())


def _grouped(selectors: list[str]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for selector in selectors:
        groups.setdefault(selector.partition("{")[0], set()).add(selector)
    return {name: frozenset(group) for name, group in groups.items()}
