"""Ways in which a source's answer can be wrong, each a pure change of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from zlib import crc32

from simulator.answers.answer import HTML, JSON, Answer, as_text, encode, failure

_GARBAGE_FORMS = ("html", "truncated", "types")

_MEMPOOL_429 = b"""<html>
<head><title>429 Too Many Requests</title></head>
<body>
<center><h1>429 Too Many Requests</h1></center>
<center><h2>Sign Up for Mempool Enterprise to get increased API limits</h2></center>
</body>
</html>
"""
_MAINTENANCE = (
    b"<!DOCTYPE html>\n<html><head><title>Checking your browser</title></head><body>One moment.</body></html>\n"
)
_BAD_GATEWAY = b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>502 Bad Gateway</h1></body>\n</html>\n"


def rate_limited(source: str, retry_after: int) -> Answer:
    """HTTP 429 as this API words it; without Retry-After if the seconds are 0."""
    match source:
        case "mempool_space":
            answer = Answer(_MEMPOOL_429, HTML, 429)
        case "coingecko":
            message = "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing."
            answer = failure(429, {"status": {"error_code": 429, "error_message": message}})
        case "bitnodes":
            answer = failure(429, {"detail": f"Request was throttled. Expected available in {retry_after} seconds."})
        case _:
            answer = Answer(b"<html><body><h1>429 Too Many Requests</h1></body></html>\n", HTML, 429)
    return replace(answer, headers={"Retry-After": str(retry_after)}) if retry_after else answer


def unavailable(source: str, path: str, how: str) -> Answer:
    if how == "502":
        return Answer(_BAD_GATEWAY, HTML, 502)
    if source == "mempool_space" and not path.startswith("/api/v1/fees/"):
        return failure(503, {"error": "Service Temporarily Unavailable"})
    return as_text("Service Unavailable", 503)


def garbage(answer: Answer, path: str, form: str | None) -> Answer:
    form = form or _GARBAGE_FORMS[crc32(path.encode()) % len(_GARBAGE_FORMS)]
    match form:
        case "html":
            return Answer(_MAINTENANCE, "text/html; charset=utf-8")
        case "truncated":
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        case _:
            return replace(answer, body=_wrong_types(answer))


def _wrong_types(answer: Answer) -> bytes:
    if answer.content_type != JSON:
        return b'{"unexpected":[]}'
    return encode(_confused(json.loads(answer.body)))


def _confused(value: object) -> object:
    """Objects become lists, numbers become words, words become numbers."""
    match value:
        case dict():
            return {key: _confused(inner) for key, inner in value.items()} if value else []
        case list():
            return [_confused(inner) for inner in value] or {}
        case bool() | None:
            return "n/a"
        case int() | float():
            return {"value": "n/a"}
        case _:
            return [[]]


def drifted(answer: Answer, path: str) -> Answer:
    """The next version of the API that nobody announced."""
    if answer.content_type != JSON:
        return replace(answer, body=_drifted_text(answer.body))
    return replace(answer, body=encode(_drifted_value(json.loads(answer.body), crc32(path.encode()))))


def _drifted_text(body: bytes) -> bytes:
    if body.isdigit():
        return b'{"height":%s}' % body
    return re.sub(rb"(</?)(pubDate|guid)\b", rb"\1dc:\2", body).replace(b"<item>", b"<item>\n      <state>new</state>")


def _drifted_value(value: object, choice: int) -> object:
    if isinstance(value, list):
        return [_drifted_value(inner, choice) for inner in value]
    if not isinstance(value, dict):
        return value
    return _drifted_object(value, choice)


def _drifted_object(value: Mapping[str, object], choice: int) -> dict[str, object]:
    """The innermost object with plain fields drifts; objects that only hold others are passed through."""
    plain = [key for key, inner in value.items() if not isinstance(inner, dict | list)]
    if len(plain) < 2:  # noqa: PLR2004 - one field cannot be both renamed and null
        return {key: _drifted_value(inner, choice) for key, inner in value.items()}
    renamed, emptied = plain[choice % len(plain)], plain[(choice + 1) % len(plain)]
    drifted_fields = {f"{key}_v2" if key == renamed else key: inner for key, inner in value.items()}
    return drifted_fields | {emptied: None, "schema_revision": 2}
