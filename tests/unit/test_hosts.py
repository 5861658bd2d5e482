"""What is remembered of hosts, shared over the file with other processes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.collection.hosts import REFUSALS, Hosts
from exporter.collection.limits import BudgetError
from exporter.errors import FetchError, Reason
from exporter.spec import Budget, Endpoint, Source
from exporter.storage.database import Storage

NOW = 1_790_000_000.0
BASE = "https://a.example"
ENDPOINT = Endpoint("one", "/one", str, {}, lambda _: (), 60, 60)


class Wall:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def storage() -> AsyncIterator[Storage]:
    opened = Storage(Path(":memory:"))
    yield opened
    await opened.close()


def source(name: str = "alpha", **changes: Any) -> Source:
    budget = Budget(burst=3, every=100.0, spacing=10.0)
    return Source(**{"name": name, "title": "", "base_urls": (BASE,), "budget": budget, "modules": (), **changes})


async def ready_at(hosts: Hosts, one: Source, host: str = "a.example") -> float | None:
    """None if a request was allowed and charged, else when one will be."""
    try:
        async with hosts.turn(one, host):
            return None
    except BudgetError as error:
        return error.ready_at


@pytest.mark.parametrize(
    ("public", "want"), [(True, [None, NOW + 10, NOW + 10]), (False, [None, None, None, NOW + 100])]
)
async def test_strangers_are_given_time_between_requests_and_own_hosts_only_have_a_bucket(
    public: bool, want: list[float | None], storage: Storage, wall: Wall
) -> None:
    hosts = Hosts(storage, wall, lambda _: public)
    assert [await ready_at(hosts, source()) for _ in want] == want


@pytest.mark.parametrize(("public", "want"), [(True, 1), (False, 2)])
async def test_a_public_host_answers_one_source_after_the_other_and_a_private_one_all_at_once(
    public: bool, want: int, storage: Storage, wall: Wall
) -> None:
    hosts, inside, most = Hosts(storage, wall, lambda _: public), 0, 0

    async def visit(name: str) -> None:
        nonlocal inside, most
        async with hosts.turn(source(name), "a.example"):
            inside += 1
            most = max(most, inside)
            await left.wait()
            inside -= 1

    left = asyncio.Event()
    visits = [asyncio.create_task(visit(name)) for name in ("alpha", "beta")]
    await storage.load("both have asked for their budget by then")
    await storage.load("and got it")
    left.set()
    await asyncio.gather(*visits)
    assert most == want


async def test_two_processes_with_one_file_share_a_budget(tmp_path: Path, wall: Wall) -> None:
    files = [Storage(tmp_path / "x.sqlite"), Storage(tmp_path / "x.sqlite")]
    both = [Hosts(file, wall, lambda _: False) for file in files]
    for hosts in both:
        await hosts.load()
    answers = []
    for turn in range(4):
        answers.append(await ready_at(both[turn % 2], source()))
        await files[turn % 2].written()
    assert answers == [None, None, None, NOW + 100]
    for file in files:
        await file.close()


async def test_replicas_that_tell_each_other_share_a_budget_and_waits(tmp_path: Path, wall: Wall) -> None:
    files = [Storage(tmp_path / "x.sqlite"), Storage(tmp_path / "y.sqlite")]
    ours, theirs = (Hosts(file, wall, lambda _: False) for file in files)
    assert [await ready_at(theirs, source()) for _ in range(2)] == [None, None]
    ours.learn(source(), json.loads(json.dumps(theirs.known(source()))))
    assert [await ready_at(ours, source()) for _ in range(2)] == [None, NOW + 100]
    theirs.failed(source(), BASE, ENDPOINT, FetchError(Reason.RATE_LIMITED, "", retry_after=500), 1)
    ours.learn(source(), theirs.known(source()))
    assert await ready_at(ours, source()) == NOW + 500
    assert ours.known(source("beta")) == {}
    for file in files:
        await file.close()


@pytest.mark.parametrize(
    "told", [None, 7, [], {"tokens": "many", "updated_at": 0}, {"tokens": 9e99, "updated_at": 9e99}]
)
async def test_nonsense_from_a_replica_gives_nobody_more_than_a_full_bucket(
    storage: Storage, wall: Wall, told: Any
) -> None:
    hosts = Hosts(storage, wall, lambda _: False)
    hosts.learn(source(), {"a.example": told})
    assert [await ready_at(hosts, source()) for _ in range(4)] == [None, None, None, NOW + 100]


async def test_without_a_file_the_budget_is_kept_in_memory(storage: Storage, wall: Wall) -> None:
    hosts = Hosts(storage, wall, lambda _: False)
    await storage.read(lambda connection: connection.execute("DROP TABLE memory"), None)
    assert [await ready_at(hosts, source()) for _ in range(4)] == [None, None, None, NOW + 100]
    assert storage.failures > 3


async def test_waits_breakers_and_redirects_survive_a_restart(storage: Storage, wall: Wall) -> None:
    before = Hosts(storage, wall, lambda _: True)
    before.led_to(source(), BASE, ENDPOINT, "https://b.example/one")
    before.failed(source(), BASE, ENDPOINT, FetchError(Reason.RATE_LIMITED, "", retry_after=500), 9)
    after = Hosts(storage, wall, lambda _: True)
    await after.load()
    assert (after.route(source(), BASE), after.host(source(), BASE)) == ("https://b.example", "b.example")
    assert after.closed_until(source(), BASE) == NOW + 500
    assert after.remaining(source(), BASE) == 0
    assert after.breaker_state(source(), BASE) == "open"
    assert after.host(source(), "http://a.example:8080/x") == "a.example:8080"


async def test_a_refusal_survives_a_restart_and_holds_longer_for_those_who_cannot_tell(
    storage: Storage, wall: Wall
) -> None:
    other = Endpoint("two", "/two", str, {}, lambda _: (), 60, 60)
    Hosts(storage, wall, lambda _: True).refuse(source(), BASE, ENDPOINT, "testnet")
    storage.save(REFUSALS, "alpha nonsense", ["unreadable"])
    hosts = Hosts(storage, wall, lambda _: True)
    await hosts.load()
    refusal = hosts.refusal(source(), BASE)
    assert refusal is not None
    assert refusal.until(ENDPOINT.name) == NOW + 3600
    assert refusal.until(other.name) == NOW + 86400
    assert hosts.refusal(source(), "nonsense") is None
    hosts.succeeded(source(), BASE, other)
    assert hosts.refusal(source(), BASE) is not None
    hosts.succeeded(source(), BASE, ENDPOINT)
    assert hosts.refusal(source(), BASE) is None
    assert await storage.load(REFUSALS) == {"alpha nonsense": ["unreadable"]}


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://a.example/below/one?x=1,2", "https://a.example/below"),
        ("https://b.example/one?x=1,2", "https://b.example"),
        ("https://b.example/other/one?x=1,2", "https://b.example/other"),
        ("https://b.example/quite/another", "https://b.example"),
    ],
    ids=["no redirect", "another host", "another host and prefix", "another path"],
)
async def test_where_a_base_url_leads(url: str, route: str, storage: Storage, wall: Wall) -> None:
    hosts, base_url = Hosts(storage, wall, lambda _: True), "https://a.example/below"
    hosts.led_to(source(), base_url, replace(ENDPOINT, path="/one?x=1,2"), url)
    assert hosts.route(source(), base_url) == route


async def test_a_failure_behind_a_redirect_is_held_against_the_host_that_failed(storage: Storage, wall: Wall) -> None:
    hosts, error = Hosts(storage, wall, lambda _: True), FetchError(Reason.RATE_LIMITED, "", retry_after=61200)
    error.url = "https://b.example/one"
    hosts.failed(source(), BASE, ENDPOINT, error, 9)
    assert hosts.closed_until(source(), "https://b.example") == NOW + 61200
    assert hosts.closed_until(source(), BASE) == NOW + 61200
    assert await ready_at(hosts, source(), "a.example") is None


async def test_base_urls_of_one_host_share_its_waits_and_not_their_breakers(storage: Storage, wall: Wall) -> None:
    hosts, prefixed = Hosts(storage, wall, lambda _: True), f"{BASE}/other"
    for _ in range(5):
        hosts.failed(source(), BASE, ENDPOINT, FetchError(Reason.SERVER_ERROR, ""), 1)
    assert hosts.closed_until(source(), BASE) > NOW
    assert hosts.closed_until(source(), prefixed) <= NOW
    hosts.failed(source(), BASE, ENDPOINT, FetchError(Reason.SERVER_ERROR, "", retry_after=900), 1)
    assert hosts.closed_until(source(), prefixed) == NOW + 900
