"""An answer before it meets HTTP, and the table of paths that leads to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.view import View

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"
HTML = "text/html"
CSV = "text/csv"

_JAVASCRIPT_EXPONENT = 1e21  # from here on JavaScript writes numbers with an exponent


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    revalidates: bool = False  # carries an ETag and answers If-None-Match


Handler = Callable[[View, Mapping[str, str], Mapping[str, str]], Answer]


def javascript(value: float) -> int | float:
    """The number as JavaScript would write it: integers without a fraction, shortest digits below 1e21."""
    if isinstance(value, int) or not value.is_integer() or abs(value) >= _JAVASCRIPT_EXPONENT:
        return value
    return int(Decimal(repr(value)))


def encode(payload: object) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def as_json(payload: object, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(encode(payload), headers=headers or {})


def as_text(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), TEXT, status)


def failure(status: int, payload: object) -> Answer:
    return Answer(encode(payload), JSON, status)


@dataclass(slots=True)
class Routes:
    """Paths of one API; a part in braces matches up to the next slash and is handed over by name."""

    _table: list[tuple[re.Pattern[str], Handler]] = field(default_factory=list)

    def __call__(self, pattern: str) -> Callable[[Handler], Handler]:
        parts = re.split(r"\{(\w+)\}", pattern)
        literal = [re.escape(part) if place % 2 == 0 else f"(?P<{part}>[^/]+)" for place, part in enumerate(parts)]

        def register(handler: Handler) -> Handler:
            self._table.append((re.compile("".join(literal)), handler))
            return handler

        return register

    def find(self, path: str) -> tuple[Handler, Mapping[str, str]] | None:
        for pattern, handler in self._table:
            if match := pattern.fullmatch(path):
                return handler, match.groupdict()
        return None
