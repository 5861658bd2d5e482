"""What is remembered of every host between requests and runs: budget, breaker, redirects, wrong networks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial, reduce
from sqlite3 import Connection
from typing import Any, Final, Self

from yarl import URL

from exporter.collection.breaker import Breaker, BreakerState
from exporter.collection.limits import BudgetError, HostState
from exporter.collection.network import host_key
from exporter.errors import FetchError, UpstreamError
from exporter.spec import DAY, HOUR, Budget, Endpoint, Source
from exporter.storage.database import MEMORY, Storage, remember, remembered

HOSTS: Final = "hosts"
BREAKERS: Final = "breakers"
ROUTES: Final = "routes"
REFUSALS: Final = "refusals"
VOUCHED: Final = "vouched"
# A poll waits no longer than this for the file.
PATIENCE: Final = 0.1
ROOMS: Final = (HOSTS, BREAKERS, ROUTES, REFUSALS, VOUCHED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A base URL that serves another network than Bitcoin's main one, as `endpoint` showed at `since`."""

    endpoint: str
    message: str
    since: float

    @classmethod
    def from_json(cls, stored: Any) -> Self | None:
        try:
            return cls(**stored)
        except TypeError:
            return None

    def until(self, endpoint: str) -> float:
        """Only the endpoint that can tell may look again, once an hour; without it the refusal lapses in a day."""
        return self.since + (HOUR if endpoint == self.endpoint else DAY)


@dataclass(slots=True)
class Book:
    """Of one host: the state that the file had last, and what has been changed since."""

    base: HostState
    changes: list[Callable[[HostState], HostState]] = field(default_factory=list)

    def settled(self, theirs: HostState | None, changes: Iterable[Callable[[HostState], HostState]]) -> HostState:
        """With the changes, on top of what another process may have left in the file."""
        known = self.base if theirs is None else self.base.merged(theirs)
        return reduce(lambda state, change: change(state), changes, known)


