"""Time series from any server with Prometheus's HTTP API: Prometheus, Mimir, Thanos, VictoriaMetrics.

prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Literal

from pydantic import BaseModel, ValidationError

from exporter.errors import RemoteError
from exporter.history import Point, Window
from exporter.history.jsonclient import JsonClient
from exporter.history.selector import Selector

# Range queries under way at one time.
MOST_QUERIES: Final = 4


class _Series(BaseModel):
    values: list[tuple[float, str]]


class _Matrix(BaseModel):
    resultType: Literal["matrix"]  # noqa: N815 - the API's own name
    result: list[_Series]


class _RangeAnswer(BaseModel):
    status: Literal["success"]
    data: _Matrix


class PrometheusHistory:
    def __init__(self, url: str, client: JsonClient) -> None:
        self._url, self._client = url, client
        self._turns = asyncio.Semaphore(MOST_QUERIES)

    async def points(self, selector: Selector, window: Window) -> list[Point]:
        query = {
            "query": selector.promql(),
            "start": str(window.start),
            "end": str(window.end),
            "step": str(window.step),
        }
        async with self._turns:
            body = await self._client.get(f"{self._url}/api/v1/query_range", query)
        return await asyncio.to_thread(_points, body)


def _points(body: bytes) -> list[Point]:
    try:
        answer = _RangeAnswer.model_validate_json(body)
        pairs = [(int(time), float(text)) for series in answer.data.result[:1] for time, text in series.values]
    except (ValidationError, ValueError) as error:
        raise RemoteError("answered something else than a matrix of numbers") from error
    return [(time, value) for time, value in pairs if math.isfinite(value)]
