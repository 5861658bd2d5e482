"""The routes of the API, put together from what the service publishes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from exporter.history import History
from exporter.history.alertmanager import Alerts
from exporter.slices import Slices
from exporter.storage.archive import Archive
from exporter.web.answer import JSON, Answer, Ask, Handler, Refusal
from exporter.web.api import openapi
from exporter.web.api.docs import docs_page
from exporter.web.api.explain import Explain
from exporter.web.api.method_models import Methodology
from exporter.web.api.naming import Known
from exporter.web.api.render import STABLE_SECONDS, Kept, fixed, fresh, kept_page, seldom, writing
from exporter.web.api.score import score_latest
from exporter.web.api.sources import sources
from exporter.web.api.stored import Stored
from exporter.web.api.timeseries import Timeseries
from exporter.web.health import WorldNow
from exporter.web.packed import Packed
from exporter.web.route import Route, data, page
from scoring.method import Method
from scoring.methodology import as_json

WITH_QUERY = (200, 304, 400)


@dataclass(frozen=True, slots=True)
class Readable:
    """What the API reads, as it is in force at that moment; `metric_names` are all that there can be."""

    world: WorldNow
    alerts: Callable[[], Alerts]
    archive: Archive
    history: Callable[[], History]
    method: Callable[[], Method]
    minimum_coverage: Callable[[], float]
    metric_names: Callable[[], Collection[str]]
    wall: Callable[[], float]
    version: str
    docs: Callable[[], bool]


@dataclass(slots=True)
class Api:
    readable: Readable
    latest: Kept = field(init=False)
    sources: Kept = field(init=False)
    method: Kept = field(init=False)
    _changed: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        given = self.readable
        self.latest = Kept(lambda: (given.world(), given.alerts()), score_latest, fresh)
        self.sources = Kept(lambda: (given.world(),), sources, fresh)
        self.method = Kept(lambda: (given.method(), given.minimum_coverage()), _methodology, seldom)

    def changed(self) -> None:
        """The world has changed, or the alerts."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for kept in (self.latest, self.sources, self.method):
                await kept.renew()

    def routes(self) -> dict[str, Route]:
        given = self.readable
        # The first time takes 60 ms, which nobody waits for before the server starts.
        self.method.render()
        described = openapi.document(given.version)
        document = Packed(openapi.as_bytes(described), JSON, STABLE_SECONDS)
        stored = Stored(given.world, given.archive, given.wall)
        series = Timeseries(given.history, self._known, stored, given.wall)
        return {
            "/api/v2/score/latest": data("score_latest", kept_page(self.latest.newest), codes=WITH_QUERY, at_once=True),
            "/api/v2/score/timeseries": replace(
                data("score_timeseries", series, codes=(*WITH_QUERY, 503)), ready=series.ready
            ),
            "/api/v2/score/explain": data(
                "score_explain", Explain(given.world, given.archive, given.wall), codes=WITH_QUERY
            ),
            "/api/v2/sources": data("sources", kept_page(self.sources.newest), codes=WITH_QUERY, at_once=True),
            "/api/v2/methodology": data("methodology", kept_page(self.method.render), codes=WITH_QUERY, at_once=True),
            "/openapi.json": data("openapi", fixed(document), codes=(200, 304), at_once=True),
            "/docs": page("docs", _where(given.docs, fixed(docs_page(described))), codes=(200, 304)),
        }

    def _known(self) -> Known:
        pillars = {pillar.id: tuple(one.id for one in pillar.indicators) for pillar in self.readable.method().pillars}
        return Known(pillars, self.readable.metric_names())


def _methodology(method: Method, minimum_coverage: float) -> Slices[bytes]:
    return writing(Methodology, lambda: as_json(method, minimum_coverage))


def _where(wanted: Callable[[], bool], handler: Handler) -> Handler:
    async def answer(ask: Ask) -> Answer:
        if not wanted():
            raise Refusal(404, "the page is switched off (api.docs)")
        return await handler(ask)

    return answer
