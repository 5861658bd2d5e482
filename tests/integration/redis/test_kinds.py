"""A master behind a Sentinel, and a cluster: the same tier and leases as with one server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.cache import CachedBody
from exporter.cache.lease import Held, Lease, Leases
from exporter.cache.redis import RedisTier
from tests.blackbox.machine_room import free_port
from tests.integration.redis.server import RedisServer, Watch, link_to, soon
from tests.machine import tool

NOW = 1_790_000_000.0
BODY = CachedBody("alpha", "a", "http://h/a", "h", b"{}", NOW, NOW)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisServer]:
    """Of one node that holds all slots."""
    port = free_port()
    options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    node = RedisServer(tool("redis-server"), tmp_path, options, port)
    node.start()
    try:
        node.run("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        soon(lambda: b"cluster_state:ok" in node.run("CLUSTER", "INFO"), "the cluster is up")
        yield node
    finally:
        node.stop()


@pytest.fixture
def sentinel(server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "sentinel.conf").write_text(f"sentinel monitor main 127.0.0.1 {server.port} 1\n", encoding="utf-8")
    watcher = RedisServer(tool("redis-server"), tmp_path, first=(str(tmp_path / "sentinel.conf"), "--sentinel"))
    watcher.start()
    yield watcher
    watcher.stop()


@pytest.fixture(params=["cluster", "sentinel"])
def url(request: pytest.FixtureRequest) -> str:
    kind: RedisServer = request.getfixturevalue(request.param)
    return f"redis+{request.param}://127.0.0.1:{kind.port}" + ("/main" if request.param == "sentinel" else "")


async def test_bodies_and_turns_are_shared(url: str, watch: Watch) -> None:
    link = link_to(url, watch)
    tier, leases = RedisTier(link, lambda: NOW, 1 << 20), Leases(link)
    await tier.put(BODY)
    assert await tier.get(BODY.key) == BODY
    turn = await leases.take(BODY.key, 600)
    assert isinstance(turn, Lease)
    async with turn:
        assert isinstance(await leases.take(BODY.key, 600), Held)
        await turn.tell({"h": {"tokens": 1.0}})
    second = await leases.take(BODY.key, 600)
    assert isinstance(second, Lease)
    assert second.hosts == {"h": {"tokens": 1.0}}
    assert sum(link.failures.values()) == 0
    await link.close()
