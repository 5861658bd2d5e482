"""One worker a source: endpoints are polled when they are due, one at a time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Final

import structlog

from exporter.cache import Cache, CachedBody
from exporter.cache.lease import Held, Lease, Leases
from exporter.clock import Clock
from exporter.collection import pace
from exporter.collection.intake import Intake
from exporter.collection.limits import BudgetError
from exporter.collection.plan import SourcePlan
from exporter.collection.statistics import Record, Statistics
from exporter.collection.upstream import Answer, Upstream
from exporter.errors import BodyError, Reason, UpstreamError
from exporter.snapshot import Accepted
from exporter.spec import Endpoint

# The wall clock may be set while we wait: look at it again at least this often.
LONGEST_SLEEP: Final = 60.0
# While another replica asks, its answer is looked for this often.
WAIT_SECONDS: Final = 1.0
# Who failed lets the other replicas try first: the way out may be blocked for this one only.
COURTESY_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """How one poll ended. `DEFERRED`: limits forbade a call, or it is another replica's turn; `KEPT`: from a cache.

    `UNCHANGED`: the caches hold what is shown already.
    """

    FETCHED = "fetched"
    KEPT = "kept"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Poll:
    """`due`: when the endpoint is polled next. `ask_at`: when its source is asked, if only caches are read then."""

    outcome: Outcome
    due: float
    ask_at: float | None = None


class Poller:
    """Of one source. `publish` is given every accepted body, new or restored; `polled` is told of the end of a poll."""

    def __init__(
        self,
        upstream: Upstream,
        intake: Intake,
        cache: Cache,
        publish: Callable[[Accepted], None],
        polled: Callable[[], None],
        leases: Leases | None = None,
    ) -> None:
        self.plan: SourcePlan = upstream.plan
        self._upstream = upstream
        self._intake = intake
        self._cache = cache
        self.publish = publish
        self._polled = polled
        self._leases = leases
        # Among replicas, by endpoint: the fetch time of the body it was drawn for, and when to ask for the next.
        self._ask_at: dict[str, tuple[float, float]] = {}
        self._clock: Clock = upstream.clock
        self._statistics: Statistics = upstream.statistics
        # (due, due before limits put it off, place in the declaration): who waits longest goes first.
        self._heap: list[tuple[float, float, int]] = []

    async def restore(self) -> None:
        """Show what earlier runs kept, with its true age, and find out when each endpoint is due."""
        await self._intake.load()
        now = self._clock.wall()
        # Side by side: one after another, looks at a slow shared cache would add up to a slow start.
        looks = [asyncio.ensure_future(self._known(endpoint, now)) for endpoint in self.plan.endpoints]
        await asyncio.gather(*looks, return_exceptions=True)
        for index, (endpoint, look) in enumerate(zip(self.plan.endpoints, looks, strict=True)):
            poll = self._postponed(endpoint, await self._guarded(endpoint, partial(self._restore_one, look=look)))
            self._schedule(index, poll, poll.due)

    async def run(self) -> None:
        """Poll until cancelled."""
        before = self._clock.wall()
        while True:
            now = self._clock.wall()
            if now < before:
                self._shift(before - now)
            before = now
            due, since, index = self._heap[0]
            if due > now:
                await self._clock.sleep(min(due - now, LONGEST_SLEEP))
                continue
            heapq.heappop(self._heap)
            poll = await self.poll(self.plan.endpoints[index])
            self._schedule(index, poll, since if poll.outcome is Outcome.DEFERRED else poll.due)
            if poll.outcome is not Outcome.UNCHANGED:
                self._polled()

    async def poll(self, endpoint: Endpoint) -> Poll:
        return await self._guarded(endpoint, self._poll)

    def due(self) -> Iterator[Endpoint]:
        """The endpoints that are due now, in order of declaration."""
        now = self._clock.wall()
        for index in sorted(index for due, _, index in self._heap if due <= now):
            yield self.plan.endpoints[index]

    def _schedule(self, index: int, poll: Poll, since: float) -> None:
        heapq.heappush(self._heap, (poll.due, since, index))
        self._record(self.plan.endpoints[index]).next_poll = poll.due if poll.ask_at is None else poll.ask_at

    def _shift(self, seconds: float) -> None:
        self._heap = [(due - seconds, since - seconds, index) for due, since, index in self._heap]

    async def _guarded(self, endpoint: Endpoint, step: Callable[[Endpoint], Awaitable[Poll]]) -> Poll:
        """`step`, and whatever goes wrong in it that nobody foresaw costs only this endpoint."""
        try:
            return await step(endpoint)
        except Exception as error:  # noqa: BLE001 - the last resort: a worker must outlive any mistake of ours
            _log.exception("bug: please report it", source=self.plan.name, endpoint=endpoint.name)
            record, bug = self._record(endpoint), UpstreamError(Reason.BUG, f"{type(error).__name__}: {error}")
            record.failed(bug, record.position or 0, self._clock.wall())
            return self._failed(endpoint, bug)

    def _postponed(self, endpoint: Endpoint, poll: Poll) -> Poll:
        """As it was before the restart: what failed waits for its next try."""
        failing, due = self._intake.postponed(endpoint)
        latest = self._clock.wall() + pace.longest_wait(endpoint)
        if not failing or poll.outcome is Outcome.FAILED:
            return poll
        record = self._record(endpoint)
        record.failing, record.tried = failing, True
        return replace(poll, due=max(poll.due, min(due, latest)))

    async def _restore_one(self, endpoint: Endpoint, look: Awaitable[CachedBody | None]) -> Poll:
        now, body = self._clock.wall(), await look
        if body is None:
            return Poll(Outcome.DEFERRED, now)
        try:
            answer = Answer(body, *await self._intake.restore(endpoint, body))
        except BodyError as error:
            _log.info("kept body refused", source=self.plan.name, endpoint=endpoint.name, error=str(error))
            return Poll(Outcome.DEFERRED, now)
        if self._leases is not None:
            await self._cache.keep(body)
            self._upstream.heard(answer.accepted)
        poll = self._succeeded(answer, Outcome.KEPT)
        # A body from the future was kept under a clock that has been set back since; it says nothing about now.
        return poll if body.fetched_at <= now else replace(poll, due=now)

    async def _poll(self, endpoint: Endpoint) -> Poll:
        known = await self._known(endpoint, self._clock.wall())
        kept = None if self._upstream.looks_again(endpoint) else await self._kept(endpoint, known)
        if kept is not None:
            return kept
        if self._leases is None:
            return await self._ask(endpoint, known)
        if (waiting := await self._introduced(endpoint)) is not None:
            return waiting
        turn = await self._leases.take((self.plan.name, endpoint.name), pace.longest_wait(endpoint))
        return self._wait(endpoint, turn) if isinstance(turn, Held) else await self._ask_as_one(endpoint, turn)

    async def _introduced(self, endpoint: Endpoint) -> Poll | None:
        """Have the network of the first base URL vouched for once among all replicas; a wait while another one asks."""
        witness, first = self.plan.witness, self.plan.base_urls[0]
        if witness is None or witness is endpoint or self._upstream.hosts.vouched(self.plan.source, first):
            return None
        poll = await self._poll(witness)
        asking = poll.outcome is Outcome.DEFERRED and poll.due <= self._clock.wall() + WAIT_SECONDS
        return poll if asking else None

    async def _ask(self, endpoint: Endpoint, known: CachedBody | None) -> Poll:
        try:
            answer = await self._upstream.ask(endpoint, known)
        except BudgetError as error:
            self._record(endpoint).tried = True
            return Poll(Outcome.DEFERRED, error.ready_at)
        except UpstreamError as error:
            return self._failed(endpoint, error)
        poll = self._succeeded(answer, Outcome.FETCHED)
        await self._cache.put(answer.body)
        return poll

    async def _ask_as_one(self, endpoint: Endpoint, lease: Lease) -> Poll:
        """Ask on behalf of all replicas, unless one of them did while we waited for our turn."""
        hosts, source = self._upstream.hosts, self.plan.source
        async with lease:
            known = await self._known(endpoint, self._clock.wall(), again=True)
            kept = await self._kept(endpoint, known)
            if kept is not None:
                return kept
            hosts.learn(source, lease.hosts)
            poll = await self._ask(endpoint, known)
            await lease.tell(hosts.known(source))
            if poll.outcome is Outcome.FAILED:
                lease.rest(poll.due - self._clock.wall(), self._record(endpoint).failing)
                return replace(poll, due=poll.due + COURTESY_SECONDS)
            return poll

    def _wait(self, endpoint: Endpoint, held: Held) -> Poll:
        record, now = self._record(endpoint), self._clock.wall()
        if not held.failing:
            return Poll(Outcome.DEFERRED, now + min(held.seconds, WAIT_SECONDS))
        record.tried = True
        record.failing = max(record.failing, held.failing)
        return Poll(Outcome.DEFERRED, now + held.seconds)

    async def _kept(self, endpoint: Endpoint, known: CachedBody | None) -> Poll | None:
        """What a cache holds that is young enough to spare the call: another replica was faster."""
        now, previous = self._clock.wall(), self._upstream.previous(endpoint)
        if known is None or not known.fetched_at <= now < self._good_until(endpoint, known):
            return None
        if self._leases is not None and previous is not None and previous.fetched_at == known.fetched_at:
            return self._next(endpoint, Outcome.UNCHANGED, known)
        try:
            taken = await self._intake.take(endpoint, known, previous, lambda _: None)
        except BodyError:
            return None
        if self._leases is not None:
            await self._cache.keep(known)
            self._upstream.heard(taken[0])
        return self._succeeded(Answer(known, *taken), Outcome.KEPT)

    def _good_until(self, endpoint: Endpoint, body: CachedBody) -> float:
        """When we ask for what comes after `body`; among replicas each draws its own moment, once for each body."""
        if self._leases is None:
            return body.fetched_at + endpoint.interval
        drawn = self._ask_at.get(endpoint.name)
        if drawn is None or drawn[0] != body.fetched_at:
            drawn = (body.fetched_at, pace.early(body, endpoint.interval, self._clock.jitter))
            self._ask_at[endpoint.name] = drawn
        return drawn[1]

    async def _known(self, endpoint: Endpoint, now: float, *, again: bool = False) -> CachedBody | None:
        """The newest body we have from a base URL that is still configured and not refused."""

        def usable(body: CachedBody) -> bool:
            position = self.plan.position(endpoint, body.url)
            source, hosts = self.plan.source, self._upstream.hosts
            return position is not None and hosts.refusal(source, self.plan.base_urls[position]) is None

        return await self._cache.get((self.plan.name, endpoint.name), now - endpoint.interval, usable, again=again)

    def _succeeded(self, answer: Answer, outcome: Outcome) -> Poll:
        endpoint = answer.accepted.endpoint
        self._record(endpoint).succeeded(answer.accepted, answer.parsed)
        self.publish(answer.accepted)
        due = answer.body.due
        if due is None:
            due = pace.after_success(answer.accepted, answer.body.expires_at, self._clock.jitter)
        return self._next(endpoint, outcome, replace(answer.body, due=due))

    def _next(self, endpoint: Endpoint, outcome: Outcome, body: CachedBody) -> Poll:
        if self._leases is None:
            return Poll(outcome, body.fetched_at + endpoint.interval if body.due is None else body.due)
        ask_at = self._good_until(endpoint, body)
        return Poll(outcome, pace.look(endpoint.interval, self._clock.wall(), ask_at), ask_at)

    def _failed(self, endpoint: Endpoint, error: UpstreamError) -> Poll:
        record = self._record(endpoint)
        record.tried = True
        record.failing += 1
        due = pace.after_failure(endpoint, record.failing, error.reason, self._clock.wall(), self._clock.jitter)
        self._intake.postpone(endpoint, record.failing, due)
        return Poll(Outcome.FAILED, due)

    def _record(self, endpoint: Endpoint) -> Record:
        return self._statistics.records[self.plan.name, endpoint.name]
