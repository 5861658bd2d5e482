"""Requests that come again byte for byte, as scrapers send them: parsed once, then answered without being parsed.

What aiohttp does for a request costs several times what it takes to find a page and write it.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aiohttp import HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from cachetools import LRUCache

from exporter.web.answer import Answer, Ask

T = TypeVar("T")

MOST_HEADS: Final = 1_024
LONGEST_HEAD: Final = 2_048
HEAD_END: Final = b"\r\n\r\n"


class Heads:
    """Parsed heads by their bytes."""

    def __init__(self) -> None:
        self._known: LRUCache[bytes, Ask] = LRUCache(MOST_HEADS)

    def find(self, data: bytes) -> Ask | None:
        return self._known.get(data)

    def learn(self, data: bytes, message: RawRequestMessage) -> None:
        if len(data) <= LONGEST_HEAD and _is_simple(message):
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


def head_of(answer: Answer, headers: Mapping[str, str]) -> bytes:
    """As aiohttp writes it."""
    length = {} if answer.status == HTTPStatus.NOT_MODIFIED else {"Content-Length": str(len(answer.body))}
    every = {**headers, **length, "Date": _date(int(time.time()))}
    lines = "\r\n".join([f"{name}: {text}" for name, text in every.items()])
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{lines}\r\n\r\n".encode()


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
