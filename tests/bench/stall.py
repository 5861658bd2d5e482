"""Longest time the event loop stands still while a full node snapshot is read."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final

import uvloop

from exporter.collection.digest import Digest
from exporter.sources.registry import endpoints
from tests.bench.table import table

ROWS: Final = (25_000, 100_000)


def body(rows: int) -> bytes:
    """A snapshot in the shape of thirteen columns, as large as the real one."""
    now = int(time.time())
    nodes = {
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:8333": [
            70016, "/Satoshi:29.0.0/", now - number, 3081, 900_000, f"host-{number}.example.net", "Berlin", "DE",
            52.52, 13.4, "Europe/Berlin", f"AS{number % 900 + 100}", "Example Hosting GmbH",
        ]
        for number in range(rows)
    }  # fmt: skip
    head = {"timestamp": now, "total_nodes": rows, "latest_height": 900_000, "nodes": nodes}
    return json.dumps(head).encode()


async def longest_stall(data: bytes) -> tuple[float, float]:
    """(longest gap between two turns of the loop, time of the whole reading), in seconds."""
    endpoint = next(one for _, one in endpoints() if one.reducer is not None)
    gaps, done = [0.0], asyncio.Event()

    async def heartbeat() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await asyncio.sleep(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(heartbeat())
    digest = Digest()
    started = time.perf_counter()
    await digest.read(endpoint, data, time.time())
    taken = time.perf_counter() - started
    done.set()
    await beating
    digest.close()
    return max(gaps), taken


def measure() -> str:
    rows = []
    for count in ROWS:
        data = body(count)
        stall, taken = uvloop.run(longest_stall(data))
        rows.append((f"{count:,}", f"{len(data) / 1e6:.1f}", f"{stall * 1e3:.1f}", f"{taken:.2f}"))
    return table(("rows of the snapshot", "MB", "longest stall ms", "seconds to read it"), rows)
