"""All sources together: what is known now, and the workers that keep it so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import aiohttp

from exporter.breaker import BreakerState
from exporter.cache import Cache
from exporter.clock import Clock
from exporter.digest import Digest
from exporter.fetch import TIMEOUT, Fetcher
from exporter.hosts import Hosts
from exporter.intake import Fold, Intake
from exporter.network import ClientSettings
from exporter.plan import SourcePlan
from exporter.poller import Outcome, Poll, Poller
from exporter.snapshot import Accepted, Snapshot
from exporter.spec import Endpoint
from exporter.statistics import SourceFigures, Statistics, data_quality, endpoint_figures
from exporter.storage import Storage
from exporter.upstream import Upstream

# A worker may be inside a request or a parse when told to stop; it is left behind after this long.
STOP_SECONDS: Final = 1.0

Progress = Callable[[str, str, Outcome], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What collection needs of the process: time, the file, the cache tiers, and how bounded labels are folded."""

    clock: Clock
    storage: Storage
    cache: Cache
    fold: Fold
    timeout: aiohttp.ClientTimeout = TIMEOUT


class Collection:
    """`on_change` is called after every change of `snapshot`; storage stays open, it belongs to the caller."""

    def __init__(
        self,
        plans: Iterable[SourcePlan],
        client: ClientSettings,
        surroundings: Surroundings,
        on_change: Callable[[Snapshot], None] = lambda _: None,
    ) -> None:
        self.snapshot = Snapshot()
        self.statistics = Statistics()
        self._around = surroundings
        self._on_change = on_change
        self._client = client
        self._fetcher = self._new_fetcher(client)
        self._digest = Digest()
        self._hosts = Hosts(surroundings.storage, surroundings.clock.wall, self._is_public)
        self._wanted = tuple(plans)
        self._pollers: dict[str, Poller] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def restore(self) -> None:
        """Show what earlier runs kept, without any call upstream."""
        await self._hosts.load()
        await self._replace(self._wanted, gone=())

    async def start(self) -> None:
        """Restore and poll from now on."""
        await self.restore()
        self._work(self._pollers)

    async def stop(self) -> None:
        """Within two seconds, whatever a server does."""
        await self._halt(list(self._workers))
        await self._fetcher.close()
        self._digest.close()

    async def apply(self, plans: Iterable[SourcePlan], client: ClientSettings) -> None:
        """Poll something else from now on. Raises ConfigError before anything has changed; what is the same goes on."""
        wanted = {plan.name: plan for plan in plans}
        renewed = None if client == self._client else self._new_fetcher(client)
        running = {name: poller.plan for name, poller in self._pollers.items()}
        gone = [
            name
            for name, plan in running.items()
            if renewed is not None or name not in wanted or wanted[name].signature() != plan.signature()
        ]
        await self._halt(gone)
        if renewed is not None:
            await self._fetcher.close()
            self._client, self._fetcher = client, renewed
        self._wanted = tuple(wanted.values())
        await self._replace([plan for name, plan in wanted.items() if name in gone or name not in running], gone)
        self._work(self._pollers)

    async def poll_once(self, progress: Progress = lambda *_: None, patience: float = 30.0) -> None:
        """Restore, then poll what is due; for limits that last longer than `patience` seconds, what is kept must do."""
        await self.restore()
        await asyncio.gather(*(self._poll_all(poller, progress, patience) for poller in self._pollers.values()))

    def figures(self) -> tuple[SourceFigures, ...]:
        """How every source that is switched on fares, at this moment."""
        return tuple(self._figures(plan) for plan in self._wanted)

    @property
    def tried(self) -> bool:
        """Whether every source has succeeded, failed, been restored, or been put off by a limit at least once."""
        return all(one.tried for one in self.figures())

    def _is_public(self, host: str) -> bool:
        return self._fetcher.public(host)

    def _new_fetcher(self, client: ClientSettings) -> Fetcher:
        return Fetcher(client, self._around.clock.wall, self._around.timeout)

    async def _replace(self, plans: Iterable[SourcePlan], gone: Iterable[str]) -> None:
        """Swap pollers; the snapshot changes once, after everything kept has been read."""
        self.statistics.configure(self._wanted)
        fresh: list[Accepted] = []
        for name in gone:
            del self._pollers[name]
        for plan in plans:
            self.statistics.forget_positions(plan)
            poller = self._poller(plan, fresh.append)
            await poller.restore()
            poller.publish = self._publish
            self._pollers[plan.name] = poller
        dropped = frozenset(gone)
        snapshot = self.snapshot.without(key for key in self.snapshot.accepted if key[0] in dropped)
        for accepted in fresh:
            snapshot = snapshot.with_accepted(accepted)
        self._set(snapshot)

    def _poller(self, plan: SourcePlan, publish: Callable[[Accepted], None]) -> Poller:
        around = self._around
        intake = Intake(plan, self._digest, around.storage, around.fold)
        upstream = Upstream(
            plan, around.clock, self._fetcher, self._hosts, intake, self.statistics,
            previous=lambda endpoint: self.snapshot.accepted.get((plan.name, endpoint.name)),
            withdraw=lambda position: self._withdraw(plan, position),
        )  # fmt: skip
        return Poller(upstream, intake, around.cache, publish)

    def _publish(self, accepted: Accepted) -> None:
        self._set(self.snapshot.with_accepted(accepted))

    def _set(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._on_change(snapshot)

    async def _withdraw(self, plan: SourcePlan, position: int) -> None:
        """Take back everything one base URL said."""
        said = [key for key, one in self.snapshot.accepted.items() if key[0] == plan.name and one.position == position]
        self._set(self.snapshot.without(said))
        for key in said:
            await self._around.cache.delete(key)

    def _work(self, pollers: Iterable[str]) -> None:
        for name in pollers:
            if name not in self._workers:
                self._workers[name] = asyncio.create_task(self._pollers[name].run(), name=f"poll {name}")

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
