"""Bytes to values without stopping the event loop, which serves pages meanwhile."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.spec import Endpoint, Parsed, Reducer

# Measured on two cores: validation takes 1 ms for 4 KiB; half a megabyte in a thread holds the loop up for 7 ms.
INLINE: Final = 16 * 1024
PIECE: Final = 32 * 1024
LARGEST: Final = 2 * 1024 * 1024
# How long a thread keeps the interpreter while the event loop wants it; the default is 5 ms.
SWITCH_INTERVAL: Final = 0.001


class Digest:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parse")
        sys.setswitchinterval(SWITCH_INTERVAL)

    async def read(self, endpoint: Endpoint, body: bytes, read_at: float) -> Parsed:
        """As `Endpoint.read`. A body above `LARGEST` is refused where the endpoint has no reducer."""
        if endpoint.reducer is not None:
            return await self._reduced(endpoint, endpoint.reducer(), body, read_at)
        if len(body) > LARGEST:
            raise BodyError(Reason.TOO_LARGE, f"{len(body)} bytes to be parsed in one go; expected at most {LARGEST}")
        if len(body) <= INLINE:
            return endpoint.read(body, read_at)
        return await asyncio.get_running_loop().run_in_executor(self._thread, endpoint.read, body, read_at)

    async def _reduced(self, endpoint: Endpoint, reducer: Reducer, body: bytes, read_at: float) -> Parsed:
        for start in range(0, len(body), PIECE):
            reducer.feed(body[start : start + PIECE])
            await asyncio.sleep(0)
        return endpoint.conclude(reducer, read_at)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
