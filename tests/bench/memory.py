"""Resident memory of a new exporter before and after a million requests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.bench.report import Section, below
from tests.bench.table import table
from tests.bench.wrk import wrk
from tests.blackbox.machine_room import Program

REQUESTS: Final = 1_000_000
WARM_SECONDS: Final = 3
STEP_SECONDS: Final = 10
MOST_STEPS: Final = 12
CONNECTIONS: Final = 64
# What is allocated and freed all the time leaves holes; 100 bytes kept of each request would be 100 MB.
GROWTH_MB: Final = 5.0


def resident(program: Program, line: str = "VmRSS") -> float:
    """In MB (million bytes); `VmHWM` is the most there was."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(rf"{line}:\s+(\d+)", status)[1]) * 1024 / 1e6  # type: ignore[index]  # the kernel always says it


def load(url: str, seconds: int) -> int:
    """Requests that wrk got answered."""
    said = wrk(url, CONNECTIONS, seconds, "gzip")
    return int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]  # wrk always reports it


def measure(exporter: Program) -> Section:
    """`exporter` must be new: what earlier load left free in its heap would take up a leak."""
    urls = (f"{exporter.url}/api/v2/score/latest", f"{exporter.url}/metrics")
    for url in urls:
        load(url, WARM_SECONDS)
    rows, done = [(0, resident(exporter))], 0
    for step in range(MOST_STEPS):
        done += load(urls[step % len(urls)], STEP_SECONDS)
        rows.append((done, resident(exporter)))
        if done >= REQUESTS:
            break
    growth = rows[-1][1] - rows[0][1]
    command = f"wrk --latency -t1 -c{CONNECTIONS} -d{STEP_SECONDS}s -H 'Accept-Encoding: gzip' URL"
    note = (
        f"`{command}`, score/latest and /metrics in turn, at an exporter started for this; counted after"
        f" {WARM_SECONDS} s of each."
    )
    shown = ((f"{count:,}", f"{size:.1f}") for count, size in rows)
    what = f"growth of resident memory over {done:,} requests, MB"
    return Section(
        f"{note}\n\n{table(('requests', 'resident MB'), shown)}",
        (below(what, GROWTH_MB, growth if done >= REQUESTS else None),),
    )
