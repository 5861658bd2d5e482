"""A CoinGecko of our own, whose next body a test decides."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Quote:
    """What `/api/v3/simple/price` says next; `stamp` None: the moment of the request."""

    usd: float = 80_000.0
    stamp: float | None = None
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def body(self) -> bytes:
        with self.lock:
            self.asked += 1
            price = {
                "usd": self.usd,
                "usd_market_cap": self.usd * 2e7,
                "usd_24h_vol": 3.1e10,
                "usd_24h_change": 0.5,
                "last_updated_at": int(time.time() if self.stamp is None else self.stamp),
            }
        return json.dumps({"bitcoin": price}).encode()

    def say(self, usd: float, stamp: float | None = None) -> None:
        with self.lock:
            self.usd, self.stamp = usd, stamp


@contextmanager
def coingecko(quote: Quote) -> Iterator[str]:
    """Its base URL; every path but the price is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.startswith("/api/v3/simple/price")
            body = quote.body() if found else b'{"error":"not here"}'
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
