"""An answer that is given again is put together once a second, and never under the headers of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exporter.web.answer import PLAIN, Answer
from exporter.web.repeated import MOST_ANSWERS, Wire

ALWAYS: Mapping[str, str] = {"X-Frame-Options": "DENY"}
ANSWER = Answer(b"body", PLAIN, headers={"ETag": '"1"'}, again=True)
NOW = 1_790_000_000.0


def test_the_whole_answer_is_made_with_its_date() -> None:
    assert Wire(lambda: NOW).of(ANSWER, ALWAYS).decode().split("\r\n") == [
        "HTTP/1.1 200 OK",
        "X-Frame-Options: DENY",
        'ETag: "1"',
        f"Content-Type: {PLAIN}",
        "Server: btc-health",
        "Content-Length: 4",
        "Date: Mon, 21 Sep 2026 14:13:20 GMT",
        "",
        "body",
    ]


def test_it_is_the_same_object_within_a_second_and_a_new_one_after_it() -> None:
    now = NOW
    wire = Wire(lambda: now)
    first = wire.of(ANSWER, ALWAYS)
    now += 0.9
    assert wire.of(ANSWER, ALWAYS) is first
    now += 0.1
    assert b"14:13:21 GMT" in wire.of(ANSWER, ALWAYS)


def test_another_answer_and_other_headers_make_other_bytes() -> None:
    wire = Wire(lambda: NOW)
    first = wire.of(ANSWER, ALWAYS)
    assert wire.of(replace(ANSWER, body=b"other"), ALWAYS).endswith(b"\r\n\r\nother")
    assert b"nosniff" in wire.of(ANSWER, {"X-Content-Type-Options": "nosniff"})
    assert wire.of(ANSWER, ALWAYS) == first


def test_what_is_given_once_is_not_remembered_and_what_is_remembered_is_bounded() -> None:
    wire = Wire(lambda: NOW)
    once = replace(ANSWER, again=False)
    assert wire.of(once, ALWAYS) is not wire.of(once, ALWAYS)
    many = [replace(ANSWER, body=b"%d" % number) for number in range(MOST_ANSWERS + 1)]
    made = [wire.of(one, ALWAYS) for one in many]
    assert [wire.of(one, ALWAYS) is before for one, before in zip(many, made, strict=True)] == [
        *([True] * MOST_ANSWERS),
        False,
    ]
    assert wire.of(many[-1], ALWAYS) == made[-1]
