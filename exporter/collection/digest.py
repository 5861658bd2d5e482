"""Bytes to values without stopping the event loop, which serves pages meanwhile."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.spec import Endpoint, Parsed, Reducer

# Validation takes 1 ms for 4 KiB. Half a megabyte in a thread holds the event loop up for 7 ms, while its JSON is taken
# apart in one go; what has a reducer is read in pieces, each a call of 1.4 ms.
INLINE: Final = 8 * 1024
PIECE: Final = 8 * 1024
LARGEST: Final = 2 * 1024 * 1024
# How long a thread keeps the interpreter while the event loop wants it; the default is 5 ms.
SWITCH_INTERVAL: Final = 0.001


class Digest:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parse")
        self._closed = False
        sys.setswitchinterval(SWITCH_INTERVAL)

    async def read(self, endpoint: Endpoint, body: bytes, read_at: float) -> Parsed:
        """As `Endpoint.read`. A body above `LARGEST` is refused where the endpoint has no reducer."""
        if len(body) <= INLINE:
            return endpoint.read(body, read_at)
        loop = asyncio.get_running_loop()
        if endpoint.reducer is not None:
            return await loop.run_in_executor(self._thread, self._reduced, endpoint, endpoint.reducer(), body, read_at)
        if len(body) > LARGEST:
            raise BodyError(Reason.TOO_LARGE, f"{len(body)} bytes to be parsed in one go; expected at most {LARGEST}")
        return await loop.run_in_executor(self._thread, endpoint.read, body, read_at)

    def close(self) -> None:
        """What is being read now ends at the next piece: the process must not wait for it."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _reduced(self, endpoint: Endpoint, reducer: Reducer, body: bytes, read_at: float) -> Parsed:
        for start in range(0, len(body), PIECE):
            if self._closed:
                raise CancelledError
            reducer.feed(body[start : start + PIECE])
        return endpoint.conclude(reducer, read_at)
