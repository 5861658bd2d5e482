"""Heads that are kept to be known again: so many, and none that is long."""

from __future__ import annotations

import pytest
from aiohttp import HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from exporter.web.repeated import LONGEST_HEAD, MOST_HEADS, Heads

MESSAGE = RawRequestMessage(
    "GET", "/metrics", HttpVersion11, CIMultiDictProxy(CIMultiDict()), (), False, None, False, False, URL("/metrics")
)


def test_so_many_heads_are_known_and_one_more_pushes_out_the_longest_unused() -> None:
    heads = Heads()
    for number in range(MOST_HEADS):
        heads.learn(b"%d" % number, MESSAGE)
    assert heads.find(b"0")
    heads.learn(b"one more", MESSAGE)
    assert heads.find(b"0")
    assert not heads.find(b"1")
    assert heads.find(b"one more")


@pytest.mark.parametrize(("size", "known"), [(LONGEST_HEAD, True), (LONGEST_HEAD + 1, False)])
def test_a_long_head_is_not_kept(size: int, known: bool) -> None:
    heads = Heads()
    heads.learn(b"x" * size, MESSAGE)
    assert bool(heads.find(b"x" * size)) is known
