"""Bodies in a real Redis: shared whole, and whatever is wrong with it is nobody's error."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import Any

import pytest
import redis

from exporter.cache import CachedBody
from exporter.cache.envelope import seal
from exporter.cache.lease import Lease, Leases
from exporter.cache.link import OPEN_FIRST, Link
from exporter.cache.redis import KEPT_SECONDS, RedisTier
from tests.integration.redis.server import RedisServer, Road, Watch, link_to

NOW = 1_790_000_000.0
KEY = ("alpha", "a")
NAME = "btchealth:1:{alpha}:body:a"
BODY = CachedBody(
    *KEY, "http://h/a", "h", b'{"value": 1}' * 20, NOW - 5.25, NOW - 6.5,
    '"tag"', "Sun, 01 Jan 2023", NOW + 60, 0.5, NOW + 57,
)  # fmt: skip
MOST = 1 << 20
LARGE = replace(BODY, body=bytes(MOST + 1))
Log = list[MutableMapping[str, Any]]


@pytest.fixture
def tier(link: Link) -> RedisTier:
    return tier_on(link)


def tier_on(link: Link) -> RedisTier:
    return RedisTier(link, lambda: NOW, MOST)


def failures(link: Link) -> dict[str, int]:
    return {reason: count for reason, count in link.failures.items() if count}


def said(log: Log) -> list[tuple[str, str]]:
    return [(line["event"], line["what"]) for line in log]


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        CachedBody(*KEY, "http://h/a", "h", b"", NOW, NOW),
        replace(BODY, body=bytes(range(256)) * 4096),
    ],
    ids=["with everything", "with as little as can be", "of a megabyte"],
)
async def test_a_body_arrives_as_it_left(tier: RedisTier, link: Link, body: CachedBody) -> None:
    assert await tier.get(KEY) is None
    await tier.put(body)
    assert await tier.get(KEY) == body
    await tier.delete(KEY)
    assert await tier.get(KEY) is None
    assert failures(link) == {}


async def test_a_body_that_nobody_renews_leaves_redis(tier: RedisTier, link: Link) -> None:
    await tier.put(BODY)
    left = await link.call("a key", lambda redis: redis.ttl(NAME))
    assert 0 < left <= KEPT_SECONDS


async def test_what_is_known_already_is_not_moved_again(tier: RedisTier) -> None:
    await tier.put(BODY)
    younger = replace(BODY, fetched_at=BODY.fetched_at + 1)
    for known in (replace(BODY, body=b"mine"), younger):
        assert await tier.get(KEY, known) is known
    assert await tier.get(KEY, replace(BODY, fetched_at=BODY.fetched_at - 1)) == BODY


async def test_of_two_answers_the_one_that_was_asked_for_later_is_the_newer(tier: RedisTier) -> None:
    await tier.put(BODY)
    late = replace(BODY, body=b"late", fetched_at=BODY.fetched_at + 5, took=BODY.took + 6)
    await tier.put(late)
    assert await tier.get(KEY) == await tier.get(KEY, late) == BODY
    await tier.put(replace(late, took=BODY.took + 4))
    found = await tier.get(KEY, BODY)
    assert found is not None
    assert found.body == b"late"


@pytest.mark.parametrize(
    ("second", "want"),
    [(-1.0, BODY.fetched_at), (0.0, BODY.fetched_at), (1.0, BODY.fetched_at + 1)],
    ids=["an older one does not replace it", "nor does one of the same time", "a newer one does"],
)
async def test_older_bodies_never_replace_newer_ones(tier: RedisTier, second: float, want: float) -> None:
    await tier.put(BODY)
    await tier.put(replace(BODY, body=b"{}", fetched_at=BODY.fetched_at + second))
    found = await tier.get(KEY)
    assert found is not None
    assert (found.fetched_at, found.body == BODY.body) == (want, second <= 0)


async def test_clocks_of_replicas_may_differ_a_little(tier: RedisTier, link: Link) -> None:
    await tier.put(replace(BODY, fetched_at=NOW + 30))
    assert await tier.get(KEY) == replace(BODY, fetched_at=NOW)
    assert failures(link) == {}


def described(**changes: Any) -> dict[str, bytes | str]:
    description = json.loads(seal(BODY).description) | changes
    return written(description=json.dumps(description))


def written(**changes: bytes | str | None) -> dict[str, bytes | str]:
    envelope = seal(BODY)
    usual: dict[str, bytes | str | None] = {
        "at": repr(BODY.fetched_at),
        "description": envelope.description,
        "body": envelope.packed,
    }
    fields = usual | changes
    return {name: value for name, value in fields.items() if value is not None}


def hash_of(fields: dict[str, bytes | str]) -> Callable[[RedisServer], Any]:
    return lambda server: server.run("HSET", NAME, *(part for pair in fields.items() for part in pair))


GARBAGE: dict[str, Callable[[RedisServer], Any]] = {
    "a string of somebody else": lambda server: server.run("SET", NAME, b"\xff\x00 not ours"),
    "a list of somebody else": lambda server: server.run("RPUSH", NAME, "a", "b"),
    "no time that can be read": hash_of(written(at="yesterday")),
    "a time that is no number": hash_of(written(at="nan")),
    "a time far ahead": hash_of(written(at=repr(NOW + 121))),
    "no description": hash_of(written(description=None)),
    "no body": hash_of(written(body=None)),
    "a description that is no JSON": hash_of(written(description=b"{")),
    "a description by another schema": hash_of(described(version=2)),
    "a description with more than we know": hash_of(described(colour="blue")),
    "numbers that are none": hash_of(described(took="NaN")),
    "the body of another endpoint": hash_of(described(endpoint="b")),
    "a body that is not packed": hash_of(written(body=b"plain")),
    "a truncated body": hash_of(written(body=seal(BODY).packed[:-6])),
    "a body of another length": hash_of(described(size=3)),
    "conditions that no request can carry": hash_of(described(etag="a\r\nb: c")),
    "no time at all": hash_of(written(at=None)),
    "a time of a megabyte": hash_of(written(at=b"1" * (1 << 20))),
    "a description of a megabyte": hash_of(described(url="x" * (1 << 20))),
    "a body of four megabytes": hash_of(written(body=bytes(4 << 20))),
    "a body whose checksum is torn": hash_of(written(body=seal(BODY).packed[:-2])),
    "more than may be read": hash_of(
        written(description=seal(LARGE).description, body=seal(LARGE).packed, at=repr(LARGE.asked_at))
    ),
}


def moved(server: RedisServer) -> int:
    """Bytes that Redis has sent so far."""
    sent: int = server.run("INFO", "stats")["total_net_output_bytes"]
    return sent


@pytest.mark.parametrize("hold", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_passed_over_counted_said_once_and_replaced(
    server: RedisServer, tier: RedisTier, link: Link, hold: Callable[[RedisServer], Any], log: Log
) -> None:
    hold(server)
    before = moved(server)
    for _ in range(3):
        assert await tier.get(KEY) is None
    assert moved(server) - before < 1 << 16
    assert failures(link) == {"invalid": 3}
    assert said(log) == [("shared cache failed", NAME)]
    better = replace(BODY, fetched_at=BODY.fetched_at + 1)
    await tier.put(better)
    assert await tier.get(KEY) == better
    assert said(log)[1:] == [("shared cache works again", NAME)]
    assert link.healthy


async def test_a_full_redis_still_gives_what_it_holds(server: RedisServer, link: Link, log: Log) -> None:
    tier = tier_on(link)
    await tier.put(BODY)
    server.run("CONFIG", "SET", "maxmemory", 1)
    for age in (1, 2):
        await tier.put(replace(BODY, fetched_at=BODY.fetched_at + age))
        assert await tier.get(KEY) == BODY
    assert failures(link) == {"full": 2}
    server.run("CONFIG", "SET", "maxmemory", 0)
    await tier.put(replace(BODY, fetched_at=BODY.fetched_at + 3))
    assert await tier.get(KEY) == replace(BODY, fetched_at=BODY.fetched_at + 3)
    assert said(log) == [("shared cache failed", "writing"), ("shared cache works again", "writing")]


REFUSALS = {
    "is a read-only replica": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "lacks the replicas it wants": (
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "0"),
    ),
    "lets us only read": (("ACL", "SETUSER", "default", "-@write"), ("ACL", "SETUSER", "default", "+@all")),
}


@pytest.mark.parametrize(("refuse", "allow"), REFUSALS.values(), ids=REFUSALS)
async def test_a_redis_that_refuses_to_write_still_gives_what_it_holds(
    refuse: tuple[str, ...], allow: tuple[str, ...], server: RedisServer, link: Link, log: Log
) -> None:
    tier, turns = tier_on(link), Leases(link)
    await tier.put(BODY)
    try:
        server.run(*refuse)
        for age in (1, 2, 3):
            assert await tier.get(KEY) == BODY
            assert isinstance(await turns.take(KEY, 600), Lease)
            await tier.put(replace(BODY, fetched_at=BODY.fetched_at + age))
    finally:
        server.run(*allow)
    assert not link.healthy
    assert failures(link) == {"error": 6}
    await tier.put(replace(BODY, fetched_at=BODY.fetched_at + 4))
    turn = await turns.take(KEY, 600)
    assert isinstance(turn, Lease)
    async with turn:
        assert await tier.get(KEY) == replace(BODY, fetched_at=BODY.fetched_at + 4)
    assert sorted(said(log)) == [
        (event, what) for event in ("shared cache failed", "shared cache works again") for what in ("turns", "writing")
    ]


async def test_a_redis_that_wants_a_password_is_left_alone_until_it_wants_none(
    server: RedisServer, watch: Watch, log: Log
) -> None:
    link = link_to(server.url, watch)
    server.run("CONFIG", "SET", "requirepass", "hunter2")
    try:
        for _ in range(3):
            assert await tier_on(link).get(KEY) is None
        assert failures(link) == {"error": 1}
    finally:
        with redis.Redis(port=server.port, password="hunter2") as client:
            client.config_set("requirepass", "")
    watch.now += OPEN_FIRST + 0.01
    await tier_on(link).put(BODY)
    assert await tier_on(link).get(KEY) == BODY
    assert said(log) == [("shared cache failed", "server"), ("shared cache works again", "server")]
    await link.close()


async def test_a_redis_that_is_away_is_left_alone_for_a_while_and_comes_back_by_itself(
    server: RedisServer, link: Link, watch: Watch, log: Log
) -> None:
    tier = tier_on(link)
    await tier.put(BODY)
    server.stop()
    for _ in range(3):
        assert await tier.get(KEY) is None
        await tier.put(BODY)
    assert failures(link) == {"unreachable": 1}
    watch.now += OPEN_FIRST + 0.01
    assert await tier.get(KEY) is None
    assert failures(link) == {"unreachable": 2}
    server.start()
    watch.now += OPEN_FIRST + 0.01
    await tier.put(BODY)
    assert not server.run("EXISTS", NAME), "the wait after the second failure is longer"
    watch.now += OPEN_FIRST
    await tier.put(BODY)
    assert await tier.get(KEY) == BODY
    assert said(log) == [("shared cache failed", "server"), ("shared cache works again", "server")]


async def test_a_redis_that_was_restarted_between_two_uses_is_not_even_noticed(
    server: RedisServer, tier: RedisTier, link: Link
) -> None:
    await tier.put(BODY)
    server.stop()
    server.start()
    assert await tier.get(KEY) is None
    await tier.put(BODY)
    assert await tier.get(KEY) == BODY
    assert failures(link) == {}


async def test_of_many_who_wait_for_it_to_come_back_only_one_tries(
    server: RedisServer, tier: RedisTier, link: Link, watch: Watch
) -> None:
    server.stop()
    assert await tier.get(KEY) is None
    watch.now += OPEN_FIRST + 0.01
    await asyncio.gather(*(tier.get(KEY) for _ in range(10)))
    assert failures(link) == {"unreachable": 2}


async def test_a_slow_redis_costs_one_second_once(road: Road, watch: Watch) -> None:
    link = link_to(f"redis://127.0.0.1:{road.port}", watch)
    tier = tier_on(link)
    await tier.put(BODY)
    road.slow(5000)
    start = time.monotonic()
    assert await tier.get(KEY) is None
    assert time.monotonic() - start < 3
    start = time.monotonic()
    for _ in range(100):
        assert await tier.get(KEY) is None
    assert time.monotonic() - start < 1
    assert failures(link) == {"timeout": 1}
    road.mend()
    watch.now += OPEN_FIRST + 0.01
    assert await tier.get(KEY) == BODY
    await link.close()


async def test_a_link_that_is_cut_in_the_middle_of_an_answer_is_unreachable(road: Road, watch: Watch) -> None:
    link = link_to(f"redis://127.0.0.1:{road.port}", watch)
    tier = tier_on(link)
    await tier.put(BODY)
    road.cut()
    assert await tier.get(KEY) is None
    assert failures(link) == {"unreachable": 1}
    road.mend()
    watch.now += OPEN_FIRST + 0.01
    assert await tier.get(KEY) == BODY
    await link.close()


async def test_a_server_that_is_no_redis_is_an_error_of_that_server(watch: Watch) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = link_to(f"redis://127.0.0.1:{port}", watch)
    assert await tier_on(link).get(KEY) is None
    assert sum(failures(link).values()) == 1
    await link.close()
    server.close()


async def test_a_wrong_password_is_an_error_that_names_no_password(server: RedisServer, watch: Watch, log: Log) -> None:
    server.run("ACL", "SETUSER", "reader", "on", ">right", "~*", "+@all")
    link = link_to(f"redis://reader:wrong-secret@127.0.0.1:{server.port}", watch)
    assert await tier_on(link).get(KEY) is None
    assert failures(link) == {"error": 1}
    assert "wrong-secret" not in repr(log)
    await link.close()
