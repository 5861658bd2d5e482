"""Time as collection sees it; tests pass their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import backoff


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall` in Unix seconds; `jitter` makes a random number of seconds from 0 to its argument."""

    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[float], float] = backoff.full_jitter
