import gzip
from collections.abc import Callable

import pytest
import zstandard
from multidict import CIMultiDict

from exporter.web.answer import Ask
from exporter.web.packed import SMALL, Packed

BODY = b"x" * SMALL
WHOLE = Packed(BODY, "application/json", 5)
PLAIN_TAG = WHOLE.answer(Ask("GET", "/")).headers["ETag"]
GZIP_TAG = WHOLE.answer(Ask("GET", "/", headers={"Accept-Encoding": "gzip"})).headers["ETag"]
ZSTD_TAG = WHOLE.answer(Ask("GET", "/", headers={"Accept-Encoding": "zstd"})).headers["ETag"]

UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "zstd": zstandard.decompress,
}


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("", None), ("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("identity", None), ("*", "zstd"),
        ("gzip, zstd", "zstd"),
    ],
)  # fmt: skip
def test_the_body_comes_packed_for_those_who_take_it(accepts: str, encoding: str | None) -> None:
    answer = WHOLE.answer(Ask("GET", "/", headers={"Accept-Encoding": accepts}))
    assert answer.headers.get("Content-Encoding") == encoding
    assert UNPACK[encoding](answer.body) == BODY
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == "max-age=5"


@pytest.mark.parametrize("accepts", ["gzip", "zstd"])
def test_a_small_body_is_not_worth_packing(accepts: str) -> None:
    answer = Packed(BODY[1:], "application/json", 5).answer(Ask("GET", "/", headers={"Accept-Encoding": accepts}))
    assert "Content-Encoding" not in answer.headers
    assert answer.body == BODY[1:]


@pytest.mark.parametrize(
    ("known", "unchanged"),
    [
        (PLAIN_TAG, True),
        (GZIP_TAG, True),
        (ZSTD_TAG, True),
        (f"W/{PLAIN_TAG}", True),
        (f'"other", {GZIP_TAG}', True),
        ("*", True),
        ('"other"', False),
        (PLAIN_TAG.strip('"'), False),
        ("", False),
        (",,,", False),
    ],
)
def test_who_has_it_already_gets_no_body(known: str, unchanged: bool) -> None:
    answer = WHOLE.answer(Ask("GET", "/", headers={"If-None-Match": known}))
    assert answer.status == (304 if unchanged else 200)
    assert (answer.body == b"") is unchanged
    assert answer.headers["ETag"] == PLAIN_TAG
    assert "Content-Encoding" not in answer.headers


def test_tags_may_come_in_several_lines() -> None:
    headers = CIMultiDict([("If-None-Match", '"other"'), ("If-None-Match", PLAIN_TAG)])
    assert WHOLE.answer(Ask("GET", "/", headers=headers)).status == 304


def test_another_body_has_another_tag() -> None:
    other = Packed(BODY + b"y", "application/json", 5).answer(Ask("GET", "/"))
    assert len({PLAIN_TAG, GZIP_TAG, ZSTD_TAG, other.headers["ETag"]}) == 4
