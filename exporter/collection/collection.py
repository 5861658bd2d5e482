"""All sources together: what is known now, and the workers that keep it so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import aiohttp

from exporter.cache import Cache
from exporter.cache.lease import Leases
from exporter.clock import Clock
from exporter.collection.breaker import BreakerState
from exporter.collection.digest import Digest
from exporter.collection.fetch import TIMEOUT, Fetcher
from exporter.collection.hosts import Hosts
from exporter.collection.intake import Fold, Intake
from exporter.collection.network import ClientSettings
from exporter.collection.plan import Settings, SourcePlan, plans
from exporter.collection.poller import Outcome, Poll, Poller
from exporter.collection.statistics import SourceFigures, Statistics, data_quality, endpoint_figures
from exporter.collection.upstream import Upstream
from exporter.snapshot import Accepted, Snapshot
from exporter.spec import Endpoint, Source
from exporter.storage.database import Storage

# A worker may be inside a request or a parse when told to stop; it is left behind after this long.
STOP_SECONDS: Final = 1.0

Progress = Callable[[str, str, Outcome], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What collection needs of the process: time, the file, the cache tiers, and how bounded labels are folded.

    `leases` where replicas share a tier.
    """

    clock: Clock
    storage: Storage
    cache: Cache
    fold: Fold
    timeout: aiohttp.ClientTimeout = TIMEOUT
    leases: Leases | None = None


