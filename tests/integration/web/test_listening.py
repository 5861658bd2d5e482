"""Sockets of every kind, and who is at their other end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from exporter.configuration.scalars import Address
from exporter.web import server
from exporter.web.bounds import Bounds
from exporter.web.listen import bind
from tests.integration.web.house import House, house
from tests.unit.web import certificates

CLOSE = b"HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
RELOAD = b"POST /-/reload " + CLOSE
HEALTHY = b"GET /-/healthy " + CLOSE
# With this a socket that is closed resets its connection.
RESET = struct.pack("ii", 1, 0)


async def said(connection: socket.socket, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(sock=connection)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


def connected(address: tuple[str, int] | str) -> socket.socket:
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
        return connection
    return socket.create_connection(address)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_this_machine_may_reload_through_the_address_listened_on_by_default(host: str) -> None:
    [listening] = bind([Address(None, 0)])
    async with house(listening=listening) as built:
        answer = await said(connected((host, listening.getsockname()[1])), RELOAD)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert built.reloads == 1


@asynccontextmanager
async def on_unix(folder: Path) -> AsyncIterator[tuple[House, str]]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "s"))
    listening.listen()
    async with house(listening=listening) as built:
        yield built, str(folder / "s")


async def test_a_unix_socket_is_served_and_whoever_may_open_it_may_reload(tmp_path: Path) -> None:
    async with on_unix(tmp_path) as (built, path):
        for sent in (HEALTHY, RELOAD):
            assert (await said(connected(path), sent)).startswith(b"HTTP/1.1 200 ")
        forwarded = RELOAD.replace(b"Host", b"X-Forwarded-For: 192.0.2.1\r\nHost")
        assert (await said(connected(path), forwarded)).startswith(b"HTTP/1.1 403 ")
    assert built.reloads == 1


async def reloads_of_the_gone() -> int:
    async with house() as built:
        for _ in range(5):
            gone = connected(("127.0.0.1", built.port))
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            gone.sendall(RELOAD)
            gone.close()
        assert (await said(connected(("127.0.0.1", built.port)), HEALTHY)).startswith(b"HTTP/1.1 200 ")
    return built.reloads


def test_nobody_knows_who_is_gone_before_the_request_is_read_so_he_may_not_reload() -> None:
    """Under uvloop, which serves: it asks for the address when it is wanted, asyncio when a connection is accepted."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(reloads_of_the_gone()) == 0


@pytest.mark.parametrize(("connections", "encrypted"), [(3, 9), (9, 3)])
async def test_over_tls_as_many_connect_as_allowed_and_who_shakes_hands_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: int, encrypted: int
) -> None:
    monkeypatch.setattr(server, "MOST_ENCRYPTED", encrypted)
    ca = certificates.authority()
    certificates.server(ca).write(tmp_path, "server")
    file = tmp_path / "web.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key}\n")
    context = ssl.create_default_context(cadata=ca.cert_pem)
    async with house(file, bounds=Bounds(connections=connections)) as built:
        silent = [await asyncio.open_connection("127.0.0.1", built.port) for _ in range(2)]
        served = await asyncio.open_connection("127.0.0.1", built.port, ssl=context)
        last = await asyncio.open_connection("127.0.0.1", built.port)
        with contextlib.suppress(ConnectionResetError):
            assert await last[0].read() == b""
        assert not any(reader.at_eof() for reader, _ in [*silent, served])
        for _, writer in [*silent, served, last]:
            writer.transport.abort()
