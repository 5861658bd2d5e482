"""From the bytes of one body to what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from exporter.cache import CachedBody
from exporter.collection.accept import Arrival, accept, restored, without_future
from exporter.collection.digest import Digest
from exporter.collection.plan import SourcePlan
from exporter.snapshot import Accepted
from exporter.spec import Endpoint, Parsed, Sample
from exporter.storage.database import Storage

ENDPOINTS: Final = "endpoints"

# Which values of a bounded label are shown, by metric name; a JSON value.
Members = Mapping[str, Sequence[str]]
Fold = Callable[[Sequence[Sample], Members], tuple[Sequence[Sample], Members]]


class Intake:
    """Of one source. Remembers which members of bounded labels were shown, and since when values have been the same."""

    def __init__(self, plan: SourcePlan, digest: Digest, storage: Storage, fold: Fold) -> None:
        self._plan = plan
        self._digest = digest
        self._storage = storage
        self._fold = fold
        self._memory: dict[str, Any] = {}

    async def load(self) -> None:
        self._memory = await self._storage.load(ENDPOINTS)

    async def take(
        self, endpoint: Endpoint, body: CachedBody, previous: Accepted | None, count: Callable[[Parsed], None]
    ) -> tuple[Accepted, Parsed]:
        """A body that just arrived; `count` is told what was refused. Raises BodyError where it is not believed."""
        arrival = self._arrival(endpoint, body)
        parsed = without_future(await self._digest.read(endpoint, body.body, body.fetched_at), arrival)
        count(parsed)
        samples, members = self._fold(parsed.samples, self._remembered(endpoint).get("members", {}))
        accepted = accept(arrival, replace(parsed, samples=tuple(samples)), previous)
        self._remember(accepted, members)
        return accepted, parsed

    async def restore(self, endpoint: Endpoint, body: CachedBody) -> tuple[Accepted, Parsed]:
        """A body kept from an earlier run, with its true age. Raises BodyError where this release reads it anew."""
        arrival = self._arrival(endpoint, body)
        parsed = without_future(await self._digest.read(endpoint, body.body, body.fetched_at), arrival)
        remembered = self._remembered(endpoint)
        samples, _ = self._fold(parsed.samples, remembered.get("members", {}))
        accepted = restored(arrival, replace(parsed, samples=tuple(samples)))
        return replace(accepted, changed_at=remembered.get("changed_at", accepted.changed_at)), parsed

    def postpone(self, endpoint: Endpoint, failing: int, due: float) -> None:
        """Keep how often the endpoint has failed in a row and when it is tried again: a restart is no excuse."""
        failure = {"failing": failing, "due": due, "base_urls": list(self._plan.base_urls)}
        self._keep(endpoint, {**self._remembered(endpoint), **failure})

    def postponed(self, endpoint: Endpoint) -> tuple[int, float]:
        """Failures in a row and the next try; none since a success, and none at other base URLs than these."""
        known = self._remembered(endpoint)
        if known.get("base_urls") != list(self._plan.base_urls):
            return 0, 0.0
        return int(known.get("failing", 0)), float(known.get("due", 0.0))

    def _arrival(self, endpoint: Endpoint, body: CachedBody) -> Arrival:
        position = self._plan.base_urls.index(body.url.removesuffix(endpoint.path))
        return Arrival(self._plan.source, endpoint, position, body.host, body.fetched_at, body.body_time)

    def _remembered(self, endpoint: Endpoint) -> Mapping[str, Any]:
        known = self._memory.get(f"{self._plan.name} {endpoint.name}")
        return known if isinstance(known, Mapping) else {}

    def _remember(self, accepted: Accepted, members: Members) -> None:
        self._keep(accepted.endpoint, {"changed_at": accepted.changed_at, "members": members})

    def _keep(self, endpoint: Endpoint, value: Mapping[str, Any]) -> None:
        key = f"{self._plan.name} {endpoint.name}"
        if value != self._memory.get(key):
            self._memory[key] = value
            self._storage.save(ENDPOINTS, key, value)
