"""`/docs`: the OpenAPI document as one page for a person; no script, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

from exporter.web.answer import HTML
from exporter.web.api.render import STABLE_SECONDS
from exporter.web.landing import POLICY, STYLE
from exporter.web.packed import Packed

_TEMPLATE: Final = Template(files("exporter.web.api").joinpath("docs.html").read_text(encoding="utf-8"))
_BOUNDS: Final = (
    ("exclusiveMinimum", "above {}"), ("minimum", "at least {}"), ("maximum", "at most {}"),
    ("maxItems", "at most {} items"), ("default", "by default {}"),
)  # fmt: skip
_CODE: Final = re.compile(r"`([^`]+)`")


def docs_page(document: Mapping[str, Any]) -> Packed:
    operations = [(path, item["get"]) for path, item in document["paths"].items()]
    text = _TEMPLATE.substitute(
        style=STYLE,
        version=escape(document["info"]["version"]),
        contents="\n".join(_link(one["operationId"], path) for path, one in operations),
        operations="\n".join(_operation(path, one) for path, one in operations),
        schemas="\n".join(_model(name, schema) for name, schema in document["components"]["schemas"].items()),
    )
    return Packed(text.encode(), HTML, STABLE_SECONDS, POLICY)


def _link(anchor: str, text: str) -> str:
    return f'<li><a href="#{escape(anchor)}">{escape(text)}</a></li>'


def _operation(path: str, one: Mapping[str, Any]) -> str:
    name = escape(one["operationId"])
    parameters = [
        (given["name"], _type(given["schema"]), given["description"], _example(given))
        for given in one["parameters"]
        if given["in"] == "query"
    ]
    answers = [
        (code, _content(answer.get("content", {})), ", ".join(answer.get("headers", ())), answer["description"])
        for code, answer in one["responses"].items()
    ]
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}"><code>GET {escape(path)}</code></h2>\n'
        f"<p>{_words(one['summary'])}</p>\n"
        f"{_table('Query parameters', ('Name', 'Type', 'Meaning', 'Example'), parameters)}"
        f"{_table('Answers', ('Status', 'Body', 'Headers', 'Meaning'), answers)}</section>"
    )


def _content(content: Mapping[str, Any]) -> str:
    return " or ".join(f"{_type(one['schema'])} ({kind})" for kind, one in content.items()) or "none"


def _model(name: str, schema: Mapping[str, Any]) -> str:
    rows = [
        (field, _type(declared), declared.get("description", ""))
        for field, declared in schema.get("properties", {}).items()
    ]
    text = f"<p>{_words(schema['description'])}</p>\n" if "description" in schema else ""
    return f'<h3 id="{escape(name)}">{escape(name)}</h3>\n{text}{_table(name, ("Field", "Type", "Meaning"), rows)}'


def _table(caption: str, heads: Iterable[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "\n".join(f"<tr>{''.join(f'<td>{_words(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<table class="stacked"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table>\n"
    )


def _words(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _example(parameter: Mapping[str, Any]) -> str:
    """As it stands in a query."""
    given = parameter.get("example", [])
    values = given if isinstance(given, list) else [given]
    return "&".join(f"{parameter['name']}={value}" for value in values)


def _type(schema: Mapping[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"])) + _bounds(schema)
    if "const" in schema:
        return str(schema["const"])
    return _plain(schema) + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    return "".join(f", {words.format(schema[key])}" for key, words in _BOUNDS if schema.get(key, []) != [])


def _plain(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("type", "any"))
    if "prefixItems" in schema:
        return f"pair of {' and '.join(map(_type, schema['prefixItems']))}"
    if kind == "array":
        return f"array of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(inner := schema.get("additionalProperties"), Mapping):
        return f"object of {_type(inner)}"
    return kind