class Collection:
    """`on_change` is called after every poll; storage stays open, it belongs to the caller."""

    def __init__(
        self,
        sources: Iterable[Source],
        settings: Settings,
        surroundings: Surroundings,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.snapshot = Snapshot()
        self.statistics = Statistics()
        self._sources = tuple(sources)
        self._around = surroundings
        self._on_change = on_change
        self._client = settings.http_client
        self._fetcher = self._new_fetcher(self._client)
        self._digest = Digest()
        self._hosts = Hosts(surroundings.storage, surroundings.clock.wall, self._is_public)
        self._plans = plans(self._sources, settings)
        self.statistics.configure(self._plans)
        self._pollers: dict[str, Poller] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def restore(self) -> None:
        """Show what earlier runs kept, without any call upstream."""
        await self._hosts.load()
        await self._replace(self._plans)

    async def start(self) -> None:
        """Poll from now on; `restore` comes first."""
        for name, poller in self._pollers.items():
            if name not in self._workers:
                self._workers[name] = asyncio.create_task(poller.run(), name=f"poll {name}")

    async def stop(self) -> None:
        """Within two seconds, whatever a server does."""
        await self._halt(list(self._workers))
        await self._fetcher.close()
        await self._around.cache.close()
        self._digest.close()

    async def reconfigure(self, settings: Settings) -> None:
        """Poll something else from now on; what stays the same goes on undisturbed.

        Raises ConfigError before anything has changed.
        """
        wanted = {plan.name: plan for plan in plans(self._sources, settings)}
        renewed = None if settings.http_client == self._client else self._new_fetcher(settings.http_client)
        same = {
            name
            for name, poller in self._pollers.items()
            if renewed is None and name in wanted and wanted[name].signature() == poller.plan.signature()
        }
        await self._halt([name for name in self._workers if name not in same])
        if renewed is not None:
            await self._fetcher.close()
            self._client, self._fetcher = settings.http_client, renewed
        self._plans = tuple(wanted.values())
        self._pollers = {name: self._pollers[name] for name in same}
        await self._replace(plan for name, plan in wanted.items() if name not in same)
        await self.start()

    async def poll_once(self, progress: Progress = lambda *_: None, patience: float = 30.0) -> None:
        """Restore, then poll what is due; for limits that last longer than `patience` seconds, what is kept must do."""
        await self.restore()
        await asyncio.gather(*(self._poll_all(poller, progress, patience) for poller in self._pollers.values()))

    def figures(self) -> tuple[SourceFigures, ...]:
        """How every source that is switched on fares, at this moment."""
        return tuple(self._figures(plan) for plan in self._plans)

    def _is_public(self, host: str) -> bool:
        return self._fetcher.public(host)

    def _new_fetcher(self, client: ClientSettings) -> Fetcher:
        return Fetcher(client, self._around.clock.wall, self._around.timeout)

    async def _replace(self, new: Iterable[SourcePlan]) -> None:
        """Add pollers for the new plans; the snapshot changes once, after everything that was kept has been read."""
        self.statistics.configure(self._plans)
        staying = frozenset(self._pollers)
        fresh: list[Accepted] = []
        for plan in new:
            self.statistics.forget_positions(plan)
            poller = self._poller(plan, fresh.append)
            await poller.restore()
            poller.publish = self._publish
            self._pollers[plan.name] = poller
        snapshot = self.snapshot.without(key for key in self.snapshot.accepted if key[0] not in staying)
        for accepted in fresh:
            snapshot = snapshot.with_accepted(accepted)
        self.snapshot = snapshot
        self._on_change()

    def _poller(self, plan: SourcePlan, publish: Callable[[Accepted], None]) -> Poller:
        around = self._around
        intake = Intake(plan, self._digest, around.storage, around.fold)
        upstream = Upstream(
            plan, around.clock, self._fetcher, self._hosts, intake, self.statistics,
            previous=lambda endpoint: self.snapshot.accepted.get((plan.name, endpoint.name)),
            withdraw=lambda position: self._withdraw(plan, position),
        )  # fmt: skip
        return Poller(upstream, intake, around.cache, publish, self._on_change, around.leases)

    def _publish(self, accepted: Accepted) -> None:
        self.snapshot = self.snapshot.with_accepted(accepted)

    async def _withdraw(self, plan: SourcePlan, position: int) -> None:
        """Take back everything one base URL said."""
        said = [key for key, one in self.snapshot.accepted.items() if key[0] == plan.name and one.position == position]
        self.snapshot = self.snapshot.without(said)
        for key in said:
            await self._around.cache.delete(key)

    async def _halt(self, names: Iterable[str]) -> None:
        tasks = [self._workers.pop(name) for name in names if name in self._workers]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)

    async def _poll_all(self, poller: Poller, progress: Progress, patience: float) -> None:
        name, due = poller.plan.name, frozenset(poller.due())
        for endpoint in poller.plan.endpoints:
            poll = await self._poll_patiently(poller, endpoint, patience) if endpoint in due else None
            progress(name, endpoint.name, poll.outcome if poll else Outcome.KEPT)

    async def _poll_patiently(self, poller: Poller, endpoint: Endpoint, patience: float) -> Poll:
        clock = self._around.clock
        give_up = clock.wall() + patience
        poll = await poller.poll(endpoint)
        while poll.outcome is Outcome.DEFERRED and poll.due <= give_up:
            await clock.sleep(max(poll.due - clock.wall(), 0.0))
            poll = await poller.poll(endpoint)
        return poll

    def _figures(self, plan: SourcePlan) -> SourceFigures:
        now, hosts, source = self._around.clock.wall(), self._hosts, plan.source
        records, accepted = self.statistics.records, self.snapshot.accepted
        keys = [(plan.name, endpoint.name) for endpoint in plan.endpoints]
        endpoints = tuple(
            endpoint_figures(plan, endpoint, records[key], accepted.get(key), now)
            for key, endpoint in zip(keys, plan.endpoints, strict=True)
        )
        refusals = {url: refusal.message for url in plan.base_urls if (refusal := hosts.refusal(source, url))}
        open_breakers = [hosts.breaker_state(source, url) is BreakerState.OPEN for url in plan.base_urls]
        serving = next((url for url, is_open in zip(plan.base_urls, open_breakers, strict=True) if not is_open), None)
        return SourceFigures(
            name=plan.name,
            up=any(one.up for one in endpoints),
            tried=any(records[key].tried for key in keys),
            data_quality=data_quality(plan, records, self.snapshot, now),
            clock_skew=self.statistics.clock_skew.get(plan.name),
            breaker_open=any(open_breakers),
            remaining=hosts.remaining(source, serving or plan.base_urls[0]),
            refusals=refusals,
            endpoints=endpoints,
        )
