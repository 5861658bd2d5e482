"""Long computations take turns, and everything else that the event loop does comes between two turns.

A thread does not help: while it computes, every callback of the event loop waits for the interpreter anew, so that
64 readers wait 64 times. Here they wait together, for one turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final
from weakref import WeakKeyDictionary

from exporter.slices import Slices, T

# Seconds of computing in a row; what lies between two pauses of the work comes on top.
TURN: Final = 0.001

_ONE_AT_A_TIME: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


async def in_turns(work: Slices[T], clock: Callable[[], float] = perf_counter) -> T:
    turn = _ONE_AT_A_TIME.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    try:
        while True:
            async with turn:
                end = clock() + TURN
                next(work)
                while clock() < end:
                    next(work)
                # A turn for what is ready, and one for those whom that wakes up.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        work.close()
