import gzip

import pytest

from exporter.web.answer import Ask
from exporter.web.packed import SMALL, Packed

BODY = b"x" * SMALL
WHOLE = Packed(BODY, "application/json", 5)
PLAIN_TAG = WHOLE.answer(Ask("GET", "/")).headers["ETag"]
GZIP_TAG = WHOLE.answer(Ask("GET", "/", headers={"Accept-Encoding": "gzip"})).headers["ETag"]


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [("", False), ("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("identity", False), ("*", True)],
)
def test_gzip_for_those_who_take_it(accepts: str, packed: bool) -> None:
    answer = WHOLE.answer(Ask("GET", "/", headers={"Accept-Encoding": accepts}))
    assert (answer.headers.get("Content-Encoding") == "gzip") is packed
    assert (gzip.decompress(answer.body) if packed else answer.body) == BODY
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == "max-age=5"


def test_a_small_body_is_not_worth_packing() -> None:
    answer = Packed(BODY[1:], "application/json", 5).answer(Ask("GET", "/", headers={"Accept-Encoding": "gzip"}))
    assert "Content-Encoding" not in answer.headers
    assert answer.body == BODY[1:]


@pytest.mark.parametrize(
    ("known", "unchanged"),
    [
        (PLAIN_TAG, True),
        (GZIP_TAG, True),
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


def test_another_body_has_another_tag() -> None:
    other = Packed(BODY + b"y", "application/json", 5).answer(Ask("GET", "/"))
    assert len({PLAIN_TAG, GZIP_TAG, other.headers["ETag"]}) == 3
