"""Rate limits that replicas share: one count for all, and each alone while Redis is away or slow."""

from __future__ import annotations

import asyncio

import pytest
from limits import parse

from exporter.cache.link import Link
from exporter.web.limits import Counted
from exporter.web.shared_limits import AT_ONCE, PAUSE_SECONDS, SECONDS, Shared
from tests.integration.redis.server import RedisServer, Watch, link_to

RATE = parse("3/hour")
CLIENT = ("score_latest", "192.0.2.1")


# A busy machine may take longer over the first connection than a reader would wait.
PATIENT_SECONDS = 10.0


def replica(link: Link, watch: Watch) -> Shared:
    return Shared(link, Counted(lambda: 1_000.0 + watch()), watch, PATIENT_SECONDS)


async def test_two_replicas_allow_a_client_what_one_would(link: Link, server: RedisServer, watch: Watch) -> None:
    first, second = replica(link, watch), replica(link, watch)
    waits = [await one.wait(RATE, *CLIENT) for one in (first, second, first)]
    assert waits == [0.0, 0.0, 0.0]
    for one in (first, second):
        assert 3_590 < await one.wait(RATE, *CLIENT) <= 3_600
    assert await first.wait(RATE, "score_latest", "192.0.2.2") == 0.0
    (key,) = [key for key in server.run("KEYS", "btchealth:limit:*") if b"192.0.2.1" in key]
    assert 0 < server.run("TTL", key) <= 3_600


async def test_a_window_that_lost_its_end_gets_one(link: Link, server: RedisServer, watch: Watch) -> None:
    one = replica(link, watch)
    await one.wait(RATE, *CLIENT)
    (key,) = server.run("KEYS", "btchealth:limit:*")
    server.run("PERSIST", key)
    await one.wait(RATE, *CLIENT)
    assert 0 < server.run("TTL", key) <= 3_600


async def test_a_window_that_would_last_a_year_lasts_no_longer_than_the_limit_says(
    link: Link, server: RedisServer, watch: Watch
) -> None:
    one = replica(link, watch)
    await one.wait(RATE, *CLIENT)
    (key,) = server.run("KEYS", "btchealth:limit:*")
    server.run("EXPIRE", key, 365 * 86_400)
    await one.wait(RATE, *CLIENT)
    assert 0 < server.run("TTL", key) <= 3_600


async def test_clients_beyond_the_most_windows_are_counted_here_alone_until_one_ends(
    link: Link, server: RedisServer, watch: Watch
) -> None:
    one = Shared(link, Counted(lambda: 1_000.0 + watch()), watch, PATIENT_SECONDS, most=2)
    for number in range(10):
        assert await one.wait(RATE, "score_latest", f"192.0.2.{number}") == 0.0
    assert server.run("DBSIZE") == 2
    for _ in range(3):
        await one.wait(RATE, "score_latest", "192.0.2.9")
    assert await one.wait(RATE, "score_latest", "192.0.2.9") > 0
    watch.now += 3_600
    await one.wait(RATE, "score_latest", "192.0.2.9")
    assert server.run("DBSIZE") == 3


async def test_a_crowd_of_readers_takes_few_connections(link: Link, server: RedisServer, watch: Watch) -> None:
    one = replica(link, watch)
    await asyncio.gather(*(one.wait(parse("9999/hour"), *CLIENT) for _ in range(20 * AT_ONCE)))
    assert server.run("INFO", "clients")["connected_clients"] <= AT_ONCE + 1
    assert link.failures["timeout"] == 0


async def test_a_full_redis_counts_for_nobody_and_is_counted_once_a_pause(
    link: Link, server: RedisServer, watch: Watch
) -> None:
    one = replica(link, watch)
    server.run("CONFIG", "SET", "maxmemory", 1)
    try:
        assert [await one.wait(RATE, *CLIENT) > 0 for _ in range(4)] == [False, False, False, True]
    finally:
        server.run("CONFIG", "SET", "maxmemory", 0)
    assert link.failures["full"] == 1
    assert not link.healthy
    watch.now += PAUSE_SECONDS
    await one.wait(RATE, "score_latest", "192.0.2.2")
    assert link.healthy


async def test_while_redis_is_away_each_replica_counts_alone(link: Link, server: RedisServer, watch: Watch) -> None:
    server.stop()
    one, other = replica(link, watch), replica(link, watch)
    assert [await one.wait(RATE, *CLIENT) > 0 for _ in range(4)] == [False, False, False, True]
    assert await other.wait(RATE, *CLIENT) == 0.0


async def test_a_slow_redis_costs_one_short_wait_and_then_none_for_a_while() -> None:
    asked = 0

    class Stuck:
        async def eval(self, *_: object) -> None:
            nonlocal asked
            asked += 1
            await asyncio.Event().wait()

    now = 0.0
    link = Link(Stuck())
    one = Shared(link, Counted(lambda: 1_000.0), lambda: now)
    async with asyncio.timeout(20 * SECONDS):
        assert [await one.wait(RATE, *CLIENT) for _ in range(2)] == [0.0, 0.0]
    assert asked == 1
    assert link.failures["timeout"] == 1
    now += PAUSE_SECONDS
    await one.wait(RATE, *CLIENT)
    assert asked == 2


@pytest.mark.parametrize(
    "garbage",
    [("SET", "text"), ("SET", "9" * 30), ("SET", str(2**63 - 1)), ("SET", "-1e9"), ("RPUSH", "a"), ("HSET", "a", "b")],
    ids=" ".join,
)
async def test_garbage_under_a_key_is_no_error_to_a_reader_and_the_window_begins_anew(
    garbage: tuple[str, ...], link: Link, server: RedisServer, watch: Watch
) -> None:
    one, other = replica(link, watch), replica(link, watch)
    await one.wait(RATE, *CLIENT)
    (key,) = server.run("KEYS", "btchealth:limit:*")
    server.run("DEL", key)
    server.run(garbage[0], key, *garbage[1:])
    assert [await one.wait(RATE, *CLIENT) > 0 for one in (one, one, other, other)] == [False, False, False, True]
    assert 0 < server.run("TTL", key) <= 3_600
    assert sum(link.failures.values()) == 0


async def test_both_ways_of_counting_are_the_same_for_one_replica(server: RedisServer, watch: Watch) -> None:
    link = link_to(server.url, watch)
    shared, alone = replica(link, watch), Counted(lambda: 1_000.0 + watch())
    for _ in range(5):
        assert (await shared.wait(RATE, *CLIENT) > 0) is (await alone.wait(RATE, *CLIENT) > 0)
    await link.close()
