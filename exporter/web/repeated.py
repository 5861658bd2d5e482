"""Requests that come again byte for byte, as scrapers send them: parsed once, then answered without being parsed.

What aiohttp does for a request costs several times what it takes to find a page and write it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from cachetools import LRUCache

from exporter.web.answer import Answer, Ask

T = TypeVar("T")

MOST_HEADS: Final = 256
LONGEST_HEAD: Final = 2_048
# A parsed field takes some 500 bytes, however short it is.
MOST_FIELDS: Final = 32
# Pages that are answered at once, each in three encodings, and the two formats of the page of metrics.
MOST_ANSWERS: Final = 32
MOST_BYTES: Final = 16 << 20
HEAD_END: Final = b"\r\n\r\n"


class Heads:
    """Parsed heads by their bytes."""

    def __init__(self) -> None:
        self._known: LRUCache[bytes, Ask] = LRUCache(MOST_HEADS)

    def find(self, data: bytes) -> Ask | None:
        return self._known.get(data)

    def learn(self, data: bytes, message: RawRequestMessage) -> None:
        if len(data) <= LONGEST_HEAD and len(message.headers) <= MOST_FIELDS and _is_simple(message):
            url = message.url
            self._known[data] = Ask(message.method, url.path, url.raw_query_string, message.headers)


def _is_simple(message: RawRequestMessage) -> bool:
    """Whether nothing follows from the head but which page is wanted."""
    special = message.should_close or message.upgrade or message.chunked or "Expect" in message.headers
    return message.method == "GET" and message.version == HttpVersion11 and message.path[:1] == "/" and not special


def is_one_head(data: bytes) -> bool:
    return data.find(HEAD_END) == len(data) - len(HEAD_END)


def immediate(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for; one that waits all the same has RuntimeError thrown."""
    try:
        coroutine.send(None)
        coroutine.throw(RuntimeError("a page that is answered at once must not wait"))
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a page went on after its failure")


def headers_of(answer: Answer, always: Mapping[str, str]) -> Mapping[str, str]:
    """`always` go with every answer."""
    return {**always, **answer.headers, "Content-Type": answer.content_type, "Server": "btc-health"}


class Wire:
    """Answers as they go to the client, head and body in one piece; those that are given again, made once a second."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall, self._second, self._bytes = wall, 0, 0
        self._known: dict[int, tuple[Answer, Mapping[str, str], bytes]] = {}

    def of(self, answer: Answer, always: Mapping[str, str]) -> bytes:
        second = int(self._wall())
        if second != self._second:
            self._second = second
            self._known.clear()
            self._bytes = 0
        known = self._known.get(id(answer))
        if known is not None and known[0] is answer and known[1] is always:
            return known[2]
        made = b"".join((_start(answer, always), _date(second), answer.body))
        if answer.again and len(self._known) < MOST_ANSWERS and self._bytes + len(made) <= MOST_BYTES:
            self._known[id(answer)] = answer, always, made
            self._bytes += len(made)
        return made


def _start(answer: Answer, always: Mapping[str, str]) -> bytes:
    length = {} if answer.status == HTTPStatus.NOT_MODIFIED else {"Content-Length": str(len(answer.body))}
    lines = "".join([f"{name}: {text}\r\n" for name, text in {**headers_of(answer, always), **length}.items()])
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{lines}".encode()


def _date(second: int) -> bytes:
    return f"Date: {formatdate(second, usegmt=True)}\r\n\r\n".encode()
