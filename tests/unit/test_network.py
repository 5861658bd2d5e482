"""Addresses, names, certificates and proxies."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from exporter.collection import network
from exporter.collection.resolver import PrivateAddressError, Resolver, SystemResolver, is_public
from exporter.errors import ConfigError


@pytest.mark.parametrize(
    ("address", "want"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("mempool.space", None),
    ],
)
def test_which_addresses_belong_to_the_internet_at_large(address: str, want: bool | None) -> None:
    assert is_public(address) is want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://mempool.space/api", "mempool.space"),
        ("http://mempool.space:80", "mempool.space"),
        ("https://MEMPOOL.space:443", "mempool.space"),
        ("https://mempool.space:8443", "mempool.space:8443"),
        ("http://user:secret@127.0.0.1:9000/x", "127.0.0.1:9000"),
        ("http://[::1]:9000/x", "[::1]:9000"),
    ],
)
def test_hosts_are_named_with_their_port_only_where_it_is_unusual(url: str, want: str) -> None:
    assert network.host_key(URL(url)) == want


class Names(AbstractResolver):
    def __init__(self, **names: list[str]) -> None:
        self.names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.names[host]
        ]

    async def close(self) -> None:
        self.names.clear()


async def test_private_addresses_are_hidden_after_the_name_is_resolved() -> None:
    names = Names(good=["8.8.8.8"], mixed=["10.0.0.1", "8.8.8.8"], bad=["10.0.0.1", "::1"], proxy=["10.0.0.9"])
    resolver = Resolver(names, allow_private=False, exempt=["proxy"])
    assert [one["host"] for one in await resolver.resolve("good", 443)] == ["8.8.8.8"]
    assert [one["host"] for one in await resolver.resolve("mixed", 443)] == ["8.8.8.8"]
    assert [one["host"] for one in await resolver.resolve("proxy", 443)] == ["10.0.0.9"]
    with pytest.raises(PrivateAddressError, match=r"bad leads to 10\.0\.0\.1, which is not public"):
        await resolver.resolve("bad", 443)
    await resolver.close()
    assert names.names == {}


async def test_a_host_counts_as_public_once_its_name_has_led_there() -> None:
    resolver = Resolver(Names(own=["192.168.0.2"], far=["8.8.8.8"]), allow_private=True)
    assert resolver.public("own") is None
    await resolver.resolve("own")
    await resolver.resolve("far")
    assert (resolver.public("own"), resolver.public("far")) == (False, True)
    assert (resolver.public("127.0.0.1"), resolver.public("8.8.8.8")) == (False, True)


async def test_the_system_is_asked_in_the_background() -> None:
    resolver = SystemResolver()
    found = await resolver.resolve("127.0.0.1", 80)
    assert found[0]["host"] == "127.0.0.1"
    with pytest.raises(OSError, match=r"outside\.example"):
        await resolver.resolve("outside.example", 80)
    await resolver.close()


async def test_a_name_server_that_never_answers_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def never(*_: object, **__: object) -> list[object]:
        answer.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    looking = asyncio.create_task(SystemResolver().resolve("slow.example", 80))
    await asyncio.sleep(0)
    waiting = next(one for one in threading.enumerate() if one.name == "resolve slow.example")
    assert waiting.daemon
    looking.cancel()
    await asyncio.wait([looking])
    answer.set()
    waiting.join()
    await asyncio.sleep(0)


def test_certificates_are_always_verified(tmp_path: Path) -> None:
    context = network.tls_context(None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    for file in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match=rf"http_client\.ca_file: '.*{file.name}'.*expected a readable PEM file"):
            network.tls_context(file)


def test_we_say_who_we_are() -> None:
    assert re.fullmatch(r"btc-health/[\d.]+ \(\+Bitcoin Health Scorecard, .*\)", network.user_agent(None))
    assert network.user_agent("mailto:me@example.org").endswith(" (+mailto:me@example.org)")
