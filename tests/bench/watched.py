"""`python -m tests.bench.watched FILE ARGUMENTS...`: the exporter with a clock that notes when its event loop stalls.

FILE gets one line a stall: how late the clock was, and for how long of that the machine had no processor for it. Both
in seconds. The kernel counts for how long each thread was ready to run without a processor (/proc/PID/schedstat);
other threads of this process may have had it meanwhile, and that is our own doing. It does not count there what the
host of a virtual machine took: that is known of the whole machine in ticks of 10 ms (proc_stat(5), steal).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter import cli
from exporter.assembly import Opened
from exporter.commands import serve

TICK: Final = 0.001
NOTED: Final = 0.002
STOLEN_TICK: Final = 0.01  # seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """In seconds: by the performance counter; ready to run without a processor, and computing, both of this thread.

    `others`: computing of the other threads of this process, in seconds.
    `stolen` in ticks: of the machine, and summed over its processors.
    """

    clock: float
    waited: float
    computed: float
    others: float
    stolen: tuple[int, int]

    def unavailable(self, before: Moment, late: float) -> float:
        """Of `late`, for how long at most others than this process had the processor."""
        waited = max(0.0, self.waited - before.waited - (self.others - before.others))
        ticks = max(0, *(now - then for now, then in zip(self.stolen, before.stolen, strict=True)))
        idle = max(0.0, late - (self.computed - before.computed))
        return min(idle, waited + ticks * STOLEN_TICK)


def stolen(stat: bytes) -> tuple[int, int]:
    """Ticks of /proc/stat's line `cpu`, and of its lines `cpu0` and so on together; one may grow before the other."""
    lines = [line.split() for line in stat.splitlines() if line.startswith(b"cpu")]
    return int(lines[0][8]), sum(int(line[8]) for line in lines[1:])


class Kernel:
    def __init__(self) -> None:
        self._thread = os.open(f"/proc/self/task/{os.getpid()}/schedstat", os.O_RDONLY)
        self._machine = os.open("/proc/stat", os.O_RDONLY)
        # All lines of processors come first, each of ten numbers with at most 20 digits.
        self._much = 256 * (1 + (os.cpu_count() or 1))

    def now(self) -> Moment:
        waited = int(os.pread(self._thread, 100, 0).split()[1]) / 1e9
        ticks = stolen(os.pread(self._machine, self._much, 0))
        computed = time.thread_time()
        return Moment(time.perf_counter(), waited, computed, time.process_time() - computed, ticks)


async def watch(file: Path) -> None:
    kernel = Kernel()
    with file.open("w", buffering=1, encoding="utf-8") as notes:
        while True:
            before = kernel.now()
            await asyncio.sleep(TICK)
            after = kernel.now()
            late = after.clock - before.clock - TICK
            if late > NOTED:
                notes.write(f"{late:.4f} {after.unavailable(before, late):.4f}\n")


def main() -> int:
    file, run = Path(sys.argv[1]), serve.serve

    async def watched(opened: Opened) -> int:
        watching = asyncio.create_task(watch(file))
        try:
            return await run(opened)
        finally:
            watching.cancel()

    serve.serve = watched
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
