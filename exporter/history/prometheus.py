"""Time series from any server with Prometheus's HTTP API: Prometheus, Mimir, Thanos, VictoriaMetrics.

prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from typing import Final, Literal

import structlog
from pydantic import BaseModel, ValidationError

from exporter.errors import RemoteError
from exporter.history import Point, Window
from exporter.history.jsonclient import JsonClient
from exporter.history.selector import Selector

log = structlog.get_logger(__name__)

# Range queries under way at one time, and how long another waits for its turn.
MOST_QUERIES: Final = 4
TURN_SECONDS: Final = 5.0
LONGEST_WARNING: Final = 200
# Twice what as many points as we ask for take.
MOST_BYTES: Final = 1 << 20


class _Series(BaseModel):
    values: list[tuple[float, str]]


class _Matrix(BaseModel):
    resultType: Literal["matrix"]  # noqa: N815 - the API's own name
    result: list[_Series]


class _RangeAnswer(BaseModel):
    status: Literal["success"]
    data: _Matrix
    warnings: list[str] = []


class PrometheusHistory:
    def __init__(self, url: str, client: JsonClient, turn_seconds: float = TURN_SECONDS) -> None:
        self._url, self._client, self._turn_seconds = url, client, turn_seconds
        self._turns = asyncio.Semaphore(MOST_QUERIES)

    async def points(self, selector: Selector, window: Window) -> list[Point]:
        query = {
            "query": selector.promql(),
            "start": str(window.start),
            "end": str(window.end),
            "step": str(window.step),
        }
        await self._turn()
        try:
            body = await self._client.get(f"{self._url}/api/v1/query_range", query, MOST_BYTES)
        finally:
            self._turns.release()
        return await asyncio.to_thread(_points, body, window)

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(self._turn_seconds):
                await self._turns.acquire()
        except TimeoutError as error:
            raise RemoteError(f"is busy with {MOST_QUERIES} earlier queries") from error


def _points(body: bytes, window: Window) -> list[Point]:
    try:
        answer = _RangeAnswer.model_validate_json(body)
        series = answer.data.result
        pairs = [(time, float(text)) for one in series for time, text in one.values]
    except (ValidationError, ValueError) as error:
        raise RemoteError("answered something else than a matrix of numbers") from error
    if len(series) > 1:
        raise RemoteError(f"answered {len(series)} series to a query for one")
    if not _asked_for([time for time, _ in pairs], window):
        raise RemoteError("answered times that were not asked for")
    if answer.warnings:
        log.warning("the history server warns", first=answer.warnings[0][:LONGEST_WARNING])
    return [(int(time), value) for time, value in pairs if math.isfinite(value)]


def _asked_for(times: list[float], window: Window) -> bool:
    moments = range(window.start, window.end + 1, window.step)
    rising = all(earlier < later for earlier, later in pairwise(times))
    return rising and all(time.is_integer() and int(time) in moments for time in times)
