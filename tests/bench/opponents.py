"""Servers to compare with: client_python's own, and a bare protocol that answers one constant.

`python -m tests.bench.opponents client_python|constant PORT SERIES|BYTES`
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry, Gauge, start_http_server


def client_python(port: int, series: int) -> None:
    registry = CollectorRegistry()
    gauge = Gauge(
        "bench_endpoint_last_success_timestamp_seconds",
        "A family with labels about as long as ours.",
        ["source", "endpoint", "reason"],
        registry=registry,
    )
    for number in range(series):
        gauge.labels("mempool_space", f"endpoint_{number}", "inconsistent").set(number + 0.5)
    start_http_server(port, "127.0.0.1", registry)
    threading.Event().wait()


class Constant(asyncio.Protocol):
    """One answer for every read that ends a request; wrk sends one request at a time on a connection."""

    answer = b""
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(self.answer)


def constant(port: int, size: int) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n"
    Constant.answer = head.encode() + b"x" * size

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Constant, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(serve())


if __name__ == "__main__":
    kind, at, much = sys.argv[1:]
    {"client_python": client_python, "constant": constant}[kind](int(at), int(much))
