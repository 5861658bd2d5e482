"""Whose turn it is, decided by a real Redis."""

from __future__ import annotations

import asyncio
import time

import pytest

from exporter.cache import lease as leases
from exporter.cache.lease import Held, Lease, Leases
from exporter.cache.link import Link
from exporter.cache.redis import KEPT_SECONDS
from tests.integration.redis.server import PATIENCE, RedisServer, Watch, link_to

KEY = ("alpha", "a")
OTHER = ("alpha", "b")
NAME = "btchealth:1:{alpha}:lease:a"
HOSTS = "btchealth:1:{alpha}:hosts:"
LONGEST = 600.0


@pytest.fixture
def first(link: Link) -> Leases:
    return Leases(link)


@pytest.fixture
def second(link: Link) -> Leases:
    return Leases(link)


async def turn(replica: Leases, key: tuple[str, str] = KEY) -> Lease:
    taken = await replica.take(key, LONGEST)
    assert isinstance(taken, Lease)
    return taken


async def test_one_of_many_gets_the_turn_and_the_others_hear_how_long_it_lasts(first: Leases) -> None:
    taken = await asyncio.gather(*(first.take(KEY, LONGEST) for _ in range(20)))
    held = [one for one in taken if isinstance(one, Held)]
    assert len(held) == 19
    assert all(0 < one.seconds <= leases.SECONDS and not one.failing for one in held)


async def test_the_turn_is_free_after_it_ended_also_by_an_error(first: Leases, second: Leases) -> None:
    async with await turn(first):
        assert isinstance(await second.take(KEY, LONGEST), Held)
        await turn(second, OTHER)
    with pytest.raises(RuntimeError, match="stop"):
        async with await turn(second):
            raise RuntimeError("stop")
    await turn(first)


async def test_who_lost_the_turn_does_not_end_that_of_the_next(
    first: Leases, second: Leases, server: RedisServer
) -> None:
    async with await turn(first) as lost:
        server.run("DEL", NAME)
        next_turn = await turn(second)
        holder = server.run("GET", NAME)
        lost.rest(60, failing=3)
    assert server.run("GET", NAME) == holder
    async with next_turn:
        assert isinstance(await first.take(KEY, LONGEST), Held)


async def test_the_turn_of_a_replica_that_died_ends_by_itself(
    first: Leases, second: Leases, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SECONDS", 0.2)
    await turn(first)
    held = await second.take(KEY, LONGEST)
    assert isinstance(held, Held)
    assert held.seconds <= 0.2
    deadline = time.monotonic() + PATIENCE
    while isinstance(held, Held) and time.monotonic() < deadline:
        held = await second.take(KEY, LONGEST)
    assert isinstance(held, Lease)
    assert server.run("PTTL", NAME) > 0


async def test_a_living_replica_renews_its_turn(
    first: Leases, second: Leases, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await turn(first):
        server.run("PEXPIRE", NAME, 500)
    monkeypatch.setattr(leases, "RENEWALS", 1e6)
    async with await turn(first):
        server.run("PEXPIRE", NAME, 500)
        deadline = time.monotonic() + PATIENCE
        while server.run("PTTL", NAME) <= 500 and time.monotonic() < deadline:
            assert isinstance(await second.take(KEY, LONGEST), Held)
        assert server.run("PTTL", NAME) > 500


async def test_after_a_failed_poll_nobody_has_a_turn_until_the_wait_is_over(
    first: Leases, second: Leases, server: RedisServer
) -> None:
    async with await turn(first) as lease:
        lease.rest(90.0, failing=4)
    for replica in (first, second):
        held = await replica.take(KEY, LONGEST)
        assert isinstance(held, Held)
        assert 80 < held.seconds <= 90
        assert held.failing == 4
    server.run("PEXPIRE", NAME, 0)
    await turn(second)


@pytest.mark.parametrize(
    "command",
    [
        ("SET", NAME, "for ever"),
        ("RPUSH", NAME, "a", "b"),
        ("SET", NAME, "x" * (1 << 20), "EX", 86400 * 365),
        ("SET", NAME, "far too long", "EX", 86400 * 365),
        ("SET", NAME, "resting soon", "EX", 86400 * 365),
    ],
    ids=[
        "a string that never ends",
        "a list that never ends",
        "a megabyte for a year",
        "a wait of a year",
        "our own kind of text for a year",
    ],
)
async def test_a_lease_that_cannot_be_ours_is_removed(
    command: tuple[str | int, ...], first: Leases, server: RedisServer
) -> None:
    server.run(*command)
    async with await turn(first):
        assert server.run("PTTL", NAME) > 0


@pytest.mark.parametrize("text", [b"\xff\xfe", b"resting soon", b"resting -1", b"resting "])
async def test_a_lease_in_another_form_is_waited_for_as_if_somebody_were_asking(
    text: bytes, first: Leases, server: RedisServer
) -> None:
    server.run("SET", NAME, text, "PX", 60_000)
    held = await first.take(KEY, LONGEST)
    assert isinstance(held, Held)
    assert held.failing == 0


async def test_a_megabyte_in_place_of_a_lease_is_not_moved(first: Leases, server: RedisServer) -> None:
    server.run("SET", NAME, "x" * (1 << 20), "PX", 60_000)
    before = server.run("INFO", "stats")["total_net_output_bytes"]
    assert isinstance(await first.take(KEY, LONGEST), Held)
    assert server.run("INFO", "stats")["total_net_output_bytes"] - before < 1 << 16


async def test_replicas_tell_each_other_what_they_know_of_hosts(
    first: Leases, second: Leases, server: RedisServer
) -> None:
    async with await turn(first) as lease:
        assert lease.hosts == {}
        await lease.tell({"h:80": {"tokens": 3.0}, "i": {"tokens": 1.5}})
        await lease.tell({"h:80": {"tokens": 2.0}})
    async with await turn(second, OTHER) as lease:
        assert lease.hosts == {"h:80": {"tokens": 2.0}, "i": {"tokens": 1.5}}
    assert 0 < server.run("TTL", HOSTS) <= KEPT_SECONDS


@pytest.mark.parametrize(
    "command",
    [
        ("SET", HOSTS, "x"),
        ("HSET", HOSTS, "h", "{", "i", '{"tokens": NaN}', b"\xff", "{}"),
        ("HSET", HOSTS, *(text for number in range(leases.MOST_HOSTS + 1) for text in (f"h{number}", "{}"))),
    ],
    ids=["not a hash", "no JSON", "more hosts than there can be"],
)
async def test_garbage_about_hosts_is_not_believed(
    command: tuple[str | bytes, ...], first: Leases, server: RedisServer
) -> None:
    server.run(*command)
    async with await turn(first) as lease:
        assert lease.hosts == {}
        await lease.tell({"h": {"tokens": 2.0}})
    async with await turn(first) as lease:
        assert lease.hosts == {"h": {"tokens": 2.0}}


@pytest.mark.parametrize("how", ["away", "full"])
async def test_without_redis_every_replica_has_its_turn(how: str, server: RedisServer, watch: Watch) -> None:
    if how == "away":
        server.stop()
    else:
        server.run("CONFIG", "SET", "maxmemory", 1)
    links = [link_to(server.url, watch), link_to(server.url, watch)]
    async with await turn(Leases(links[0])) as one, await turn(Leases(links[1])) as other:
        for lease in (one, other):
            lease.rest(60, failing=1)
            await lease.tell({"h": {}})
    for link in links:
        assert sum(link.failures.values()) == 1
        await link.close()
    if how == "full":
        server.run("CONFIG", "SET", "maxmemory", 0)
