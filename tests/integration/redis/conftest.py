from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from exporter.cache import client as client_module
from exporter.cache import link as link_module
from exporter.cache.link import Link
from tests.integration.redis.server import PATIENCE, RedisServer, Road, Watch, link_to
from tests.machine import tool


@pytest.fixture(autouse=True)
def log() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    running = RedisServer(tool("redis-server"), tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
def server(one_server: RedisServer) -> RedisServer:
    """Empty, and as if it had just been started: starting one for every test would take most of their time."""
    one_server.renew()
    return one_server


@pytest.fixture
def road(server: RedisServer) -> Iterator[Road]:
    running = Road(tool("toxiproxy-server"), server.port)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer over twenty connections than a poll would wait."""
    monkeypatch.setattr(link_module, "SECONDS", PATIENCE)
    monkeypatch.setattr(client_module, "SECONDS", PATIENCE)


@pytest.fixture
async def link(request: pytest.FixtureRequest, server: RedisServer, watch: Watch) -> AsyncIterator[Link]:
    request.getfixturevalue("patient")
    opened = link_to(server.url, watch)
    yield opened
    await opened.close()
