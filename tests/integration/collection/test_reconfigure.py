"""A new configuration while polling goes on, and polling once for a command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from exporter.collection.poller import Outcome
from exporter.errors import ConfigError, Reason
from exporter.spec import Budget, Endpoint
from exporter.storage.database import Storage
from tests.integration.collection.stage import (
    Client,
    FakeClock,
    Play,
    Settings,
    SourceChoice,
    Upstream,
    declare,
    play,
    source,
)

GOOD = {"value": 1, "other": 1}


def settings(upstream: Upstream, **polled: tuple[Endpoint, ...]) -> Settings:
    """Base URL `/SOURCE` for every source."""
    return Settings(polled, {name: SourceChoice((f"{upstream.url}/{name}",)) for name in ("alpha", "beta")})


@pytest.fixture
def run(clock: FakeClock, storage: Storage, upstream: Upstream) -> Play:
    upstream.says = dict.fromkeys(("/alpha/a", "/alpha/b", "/beta/c", "/moved/a", "/moved/b"), GOOD)
    chosen = settings(upstream, alpha=(declare("a"), declare("b")), beta=(declare("c"),))
    return Play(clock, storage, (source("alpha"), source("beta")), chosen)


async def test_the_same_configuration_disturbs_nothing(run: Play, clock: FakeClock, upstream: Upstream) -> None:
    async with run:
        await clock.forward(30)
        await run.collection.reconfigure(settings(upstream, alpha=(declare("a"), declare("b")), beta=(declare("c"),)))
        await clock.forward(31)
        assert upstream.calls == {"/alpha/a": 2, "/alpha/b": 2, "/beta/c": 2}


async def test_a_source_switched_off_leaves_at_once_and_comes_back_with_what_was_known(
    run: Play, clock: FakeClock, upstream: Upstream
) -> None:
    async with run:
        await run.collection.reconfigure(settings(upstream, alpha=(declare("a"), declare("b"))))
        clock.workers = 1
        assert set(run.values()) == {"a_value", "a_other", "b_value", "b_other"}
        assert [one.name for one in run.collection.figures()] == ["alpha"]
        await clock.forward(20)
        await run.collection.reconfigure(run.settings)
        clock.workers = 2
        assert "c_value" in run.values()
        await clock.idle()
        assert upstream.calls["/beta/c"] == 1


async def test_an_endpoint_switched_off_takes_its_values_along_and_counters_of_the_rest_go_on(
    run: Play, clock: FakeClock, upstream: Upstream
) -> None:
    async with run:
        await clock.forward(61)
        await run.collection.reconfigure(settings(upstream, alpha=(declare("a"),), beta=(declare("c"),)))
        assert set(run.values()) == {"a_value", "a_other", "c_value", "c_other"}
        assert run.figures("a").fetches == 2


async def test_a_shorter_max_age_withdraws_values_at_once(run: Play, clock: FakeClock, upstream: Upstream) -> None:
    async with run:
        await clock.forward(50)
        young = declare("a", max_age_override=40.0)
        await run.collection.reconfigure(settings(upstream, alpha=(young, declare("b")), beta=(declare("c"),)))
        assert set(run.values()) == {"b_value", "b_other", "c_value", "c_other"}


async def test_a_body_of_a_base_url_that_is_gone_is_not_shown(run: Play, clock: FakeClock, upstream: Upstream) -> None:
    async with run:
        moved = {"alpha": SourceChoice((f"{upstream.url}/moved",)), "beta": run.settings.sources["beta"]}
        await run.collection.reconfigure(replace(run.settings, sources=moved))
        assert set(run.values()) == {"c_value", "c_other"}
        await clock.idle()
        assert len(run.values()) == 6
        assert upstream.calls["/moved/a"] == 1


async def test_a_mistake_in_the_client_section_changes_nothing(
    run: Play, clock: FakeClock, upstream: Upstream, tmp_path: Path
) -> None:
    missing = tmp_path / "none.pem"
    async with run:
        with pytest.raises(ConfigError, match=r"http_client\.ca_file: .*none\.pem.*expected a readable PEM file"):
            await run.collection.reconfigure(replace(run.settings, http_client=Client(ca_file=missing)))
        await clock.forward(61)
        assert len(run.values()) == 6
        assert upstream.calls["/beta/c"] == 2


async def test_a_new_user_agent_is_used_from_then_on(run: Play, clock: FakeClock, upstream: Upstream) -> None:
    async with run:
        client = Client(user_agent_contact="https://example.org/contact")
        await run.collection.reconfigure(replace(run.settings, http_client=client))
        await clock.forward(61)
        assert upstream.requests[-1].headers["User-Agent"].endswith(" (+https://example.org/contact)")


async def test_polling_once_tells_how_each_endpoint_went_and_shares_the_budget_of_the_file(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    upstream.says = {"/a": GOOD, "/b": GOOD, "/d": GOOD}
    endpoints = [declare(name) for name in ("a", "b", "c", "d")]
    budget = Budget(burst=2, every=1000)
    async with play(clock, storage, [upstream.url], declare("a"), budget=budget):
        pass
    seen: list[tuple[str, Outcome]] = []
    once = play(clock, storage, [upstream.url], *endpoints, budget=budget)
    await once.collection.poll_once(lambda _, endpoint, outcome: seen.append((endpoint, outcome)))
    await once.collection.stop()
    assert seen == [
        ("a", Outcome.KEPT),
        ("b", Outcome.FETCHED),
        ("c", Outcome.DEFERRED),
        ("d", Outcome.DEFERRED),
    ]
    assert set(once.values()) == {"a_value", "a_other", "b_value", "b_other"}


async def test_polling_once_waits_for_a_budget_that_is_back_soon(
    clock: FakeClock, storage: Storage, upstream: Upstream
) -> None:
    async def impatient(seconds: float) -> None:
        clock.now += seconds

    clock.sleep = impatient  # type: ignore[method-assign]  # nobody else moves this clock
    upstream.says = {"/a": GOOD, "/b": web.HTTPNotFound}
    once = play(clock, storage, [upstream.url], declare("a"), declare("b"), budget=Budget(burst=1, every=20))
    started = clock.now
    await once.collection.poll_once()
    await once.collection.stop()
    assert clock.now == started + 20
    assert once.figures("b").failures[Reason.CLIENT_ERROR] == 1
