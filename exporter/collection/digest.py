"""Bytes to values without stopping the event loop, which serves pages meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.spec import Endpoint, Parsed
from exporter.turns import in_turns

# What can only be validated in one go takes 5 ms for as much as this, and longer in a thread, which takes the
# interpreter away from the event loop again and again.
AT_ONCE: Final = 40 * 1024
LARGEST: Final = 2 * 1024 * 1024


class Digest:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parse")

    async def read(self, endpoint: Endpoint, body: bytes, read_at: float) -> Parsed:
        """As `Endpoint.read`. A body above `LARGEST` is refused where the endpoint has no reducer."""
        if endpoint.reducer is None and len(body) > LARGEST:
            raise BodyError(Reason.TOO_LARGE, f"{len(body)} bytes to be parsed in one go; expected at most {LARGEST}")
        if endpoint.in_slices or len(body) <= AT_ONCE:
            return await in_turns(endpoint.reading(body, read_at))
        return await asyncio.get_running_loop().run_in_executor(self._thread, endpoint.read, body, read_at)

    def close(self) -> None:
        """The process must not wait for what is being read now."""
        self._thread.shutdown(wait=False, cancel_futures=True)
