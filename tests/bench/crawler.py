"""A crawler whose full list of nodes is as long as one likes: `python -m tests.bench.crawler PORT ROWS`."""

from __future__ import annotations

import gzip
import json
import sys
import time
from typing import Final

from aiohttp import web

PATH: Final = "/api/v1/snapshots/latest/"


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


def main() -> None:
    port, rows = map(int, sys.argv[1:])
    packed = gzip.compress(body(rows), compresslevel=1)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=packed, headers=headers)

    app = web.Application()
    app.router.add_get(PATH, answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
