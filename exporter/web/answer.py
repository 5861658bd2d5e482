"""One request and one answer as values, so that a page is a function and the server underneath can change."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
PLAIN: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"

# Far more than any page understands; the rest of a longer query is a mistake or an attack.
MOST_PARAMETERS: Final = 100
LONGEST_ECHO: Final = 100


@dataclass(frozen=True, slots=True)
class Ask:
    """`headers` is case-insensitive; `user` has been authenticated.

    `remote` is the peer's address: empty for a Unix socket, None where the peer is gone already.
    `certificate` is the client's, where TLS asked for one. `length`: bytes that the client means to send.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    remote: str | None = None
    user: str | None = None
    certificate: Mapping[str, Any] | None = None
    length: int = 0

    def parameters(self) -> Mapping[str, list[str]]:
        """Raises Refusal for a query that no client of ours would send."""
        try:
            return parse_qs(self.query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        except ValueError as error:
            raise Refusal(400, f"query: expected at most {MOST_PARAMETERS} parameters") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """`kept`: whether it was made before it was asked for; None where answers are never kept.

    `again`: others get this very object, too.
    """

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: bool | None = None
    again: bool = False


Handler = Callable[[Ask], Awaitable[Answer]]


class Refusal(Exception):  # noqa: N818 - ends a handler early with an ordinary answer; nothing has failed
    """Becomes a problem document of this status."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def listed(headers: Mapping[str, str], name: str) -> str:
    """A header that was sent several times is one list (RFC 9110, 5.3)."""
    every = getattr(headers, "getall", None)
    return ", ".join(every(name, ())) if every else headers.get(name, "")


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """RFC 9457."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Answer(json.dumps(body).encode(), PROBLEM, status, headers or {})


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(value, allow_nan=False).encode(), JSON, status)


def plain(text: str, status: int = 200) -> Answer:
    return Answer(f"{text}\n".encode(), PLAIN, status)


def echo(text: str) -> str:
    """What a client sent, short enough to send back."""
    return repr(text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}...")
