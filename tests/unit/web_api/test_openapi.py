"""The OpenAPI document by itself; tests/integration/api hold answers against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from exporter.web.answer import HTML, Ask
from exporter.web.api.docs import docs_page
from exporter.web.api.openapi import as_bytes, document

DOCUMENT: Final = json.loads(as_bytes(document("1.2.3")))
OPERATIONS: Final = {path: item["get"] for path, item in DOCUMENT["paths"].items()}
SCHEMAS: Final = DOCUMENT["components"]["schemas"]
FIELDS: Final = {
    f"{model}.{name}": declared
    for model, schema in SCHEMAS.items()
    for name, declared in schema.get("properties", {}).items()
}
PARAMETERS: Final = {
    f"{path} {one['name']}": one for path, operation in OPERATIONS.items() for one in operation["parameters"]
}
UNITS: Final = re.compile(
    r"[Ss]econds|in days|points|Points|[Nn]umber|[Ff]rom 0 to 1(00)?\b|unit|HTTP status|[Ss]mallest|[Ll]argest"
    r"|Sum of the values|stddev"
)


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(DOCUMENT)] == []
    broken = {**DOCUMENT, "info": {"title": "x"}}
    assert list(Draft202012Validator(OPENAPI_31).iter_errors(broken))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_body_is_json_schema_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", [*FIELDS, *PARAMETERS])
def test_every_field_and_parameter_is_described(name: str) -> None:
    text = {**FIELDS, **PARAMETERS}[name]["description"]
    assert re.fullmatch(r"[A-Z`].{3,}\.", text), text


def numbers(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") in ("number", "integer"):
            yield schema["type"]
        for one in schema.values():
            yield from numbers(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from numbers(one)


@pytest.mark.parametrize("name", [name for name, declared in (FIELDS | PARAMETERS).items() if [*numbers(declared)]])
def test_every_number_has_its_unit_in_words(name: str) -> None:
    assert UNITS.search((FIELDS | PARAMETERS)[name]["description"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_example_and_every_default_is_valid(name: str) -> None:
    given = PARAMETERS[name]
    for value in (given.get("example"), given["schema"].get("default")):
        if value is not None:
            Draft202012Validator(given["schema"]).validate(value)


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_refusal_is_a_problem_and_says_what_to_do_next(path: str) -> None:
    answers = OPERATIONS[path]["responses"]
    wanted = {"401", "403", "405", "413", "429", "503"} | ({"400", "304"} if path != "/health" else set())
    assert answers.keys() == wanted | {"200"}
    for code in wanted - {"304"}:
        problem = answers[code]["content"]["application/problem+json"]
        assert problem == {"schema": {"$ref": "#/components/schemas/Problem"}}
    told = {code: sorted(answer.get("headers", {})) for code, answer in answers.items()}
    assert (told["405"], told["429"], told["503"]) == (["Allow"], ["Retry-After"], ["Retry-After"])
    assert told["200"] == told.get("304", told["200"]) == ([] if path == "/health" else ["Cache-Control", "ETag"])


def test_references_lead_somewhere() -> None:
    for reference in re.findall(r'"#/components/(\w+)/([\w-]+)"', json.dumps(DOCUMENT)):
        assert reference[1] in DOCUMENT["components"][reference[0]]


def test_paths_are_relative_to_the_document_for_whoever_reads_it_through_a_proxy() -> None:
    assert DOCUMENT["servers"] == [{"url": "."}]


def test_the_page_shows_every_operation_field_and_answer_and_fetches_nothing() -> None:
    answer = docs_page(DOCUMENT).answer(Ask("GET", "/docs"))
    text = answer.body.decode()
    assert answer.content_type == HTML
    assert not re.search(r"https?://|<script|<link|<img|url\(|@import| on\w+=", text)
    for path, operation in OPERATIONS.items():
        assert f"GET {path}</code>" in text
        assert all(f"<td>{code}</td>" in text for code in operation["responses"])
    for name in FIELDS:
        assert f"<td>{name.partition('.')[2]}</td>" in text
    anchors = re.findall(r'href="#([^"]+)"', text)
    assert anchors
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert len(re.findall(r' id="([^"]+)"', text)) == len(set(re.findall(r' id="([^"]+)"', text)))


def test_the_page_can_be_read_on_a_phone_and_says_what_happens_without_a_parameter() -> None:
    text = docs_page(DOCUMENT).answer(Ask("GET", "/docs")).body.decode()
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert re.findall("<table[^>]*>", text) == ['<table class="stacked">'] * text.count("<table")
    assert "@media (max-width: 40rem)" in text
    assert "<td>number, above 0, at most 3660, by default 30</td>" in text
    assert "<td>overall or pillar or indicator or metric, by default overall</td>" in text
    assert "<td>array of string, at most 10 items</td>" in text
    assert "<td>label=window:24h</td>" in text
    assert "`" not in text
