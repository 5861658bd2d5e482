"""Redis URLs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool

from exporter.cache.address import Address, Kind
from exporter.cache.client import client_of
from exporter.configuration.scalars import MASK, has_password, mask_url


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("redis://cache", {"kind": Kind.SERVER, "hosts": (("cache", 6379),), "database": 0, "secure": False}),
        ("redis://cache:6380/3", {"hosts": (("cache", 6380),), "database": 3}),
        ("redis://[::1]:6380", {"hosts": (("::1", 6380),)}),
        ("rediss://cache", {"kind": Kind.SERVER, "secure": True}),
        ("redis://:p%40ss@cache", {"account": {"password": "p@ss"}}),
        ("redis://exporter:secret@cache/1", {"account": {"username": "exporter", "password": "secret"}}),
        ("rediss://cache?ssl_ca_certs=/etc/ca.pem", {"files": {"ssl_ca_certs": "/etc/ca.pem"}}),
        (
            "redis+sentinel://one,two:26380/main/2",
            {"kind": Kind.SENTINEL, "hosts": (("one", 26379), ("two", 26380)), "master": "main", "database": 2},
        ),
        ("rediss+sentinel://one/main", {"kind": Kind.SENTINEL, "secure": True, "master": "main", "database": 0}),
        ("redis+cluster://one,two:7000", {"kind": Kind.CLUSTER, "hosts": (("one", 6379), ("two", 7000))}),
        ("rediss+cluster://one/0", {"kind": Kind.CLUSTER, "secure": True}),
    ],
)
def test_a_url_says_where_redis_is(url: str, want: dict[str, Any]) -> None:
    address = Address.parse(url)
    assert {name: getattr(address, name) for name in want} == want
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("http://cache", "starts with redis://"),
        ("redis+magic://cache", "starts with redis://"),
        ("redis://", "names a host"),
        ("redis://[cache", "names a host"),
        ("redis://cache:0", "a port from 1 to 65535"),
        ("redis://cache:http", "a port from 1 to 65535"),
        ("redis://cache:70000", "a port from 1 to 65535"),
        ("redis://ca che", "starts with redis://"),
        ("redis://cache/main", "expected the number of a database, not 'main'"),
        ("redis://cache/0/1", "expected the number of a database, not '0/1'"),
        ("redis://one,two", "expected one host"),
        ("redis+sentinel://one", "expected the name of the master"),
        ("redis+sentinel://one,,two/main", "names a host"),
        ("redis+cluster://one/1", "expected no database"),
        ("redis://cache?ssl_ca_certs=/etc/ca.pem", "unknown option 'ssl_ca_certs'"),
        ("rediss://cache?ssl_cert_reqs=none", "unknown option 'ssl_cert_reqs'"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_what_was_expected(url: str, want: str) -> None:
    with pytest.raises(ValueError, match=want.replace("?", r"\?")):
        Address.parse(url)


@pytest.mark.parametrize(
    "password", ["zq/qz", "zq?qz", "zq#qz", "12/qz", "12?qz", "12#qz", "z[qz", "zq/q@z", "\u2100qz"]
)
@pytest.mark.parametrize(
    "url", ["redis://:{}@cache", "redis://me:{}@cache:6379/1", "redis+sentinel://:{}@one,two/main"]
)
def test_a_password_that_should_have_been_encoded_is_not_repeated(url: str, password: str) -> None:
    written = url.format(password)
    assert has_password(written)
    assert mask_url(written) == url.format(MASK)
    with pytest.raises(ValueError, match="expected") as caught:
        Address.parse(written)
    assert not re.search("z|q|12", str(caught.value))


async def test_every_kind_of_url_has_its_client() -> None:
    server = client_of(Address.parse("rediss://exporter:secret@cache:6380/3?ssl_ca_certs=/etc/ca.pem"))
    assert isinstance(server, Redis)
    said = server.connection_pool.connection_kwargs
    assert {name: said[name] for name in ("host", "port", "db", "username", "password", "ssl_ca_certs")} == {
        "host": "cache", "port": 6380, "db": 3, "username": "exporter", "password": "secret",
        "ssl_ca_certs": "/etc/ca.pem",
    }  # fmt: skip
    master = client_of(Address.parse("redis+sentinel://:secret@one,two/main/2"))
    pool = master.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == (
        "main",
        2,
        "secret",
    )
    assert isinstance(client_of(Address.parse("redis+cluster://one,two:7000")), RedisCluster)
    await server.aclose()
    await master.aclose()
