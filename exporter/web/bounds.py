"""What one server takes from its clients, and what it says to those who send more or something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aiohttp.http_exceptions import BadHttpMessage, BadHttpMethod, LineTooLong

from exporter.web.answer import Answer, problem

# In the parser's message: the start line begins with a method as RFC 9110 writes one, which it does not know.
_METHOD: Final = re.compile(r"b['\"][!#$%&*+.^`|~\w-]+ /")

# Its words for more header fields than allowed.
_TOO_MANY: Final = "Too many headers received"
# Ours.
TOO_LARGE: Final = "too large a head"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one server takes from its clients. `max_requests` at one time, 0: any number.

    In bytes: the start line, one header field, what has come of a head that is not complete, and all of those together
    with requests in line behind an answer that is not read. In seconds: from the first byte of a head, or from
    connecting, to its end; an idle connection; the rest of a body nobody reads; an answer being read.
    """

    max_requests: int = 40
    connections: int = 16_384
    line: int = 8_190
    field: int = 8_190
    fields: int = 128
    head_bytes: int = 64 << 10
    unfinished_bytes: int = 16 << 20
    head: float = 10.0
    idle: float = 75.0
    body: float = 1.0
    reading: float = 30.0


def refusal(exc: BaseException | None, bounds: Bounds) -> Answer:
    """Of a head that aiohttp's parser, or ours of whole heads, could not take."""
    if isinstance(exc, LineTooLong):
        return problem(
            431, f"request: expected a start line of at most {bounds.line} bytes and header fields of {bounds.field}"
        )
    if isinstance(exc, BadHttpMessage) and exc.message == _TOO_MANY:
        return problem(431, f"request: expected at most {bounds.fields} header fields")
    if isinstance(exc, BadHttpMessage) and exc.message == TOO_LARGE:
        return problem(431, f"request: expected a head of at most {bounds.head_bytes} bytes")
    if isinstance(exc, BadHttpMethod) and _METHOD.search(exc.message):
        return problem(405, "method: expected GET or HEAD", {"Allow": "GET, HEAD"})
    return problem(400, "request: expected HTTP/1.1 with a Host header")
