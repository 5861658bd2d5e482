"""One poll of one endpoint: its base URLs are asked in order until one gives a body that is believed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from exporter.cache import CachedBody
from exporter.clock import Clock
from exporter.collection import pace
from exporter.collection.breaker import UNAVAILABLE
from exporter.collection.digest import LARGEST
from exporter.collection.fetch import Fetcher, Request, Response
from exporter.collection.hosts import Hosts
from exporter.collection.intake import Intake
from exporter.collection.limits import BudgetError
from exporter.collection.plan import SourcePlan
from exporter.collection.statistics import Record, Statistics
from exporter.errors import Reason, UpstreamError
from exporter.snapshot import Accepted
from exporter.spec import DAY, MINUTE, Endpoint, Parsed

# An answer to the question for the network is good for a month; one that could not be had is asked for again soon.
MONTH: Final = 30 * DAY
AGAIN: Final = 5 * MINUTE

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    body: CachedBody
    accepted: Accepted
    parsed: Parsed


@dataclass(frozen=True, slots=True)
class Upstream:
    """`previous` is what is shown now; `withdraw` is told the position of a base URL that serves another network."""

    plan: SourcePlan
    clock: Clock
    fetcher: Fetcher
    hosts: Hosts
    intake: Intake
    statistics: Statistics
    previous: Callable[[Endpoint], Accepted | None]
    withdraw: Callable[[int], Awaitable[None]]

    async def ask(self, endpoint: Endpoint, known: CachedBody | None) -> Answer:
        """The first believable answer.

        Raises the first base URL's UpstreamError when all fail, BudgetError when none may be asked yet.
        """
        errors: list[UpstreamError] = []
        asked: set[str] = set()
        for position, base_url in enumerate(self.plan.base_urls):
            if self._is_closed(endpoint, base_url, asked):
                continue
            try:
                await self._vouch(endpoint, position)
                if not self._is_closed(endpoint, base_url, asked):
                    return await self._attempt(endpoint, base_url, known)
            except UpstreamError as error:
                await self._failed(endpoint, position, error)
                errors.append(error)
            asked.add(self.hosts.route(self.plan.source, base_url))
        if errors:
            raise errors[0]
        raise BudgetError(min(self._closed_until(endpoint, base_url) for base_url in self.plan.base_urls))

    def looks_again(self, endpoint: Endpoint) -> bool:
        """Whether it is time for this endpoint to look at a base URL that it has refused."""
        now = self.clock.wall()
        return any(until <= now for until in self._refused_by(endpoint))

    def _refused_by(self, endpoint: Endpoint) -> list[float]:
        """When this endpoint may look again at the base URLs it has refused."""
        refusals = (self.hosts.refusal(self.plan.source, base_url) for base_url in self.plan.base_urls)
        return [one.until(endpoint.name) for one in refusals if one is not None and one.endpoint == endpoint.name]

    def _is_closed(self, endpoint: Endpoint, base_url: str, asked: set[str]) -> bool:
        if self.hosts.route(self.plan.source, base_url) in asked:
            return True
        return self._closed_until(endpoint, base_url) > self.clock.wall()

    def _closed_until(self, endpoint: Endpoint, base_url: str) -> float:
        now, refusal = self.clock.wall(), self.hosts.refusal(self.plan.source, base_url)
        closed = self.hosts.closed_until(self.plan.source, base_url)
        if refusal is None or refusal.until(endpoint.name) <= now:
            return closed
        # Who cannot tell looks whether the refusal was lifted just after who can has looked; that costs no call.
        witness = refusal.until(refusal.endpoint)
        return max(closed, witness if endpoint.name == refusal.endpoint else max(witness, now) + MINUTE)

    async def _vouch(self, endpoint: Endpoint, position: int) -> None:
        """Before anything else of a base URL is believed, ask the endpoint that is there to know its network."""
        base_url, source = self.plan.base_urls[position], self.plan.source
        witness = self.plan.witness
        if witness is None or witness is endpoint or self.hosts.vouched(source, base_url):
            return
        try:
            await self._attempt(witness, base_url, None)
        except UpstreamError as error:
            await self._failed(witness, position, error)
            # A server without that path is believed for a day: values that cannot be the main network's refuse it too.
            self.hosts.vouch(source, base_url, AGAIN if error.reason in UNAVAILABLE else DAY)

    def heard(self, accepted: Accepted) -> None:
        """If that was the word of the witness, whoever asked for it: its base URL is vouched for."""
        if accepted.endpoint is self.plan.witness:
            base_url, age = self.plan.base_urls[accepted.position], self.clock.wall() - accepted.fetched_at
            self.hosts.vouch(self.plan.source, base_url, MONTH - age)

    async def _attempt(self, endpoint: Endpoint, base_url: str, known: CachedBody | None) -> Answer:
        record, source = self._record(endpoint), self.plan.source
        response, body = await self._fetch(endpoint, base_url, known, record)
        self.hosts.led_to(source, base_url, endpoint, response.url)
        if response.clock_skew is not None:
            self.statistics.clock_skew[self.plan.name] = response.clock_skew
        accepted, parsed = await self.intake.take(endpoint, body, self.previous(endpoint), record.count)
        self.hosts.succeeded(source, base_url, endpoint)
        self.heard(accepted)
        return Answer(self._dated(body, accepted), accepted, parsed)

    def _dated(self, body: CachedBody, accepted: Accepted) -> CachedBody:
        due = pace.after_success(accepted, body.expires_at, self.clock.jitter)
        soonest = self.clock.wall() + AGAIN
        return replace(body, due=min([due, *(max(until, soonest) for until in self._refused_by(accepted.endpoint))]))

    async def _fetch(
        self, endpoint: Endpoint, base_url: str, known: CachedBody | None, record: Record
    ) -> tuple[Response, CachedBody]:
        url = base_url + endpoint.path
        # Conditions of one server mean nothing to another, and no other body may stand in for "not modified".
        same = known if known is not None and known.url == url else None
        request = Request(
            base_url, endpoint.path, endpoint.accept, self.plan.hosts, self.plan.secrets(base_url),
            etag=same.etag if same else None, last_modified=same.last_modified if same else None,
            largest=None if endpoint.reducer else LARGEST,
        )  # fmt: skip
        started_at: list[float] = []

        @asynccontextmanager
        async def turn(host: str) -> AsyncIterator[None]:
            async with self.hosts.turn(self.plan.source, host):
                started_at.append(self.clock.wall())
                record.fetches += 1
                yield

        try:
            response = await self.fetcher.get(request, turn)
        finally:
            if started_at:
                record.duration = self.clock.wall() - started_at[0]
        return response, _body((self.plan.name, endpoint.name), url, response, same)

    async def _failed(self, endpoint: Endpoint, position: int, error: UpstreamError) -> None:
        record, base_url = self._record(endpoint), self.plan.base_urls[position]
        news = record.last_error is None or record.last_error.reason != error.reason or not record.failing
        record.failed(error, position, self.clock.wall())
        (_log.warning if news else _log.debug)(
            "fetch failed", source=self.plan.name, endpoint=endpoint.name, position=position,
            reason=str(error.reason), error=str(error),
        )  # fmt: skip
        self.hosts.failed(self.plan.source, base_url, endpoint, error, len(self.plan.endpoints))
        if error.reason is Reason.WRONG_NETWORK:
            self.hosts.refuse(self.plan.source, base_url, endpoint, str(error))
            await self.withdraw(position)

    def _record(self, endpoint: Endpoint) -> Record:
        return self.statistics.records[self.plan.name, endpoint.name]


def _body(key: tuple[str, str], url: str, response: Response, same: CachedBody | None) -> CachedBody:
    """What to keep of a response; after "not modified" the body we had, with its time renewed."""
    fresh = CachedBody(
        *key, url, response.host, response.body, response.received_at, response.body_time,
        response.etag, response.last_modified, response.expires_at, response.received_at - response.started_at,
    )  # fmt: skip
    if not response.not_modified or same is None:
        return fresh
    return replace(
        fresh, body=same.body, etag=fresh.etag or same.etag, last_modified=fresh.last_modified or same.last_modified
    )
