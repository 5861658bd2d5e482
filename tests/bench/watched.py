"""`python -m tests.bench.watched FILE ARGUMENTS...`: the exporter with a clock that notes when its event loop stalls.

FILE gets one line a stall: how late the clock was, and for how long of that the machine had no processor for it.
Both in seconds; the kernel counts the latter for each thread (proc_pid_schedstat(5)).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Final

from exporter import cli
from exporter.assembly import Opened
from exporter.commands import serve

TICK: Final = 0.001
NOTED: Final = 0.002


def waited(statistics: int) -> float:
    """Seconds that this thread has been ready to run and was not running."""
    return int(os.pread(statistics, 100, 0).split()[1]) / 1e9


async def watch(file: Path) -> None:
    statistics = os.open(f"/proc/self/task/{os.getpid()}/schedstat", os.O_RDONLY)
    with file.open("w", buffering=1, encoding="utf-8") as notes:
        while True:
            asked, before = time.perf_counter(), waited(statistics)
            await asyncio.sleep(TICK)
            late = time.perf_counter() - asked - TICK
            if late > NOTED:
                notes.write(f"{late:.4f} {min(waited(statistics) - before, late):.4f}\n")


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