class Hosts:
    """Keys are a source's name and a host key or a base URL, so that sources behind one proxy stay apart.

    Budgets and waits belong to hosts; breakers to base URLs after redirects, for two of them may share a host.
    """

    def __init__(self, storage: Storage, wall: Callable[[], float], public: Callable[[str], bool]) -> None:
        self._storage = storage
        self._wall = wall
        self._public = public
        self._stored: dict[str, dict[str, Any]] = {room: {} for room in ROOMS}
        self._states: dict[str, HostState] = {}
        self._books: dict[str, Book] = {}
        self._breakers: dict[str, Breaker] = {}
        self._refusals: dict[str, Refusal] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def load(self) -> None:
        for room in self._stored:
            self._stored[room] = await self._storage.load(room)
        refusals = ((key, Refusal.from_json(value)) for key, value in self._stored[REFUSALS].items())
        self._refusals = {key: value for key, value in refusals if value is not None}

    def route(self, source: Source, base_url: str) -> str:
        """Where this base URL led last time: another base URL after redirects, else itself."""
        known = self._stored[ROUTES].get(_key(source, base_url))
        return known if isinstance(known, str) and "://" in known else base_url

    def host(self, source: Source, base_url: str) -> str:
        """Host key of what answered last time."""
        return host_key(URL(self.route(source, base_url)))

    def led_to(self, source: Source, base_url: str, endpoint: Endpoint, url: str) -> None:
        """Note which URL answered for this endpoint of a base URL."""
        route = _route(base_url, endpoint.path, url)
        if route != self.route(source, base_url):
            self._keep(ROUTES, _key(source, base_url), route)

    def closed_until(self, source: Source, base_url: str) -> float:
        """When this base URL may be asked again, as far as its host decides; in the past means now."""
        route = self.route(source, base_url)
        waits = self._state(source, host_key(URL(route))).blocked_until
        return max(waits, self._breaker(source, route).open_until)

    def refusal(self, source: Source, base_url: str) -> Refusal | None:
        return self._refusals.get(_key(source, base_url))

    def breaker_state(self, source: Source, base_url: str) -> BreakerState:
        return self._breaker(source, self.route(source, base_url)).state(self._wall())

    def remaining(self, source: Source, base_url: str) -> int:
        """Requests that may be made at this moment."""
        return self._state(source, self.host(source, base_url)).remaining(source.budget, self._wall())

    @asynccontextmanager
    async def turn(self, source: Source, host: str) -> AsyncIterator[None]:
        """Alone with the host, one request charged. Raises BudgetError where it must wait."""
        async with self._lock(source, host):
            await self._look(source, host)
            self._charge(source, host)
            yield

    def succeeded(self, source: Source, base_url: str, endpoint: Endpoint) -> None:
        route = self.route(source, base_url)
        self._set_breaker(source, route, self._breaker(source, route).success())
        refusal = self.refusal(source, base_url)
        if refusal is not None and refusal.endpoint == endpoint.name:
            del self._refusals[_key(source, base_url)]
            self._keep(REFUSALS, _key(source, base_url), None)

    def failed(self, source: Source, base_url: str, endpoint: Endpoint, error: UpstreamError, endpoints: int) -> None:
        """Note a failure of one of the source's `endpoints` many endpoints, where redirects led."""
        if isinstance(error, FetchError) and error.url is not None:
            self.led_to(source, base_url, endpoint, error.url)
        now, route = self._wall(), self.route(source, base_url)
        if error.retry_after is not None:
            self._block(source, host_key(URL(route)), error.retry_after)
        breaker = self._breaker(source, route).failure(endpoint.name, error.reason, endpoints, now)
        self._set_breaker(source, route, breaker)

    def vouched(self, source: Source, base_url: str) -> bool:
        """Whether what this base URL says may be believed without asking first which network it serves."""
        until = self._stored[VOUCHED].get(_key(source, base_url))
        return isinstance(until, int | float) and self._wall() < until

    def vouch(self, source: Source, base_url: str, seconds: float) -> None:
        self._keep(VOUCHED, _key(source, base_url), self._wall() + seconds)

    def known(self, source: Source) -> dict[str, Any]:
        """Budgets and waits of the source's hosts by host key, as JSON: what replicas tell each other."""
        prefix = _key(source, "")
        states = ((key, state) for key, state in self._states.items() if key.startswith(prefix))
        return {key.removeprefix(prefix): state.to_json() for key, state in states}

    def learn(self, source: Source, known: Mapping[str, Any]) -> None:
        """Take over what another replica knows where it is later or stricter than ours."""
        for host, stored in known.items():
            theirs = HostState.from_json(stored, source.budget, self._wall())
            self._change(source, host, partial(HostState.merged, other=theirs))

    def refuse(self, source: Source, base_url: str, endpoint: Endpoint, message: str) -> None:
        """Ask nothing of this base URL any more: it speaks of another network."""
        refusal = Refusal(endpoint.name, message, self._wall())
        self._refusals[_key(source, base_url)] = refusal
        self._keep(REFUSALS, _key(source, base_url), asdict(refusal))

    def _lock(self, source: Source, host: str) -> asyncio.Lock:
        # Sources behind one private proxy are the operator's own business: none of them waits for another.
        key = host if self._public(host) else _key(source, host)
        return self._locks.setdefault(key, asyncio.Lock())

    def _budget(self, source: Source, host: str) -> Budget:
        return source.budget if self._public(host) else replace(source.budget, spacing=0.0)

    def _state(self, source: Source, host: str) -> HostState:
        key = _key(source, host)
        if key not in self._states:
            self._states[key] = HostState.from_json(self._stored[HOSTS].get(key), source.budget, self._wall())
        return self._states[key]

    async def _look(self, source: Source, host: str) -> None:
        """At what other processes with the same file have used; a file that cannot be read at once must do without."""
        key = _key(source, host)
        stored = await self._storage.read(partial(remembered, room=HOSTS, key=key), None, PATIENCE)
        if stored is not None:
            book = self._books.setdefault(key, Book(self._state(source, host)))
            theirs = HostState.from_json(stored, source.budget, self._wall())
            self._states[key] = book.settled(theirs, book.changes)

    def _charge(self, source: Source, host: str) -> None:
        now, budget = self._wall(), self._budget(source, host)
        ready_at = self._state(source, host).ready_at(budget, now)
        if ready_at > now:
            raise BudgetError(ready_at)
        self._change(source, host, lambda state: state.charged(budget, now))

    def _block(self, source: Source, host: str, seconds: float) -> None:
        now = self._wall()
        self._change(source, host, lambda state: state.blocked(seconds, now))

    def _change(self, source: Source, host: str, change: Callable[[HostState], HostState]) -> None:
        """Here at once; then in the file, where processes that share it find what each of them has used."""
        key, state = _key(source, host), self._state(source, host)
        book = self._books.setdefault(key, Book(state))
        book.changes.append(change)
        self._states[key] = change(state)

        def exchange(connection: Connection) -> tuple[HostState, int]:
            stored, changes = remembered(connection, HOSTS, key), tuple(book.changes)
            theirs = None if stored is None else HostState.from_json(stored, source.budget, self._wall())
            known = book.settled(theirs, changes)
            remember(connection, HOSTS, key, json.dumps(known.to_json()))
            return known, len(changes)

        def settled(written: tuple[HostState, int] | None) -> None:
            # Without the file this process goes by what it knows itself.
            book.base, count = written or (self._states[key], len(book.changes))
            del book.changes[:count]
            self._states[key] = book.settled(None, book.changes)

        self._storage.write((MEMORY, HOSTS, key), exchange, self._states[key].to_json(), settled)

    def _breaker(self, source: Source, route: str) -> Breaker:
        key = _key(source, route)
        if key not in self._breakers:
            self._breakers[key] = Breaker.from_json(self._stored[BREAKERS].get(key), self._wall())
        return self._breakers[key]

    def _set_breaker(self, source: Source, route: str, breaker: Breaker) -> None:
        if breaker != self._breaker(source, route):
            self._breakers[_key(source, route)] = breaker
            self._keep(BREAKERS, _key(source, route), breaker.to_json())

    def _keep(self, room: str, key: str, value: Any) -> None:
        self._stored[room][key] = value
        self._storage.save(room, key, value)


def _key(source: Source, what: str) -> str:
    return f"{source.name} {what}"


def _route(base_url: str, path: str, url: str) -> str:
    """The base URL that `path` belongs to in `url`; the origin where redirects changed the path too."""
    asked = str(URL(base_url + path))
    if url == asked:
        return base_url
    tail = asked.removeprefix(str(URL(base_url)).rstrip("/"))
    return url.removesuffix(tail) if url.endswith(tail) else str(URL(url).origin())
