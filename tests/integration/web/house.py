"""The server in this process on a free port of loopback, with pages made by hand."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from exporter.configuration.config import ApiConfig
from exporter.configuration.scalars import Address
from exporter.exposition.page import Family, Kind, Series
from exporter.exposition.publication import Publication
from exporter.storage.database import Storage
from exporter.web.answer import Answer, Ask
from exporter.web.api.routes import Api
from exporter.web.app import Site
from exporter.web.bounds import Bounds
from exporter.web.doors import Doors
from exporter.web.gate import Gate
from exporter.web.limits import Counted
from exporter.web.listen import bind
from exporter.web.meter import Meter
from exporter.web.route import Route, expected_counts
from exporter.web.server import Server
from exporter.web.site import Contents, routes
from exporter.web.webfile import WebFile
from tests.unit.web.world import readable, world

ORDINARY = Bounds()


@dataclass(slots=True)
class House:
    """`meter` counts requests; `reloads` counts reloads."""

    web_file: WebFile
    meter: Meter = field(default_factory=Meter)
    reloads: int = 0
    storage: Storage = field(default_factory=lambda: Storage(Path(":memory:")))
    publication: Publication = field(init=False)
    server: Server = field(init=False)
    port: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.publication = Publication(self.meter.families, lambda: asyncio.get_running_loop().time(), pause=0.0)
        self.publication.update([Family("btchealth_x", Kind.GAUGE, "X.", "", (Series((), 1.0),))])

    async def reload(self) -> None:
        self.reloads += 1

    def table(self, telemetry_path: str, prefix: str) -> dict[str, Route]:
        contents = Contents(
            world, self.publication, lambda: {"btchealth_x"}, ("mempool_space",), lambda: "log:\n  level: info\n",
            "1.2.3", lambda: True, lambda: True, self.reload, Api(readable(self.storage)),
        )  # fmt: skip
        return routes(contents, telemetry_path, prefix)

    @property
    def url(self) -> str:
        scheme = "https" if self.web_file.current().context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"


@asynccontextmanager
async def house(
    web_file: Path | None = None,
    *,
    more: dict[str, Route] | None = None,
    bounds: Bounds = ORDINARY,
    telemetry_path: str = "/metrics",
    prefix: str = "",
    settings: Callable[[], ApiConfig] | None = None,
    listening: socket.socket | None = None,
) -> AsyncIterator[House]:
    built = House(WebFile(web_file))
    table = built.table(telemetry_path, prefix) | (more or {})
    built.meter.expect(expected_counts(table.values()))
    sockets = [listening] if listening else bind([Address("127.0.0.1", 0)])
    if listening is None:
        built.port = sockets[0].getsockname()[1]
    ordinary = ApiConfig()
    gate = Gate(settings or (lambda: ordinary), Counted(time.time))
    site = Site(table, built.web_file, gate, Doors(asyncio.get_running_loop().time), built.meter, bounds)
    server = built.server = Server(site, built.web_file, sockets)
    await server.start()
    try:
        yield built
    finally:
        await server.stop(0.2)
        await built.storage.close()


@asynccontextmanager
async def visitor(
    context: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[aiohttp.ClientSession]:
    """`address` of loopback: whom the server sees."""
    connector = aiohttp.TCPConnector(
        ssl=context if context is not None else True, force_close=True, local_addr=(address, 0)
    )
    async with aiohttp.ClientSession(
        connector=connector, auto_decompress=False, skip_auto_headers={"Accept-Encoding"}
    ) as session:
        yield session


def waiting(gate: asyncio.Event, entered: Callable[[], None]) -> Route:
    """A page that answers when the gate opens."""

    async def wait(_: Ask) -> Answer:
        entered()
        await gate.wait()
        return Answer(b"done", "text/plain")

    return Route("waiting", {"GET": wait})
