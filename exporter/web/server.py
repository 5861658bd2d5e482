"""Accepts connections on bound sockets. Each TLS handshake takes the certificates in force at that moment."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from typing import Final

import structlog

from exporter.web.app import Site
from exporter.web.listen import BACKLOG, name_of
from exporter.web.protocol import Protocols
from exporter.web.webfile import WebFile

log = structlog.get_logger(__name__)

HANDSHAKE_SECONDS: Final = 10.0
# Each costs some 50 KiB of OpenSSL's, eight times what one in plain text does.
MOST_ENCRYPTED: Final = 4_096
# Pause before accepting again when the process has run out of descriptors.
EXHAUSTED_SECONDS: Final = 1.0


class Server:
    def __init__(self, site: Site, web_file: WebFile, sockets: Iterable[socket.socket]) -> None:
        self._protocols = Protocols(site)
        self._web_file = web_file
        self._sockets = tuple(sockets)
        self._servers: list[asyncio.Server] = []
        self._accepting: set[asyncio.Task[None]] = set()
        self._shaking: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        encrypted = self._web_file.current().context is not None
        for listening in self._sockets:
            listening.setblocking(False)
            if encrypted:
                _keep(loop.create_task(self._accept(listening)), self._accepting)
            else:
                self._servers.append(await loop.create_server(self._protocols, sock=listening, backlog=BACKLOG))
            log.info("listening", address=name_of(listening), tls=encrypted)

    async def stop(self, grace: float) -> None:
        """No new connections at once; those that are being answered get `grace` seconds."""
        for server in self._servers:
            server.close()
        running = self._accepting | self._shaking
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for listening in self._sockets:
            listening.close()
        self._protocols.pre_shutdown()
        end = asyncio.get_running_loop().time() + grace
        await self._all_read(grace)
        await self._protocols.shutdown(max(end - asyncio.get_running_loop().time(), 0.0))

    async def _all_read(self, grace: float) -> None:
        """Answers that aiohttp does not know of; it waits for its own."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await asyncio.gather(*(one.all_read() for one in self._protocols.open), return_exceptions=True)

    @property
    def _full(self) -> bool:
        """Who shakes hands counts as well: only after that there is a protocol that is counted."""
        most = min(self._protocols.pages.bounds.connections, MOST_ENCRYPTED)
        return len(self._protocols.open) + len(self._shaking) >= most

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                log.warning("connection not accepted", error=str(error))
                await asyncio.sleep(EXHAUSTED_SECONDS)
                continue
            if self._full:
                log.debug("client turned away", why="too many connections")
                connection.close()
                continue
            _keep(loop.create_task(self._shake_hands(connection)), self._shaking)

    async def _shake_hands(self, connection: socket.socket) -> None:
        context = self._web_file.current().context
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocols, connection, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except (OSError, ssl.SSLError) as error:
            connection.close()
            log.debug("TLS handshake failed", error=str(error))


def _keep(task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
    among.add(task)
    task.add_done_callback(among.discard)
