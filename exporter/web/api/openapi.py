"""`/openapi.json`: OpenAPI 3.1 from the models that check queries and bodies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from exporter.web.api.explain_models import Explanation
from exporter.web.api.method_models import Methodology, Problem
from exporter.web.api.models import ScoreLatest, TimeSeries
from exporter.web.api.queries import ExplainQuery, NoQuery, Query, TimeseriesQuery
from exporter.web.api.source_models import HealthReport, Sources

REFERENCE: Final = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET; HEAD answers the same without a body. `name` is also the name of its rate limit."""

    path: str
    name: str
    summary: str
    body: type[BaseModel]
    query: type[Query] = NoQuery
    refusals: tuple[int, ...] = (400, 401, 403, 405, 413, 429, 503)
    cached: bool = True


OPERATIONS: Final = (
    Operation(
        "/api/v2/score/latest", "score_latest",
        "The newest score with its pillars, indicators, metrics and alerts.", ScoreLatest,
    ),
    Operation(
        "/api/v2/score/timeseries", "score_timeseries",
        "One series of a score or a metric with its statistics.", TimeSeries, TimeseriesQuery,
    ),
    Operation(
        "/api/v2/score/explain", "score_explain",
        "What lost points, what changed since a time, what is missing.", Explanation, ExplainQuery,
    ),
    Operation("/api/v2/sources", "sources", "How fresh each source is and what failed last.", Sources),
    Operation("/api/v2/methodology", "methodology", "The method in force.", Methodology),
    Operation(
        "/health", "health", "In what state the exporter is; 503 while it knows nothing.", HealthReport,
        refusals=(401, 403, 405, 413, 429, 503), cached=False,
    ),
)  # fmt: skip

_SAYS: Final = {
    400: "A parameter is wrong; `detail` names it and says what was expected.",
    401: "A user and password of the web configuration file are needed.",
    403: "The client certificate or the origin is not allowed.",
    405: "Another method; `Allow` says which.",
    413: "No page reads a body.",
    429: "Too many requests from one client; `Retry-After` says how long to wait.",
    503: "Not now: too many requests at one time, or history is out of reach.",
}


_HEADERS: Final[Mapping[int, tuple[str, ...]]] = {
    200: ("ETag", "Cache-Control"), 304: ("ETag", "Cache-Control"), 405: ("Allow",), 429: ("Retry-After",),
    401: ("WWW-Authenticate",), 503: ("Retry-After",),
}  # fmt: skip
_HEADER_SAYS: Final = {
    "ETag": "Names this body in this encoding; send it as `If-None-Match`.",
    "Cache-Control": "`max-age`: for how many seconds the body may be used unasked.",
    "Allow": "Methods of the page.",
    "Retry-After": "Seconds to wait.",
    "WWW-Authenticate": "How to say who asks.",
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an earlier answer: 304 without a body while it is still right.",
    "schema": {"type": "string"},
    "example": '"0123456789abcdef01234567"',
}


def document(version: str) -> dict[str, Any]:
    models: tuple[type[BaseModel], ...] = (*(one.body for one in OPERATIONS), Problem)
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bitcoin Health Scorecard",
            "version": version,
            "summary": "Health of the Bitcoin network from 0 to 100, and what it is made of.",
            "description": "Times are Unix seconds. A value that is not known is null, never 0.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        # Relative to where this document is, whatever a proxy before it takes off the path.
        "servers": [{"url": "."}],
        "paths": {one.path: {"get": _operation(one)} for one in OPERATIONS},
        # Open to everybody unless the web configuration file names users.
        "security": [{}, {"user": []}],
        "components": {
            "securitySchemes": {"user": {"type": "http", "scheme": "basic"}},
            "schemas": schemas["$defs"],
            "headers": {
                name: {"description": text, "required": name != "Retry-After", "schema": {"type": "string"}}
                for name, text in _HEADER_SAYS.items()
            },
        },
    }


def as_bytes(described: dict[str, Any]) -> bytes:
    return json.dumps(described, separators=(",", ":")).encode()


def _operation(one: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": _answer("The answer.", "application/json", one.body.__name__)}
    if one.cached:
        responses["200"]["headers"] = _headers(200)
        responses["304"] = {
            "description": "What `If-None-Match` names is still the answer.", "headers": _headers(304)
        }  # fmt: skip
    for code in one.refusals:
        responses[str(code)] = _answer(_SAYS[code], "application/problem+json", "Problem") | _told(code)
    if one.name == "health":
        responses["503"]["content"]["application/json"] = _schema(one.body.__name__)
    return {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*_parameters(one.query), *([_IF_NONE_MATCH] if one.cached else [])],
        "responses": responses,
    }


def _told(code: int) -> dict[str, Any]:
    return {"headers": _headers(code)} if code in _HEADERS else {}


def _headers(code: int) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS[code]}


def _answer(text: str, content_type: str, model: str) -> dict[str, Any]:
    return {"description": text, "content": {content_type: _schema(model)}}


def _schema(model: str) -> dict[str, Any]:
    return {"schema": {"$ref": REFERENCE.format(model=model)}}


def _parameters(query: type[Query]) -> Iterator[dict[str, Any]]:
    properties: dict[str, Any] = query.model_json_schema().get("properties", {})
    for name, declared in properties.items():
        schema = {key: value for key, value in declared.items() if key not in ("title", "description", "examples")}
        yield {
            "name": name,
            "in": "query",
            "required": False,
            "description": declared.get("description", ""),
            "schema": _never_null(schema),
            **({"example": declared["examples"][0]} if "examples" in declared else {}),
        }


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """In a query a parameter is left out rather than null."""
    options: Iterable[dict[str, Any]] = schema.pop("anyOf", ())
    for option in options:
        if option.get("type") != "null":
            schema |= option
    if schema.get("default", "") is None:
        del schema["default"]
    return schema
