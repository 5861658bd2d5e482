"""Lists of rows, which are the long bodies: read with pauses, so that nothing else waits for the whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from json import JSONDecoder
from typing import Any, Final, get_origin

from exporter.payload import Notes, adapter_of, decode
from exporter.slices import Slices

# Rows validated in one go, in about a millisecond.
_TOGETHER: Final = 32
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = JSONDecoder()
# Either half of a pair, as JSON may write it; bytes searched in one go, in about half a millisecond.
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LOOKED_AT: Final = 512 << 10


def is_rows(payload: Any) -> bool:
    return get_origin(payload) is list


def decode_rows(body: bytes, payload: Any, notes: Notes) -> Slices[list[Any]]:
    """As `decode` for a list, with pauses."""
    read: list[Any] = []
    own = Notes()
    # This decoder takes halves of surrogate pairs for text, which has no encoding; the other one refuses them.
    if not (yield from _has_halves(body)):
        try:
            rows = _rows(body.decode())
            while part := list(islice(rows, _TOGETHER)):
                read += adapter_of(payload).validate_python(part, context=own)
                yield
        except (ValueError, RecursionError):
            read.clear()
        else:
            notes.rejected += own.rejected
            notes.unknown |= own.unknown
            return read
    # In one go, which says what is wrong and where.
    return list(decode(body, payload, notes))


def _has_halves(body: bytes) -> Slices[bool]:
    for start in range(0, len(body), _LOOKED_AT):
        if _HALF.search(body, start, start + _LOOKED_AT + 5):
            return True
        yield
    return False


def _rows(text: str) -> Iterator[Any]:
    """Raises ValueError where the text is no JSON list."""
    at = _after_space(text, 0)
    mark, at = text[at : at + 1], _after_space(text, at + 1)
    if mark == "[" and text[at : at + 1] == "]":
        mark, at = "]", _after_space(text, at + 1)
    elif mark == "[":
        mark = ","
    while mark == ",":
        row, at = _DECODER.raw_decode(text, at)
        yield row
        at = _after_space(text, at)
        mark, at = text[at : at + 1], _after_space(text, at + 1)
    if mark != "]" or at < len(text):
        raise ValueError(text[:40])


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
