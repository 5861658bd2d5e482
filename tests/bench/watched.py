"""`python -m tests.bench.watched FILE ARGUMENTS...`: the exporter with a clock that notes when its event loop stalls.

FILE gets one line a stall: how late the clock was, and for how long of that the machine had no processor for it. Both
in seconds. The kernel counts the latter for each thread (proc_pid_schedstat(5)), but not what the host of a virtual
machine took: that is known of the whole machine in ticks of 10 ms (proc_stat(5), steal). Where it grew, what the thread
did not spend computing is taken for the host's.
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


@dataclass(frozen=True, slots=True)
class Moment:
    """In seconds: by the performance counter; ready to run without a processor, and computing, both of this thread.

    `stolen` in ticks, by all processors.
    """

    clock: float
    waited: float
    computed: float
    stolen: int

    def unavailable(self, before: Moment, late: float) -> float:
        """Of `late`, when there was no processor."""
        if self.stolen > before.stolen:
            return late - min(late, self.computed - before.computed)
        return min(late, self.waited - before.waited)


class Kernel:
    def __init__(self) -> None:
        self._thread = os.open(f"/proc/self/task/{os.getpid()}/schedstat", os.O_RDONLY)
        self._machine = os.open("/proc/stat", os.O_RDONLY)

    def now(self) -> Moment:
        waited = int(os.pread(self._thread, 100, 0).split()[1]) / 1e9
        stolen = int(os.pread(self._machine, 200, 0).split(maxsplit=9)[8])
        return Moment(time.perf_counter(), waited, time.thread_time(), stolen)


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
