"""Tiers of response bodies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.cache import TIERS, Cache, CachedBody
from exporter.cache.memory import MemoryTier
from exporter.cache.sqlite import SqliteTier
from exporter.snapshot import EndpointKey
from exporter.storage.database import Storage

NOW = 1_790_000_000.0
BODY = CachedBody("alpha", "a", "http://h/a", "h", b"x" * 100, NOW, NOW)
OLD = NOW + 1
YOUNG = NOW - 1


class Shared:
    """A tier that others write to."""

    name = "redis"
    healthy = True

    def __init__(self, body: CachedBody | None) -> None:
        self.body = body
        self.asked: list[CachedBody | None] = []

    async def get(self, key: EndpointKey, known: CachedBody | None = None) -> CachedBody | None:
        self.asked.append(known)
        return self.body if self.body is not None and self.body.key == key else None

    async def put(self, body: CachedBody) -> None:
        self.body = body

    async def delete(self, key: EndpointKey) -> None:
        self.body = None if self.body is None or self.body.key == key else self.body

    async def close(self) -> None:
        self.body = None


def counts(cache: Cache) -> dict[str, tuple[int, int]]:
    return {name: (one.requests, one.hits) for name, one in cache.figures.items()}


async def test_least_recently_used_bodies_leave_memory_first_and_bytes_are_bounded() -> None:
    tier = MemoryTier(300)
    for name in "abc":
        await tier.put(replace(BODY, endpoint=name))
    assert await tier.get(("alpha", "a")) is not None
    await tier.put(replace(BODY, endpoint="d"))
    assert await tier.get(("alpha", "b")) is None
    assert await tier.get(("alpha", "a")) is not None


async def test_a_body_larger_than_the_memory_takes_its_predecessor_along() -> None:
    tier = MemoryTier(300)
    await tier.put(BODY)
    await tier.put(replace(BODY, body=b"x" * 301))
    assert await tier.get(BODY.key) is None
    await tier.put(replace(BODY, body=b"x" * 300))
    assert await tier.get(BODY.key) is not None
    await tier.delete(BODY.key)
    await tier.delete(BODY.key)
    assert await tier.get(BODY.key) is None


@pytest.mark.parametrize(
    ("in_memory", "in_redis", "fetched_after", "want", "figures"),
    [
        (BODY, None, YOUNG, BODY, {"memory": (1, 1), "redis": (1, 0), "sqlite": (0, 0)}),
        (BODY, "newer", YOUNG, "newer", {"memory": (1, 1), "redis": (1, 1), "sqlite": (0, 0)}),
        (BODY, None, OLD, BODY, {"memory": (1, 0), "redis": (1, 0), "sqlite": (0, 0)}),
        (BODY, "newer", OLD, "newer", {"memory": (1, 0), "redis": (1, 1), "sqlite": (0, 0)}),
        (BODY, "older", OLD, BODY, {"memory": (1, 0), "redis": (1, 0), "sqlite": (0, 0)}),
        (None, BODY, OLD, BODY, {"memory": (1, 0), "redis": (1, 0), "sqlite": (1, 0)}),
        (None, None, OLD, None, {"memory": (1, 0), "redis": (1, 0), "sqlite": (1, 0)}),
    ],
    ids=[
        "young in memory, and nobody else has one",
        "young in memory, and another replica has a younger one",
        "old in memory, and nobody else has one",
        "another replica was faster",
        "another replica is behind",
        "only another replica has one",
        "nobody has one",
    ],
)
async def test_the_newest_body_is_found_and_only_a_young_one_is_a_hit(
    in_memory: CachedBody | None,
    in_redis: CachedBody | str | None,
    fetched_after: float,
    want: CachedBody | str | None,
    figures: dict[str, tuple[int, int]],
) -> None:
    storage = Storage(Path(":memory:"))
    ages = {"newer": replace(BODY, fetched_at=NOW + 10), "older": replace(BODY, fetched_at=NOW - 10)}
    memory, shared = MemoryTier(1000), Shared(ages[in_redis] if isinstance(in_redis, str) else in_redis)
    if in_memory is not None:
        await memory.put(in_memory)
    cache = Cache((memory, SqliteTier(storage)), shared)
    assert await cache.get(BODY.key, fetched_after) == (ages[want] if isinstance(want, str) else want)
    assert counts(cache) == figures
    assert shared.asked == [in_memory]
    await storage.close()


async def test_a_second_look_of_the_same_poll_finds_the_same_and_is_not_counted() -> None:
    memory = MemoryTier(1000)
    cache = Cache((memory,), Shared(replace(BODY, fetched_at=NOW + 10)))
    await memory.put(BODY)
    assert await cache.get(BODY.key, YOUNG) == await cache.get(BODY.key, YOUNG, again=True)
    assert counts(cache) == {"memory": (1, 1), "redis": (1, 1), "sqlite": (0, 0)}


async def test_the_body_that_was_asked_for_later_is_the_newer_one_however_long_it_took() -> None:
    memory, slow = MemoryTier(1000), replace(BODY, fetched_at=NOW + 10, took=11.0)
    await memory.put(slow)
    assert await Cache((memory,), Shared(BODY)).get(BODY.key, OLD) == BODY
    await memory.put(replace(slow, took=9.0))
    assert await Cache((memory,), Shared(BODY)).get(BODY.key, OLD) == replace(slow, took=9.0)


async def test_at_start_what_the_disk_holds_is_weighed_against_what_the_others_hold() -> None:
    storage = Storage(Path(":memory:"))
    disk, shared = SqliteTier(storage), Shared(replace(BODY, fetched_at=NOW - 10))
    await disk.put(BODY)
    cache = Cache((MemoryTier(1000), disk), shared)
    assert await cache.get(BODY.key, OLD) == BODY
    await shared.put(replace(BODY, fetched_at=NOW + 10))
    assert await cache.get(BODY.key, OLD) == replace(BODY, fetched_at=NOW + 10)
    await storage.close()


async def test_a_body_goes_to_every_tier_and_leaves_every_tier() -> None:
    storage = Storage(Path(":memory:"))
    memory, shared, disk = MemoryTier(1000), Shared(None), SqliteTier(storage)
    cache = Cache((memory, disk), shared)
    await cache.put(BODY)
    assert [await tier.get(BODY.key) for tier in (memory, shared, disk)] == [BODY] * 3
    await cache.delete(BODY.key)
    assert [await tier.get(BODY.key) for tier in (memory, shared, disk)] == [None] * 3
    await cache.keep(BODY)
    assert [await tier.get(BODY.key) for tier in (memory, shared, disk)] == [BODY, None, BODY]
    assert [tier.name for tier in (memory, shared, disk)] == list(TIERS)
    await storage.close()


async def test_what_is_not_usable_hides_nothing_that_is() -> None:
    storage = Storage(Path(":memory:"))
    memory, disk = MemoryTier(1000), SqliteTier(storage)
    cache = Cache((memory, disk), Shared(replace(BODY, url="http://other/a", fetched_at=NOW + 10)))
    await memory.put(replace(BODY, url="http://other/a"))
    await disk.put(BODY)
    assert await cache.get(BODY.key, YOUNG, lambda body: body.url == BODY.url) == BODY
    assert counts(cache) == {"memory": (1, 0), "redis": (1, 0), "sqlite": (1, 1)}
    await storage.close()
