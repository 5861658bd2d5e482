"""The client that an address asks for: one server, the master that Sentinels name, or a cluster."""

from __future__ import annotations

from typing import Any, Final

from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from exporter.cache.address import Address, Kind
from exporter.cache.link import SECONDS

# One try more, on a new connection: those in the pool may be from before Redis was restarted.
TRIES_MORE: Final = 1


def client_of(address: Address) -> Any:
    """Of redis-py, not yet connected."""
    options = {**address.account, **_transport(address)}
    if address.kind is Kind.CLUSTER:
        nodes = [redis.cluster.ClusterNode(host, port) for host, port in address.hosts]
        return redis.RedisCluster(startup_nodes=nodes, **options)
    if address.kind is Kind.SENTINEL:
        # Sentinels are asked without the account: it is the servers' own.
        sentinel: Any = redis.Sentinel
        watchers = sentinel(address.hosts, sentinel_kwargs=_transport(address), **options)
        return watchers.master_for(address.master, db=address.database)
    ((host, port),) = address.hosts
    return redis.Redis(host=host, port=port, db=address.database, **options)


def _transport(address: Address) -> dict[str, Any]:
    timing = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS, "retry": Retry(NoBackoff(), TRIES_MORE)}
    return {**timing, "ssl": True, **address.files} if address.secure else timing
