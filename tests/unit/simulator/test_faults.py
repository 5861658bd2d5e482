from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.answers.answer import Answer, encode
from simulator.faults import drifted, garbage, rate_limited, unavailable
from simulator.view import World
from tests.unit.simulator.endpoints import ALL, ask

OBJECT = {"count": 3, "vsize": 4, "total_fee": 5.5, "fee_histogram": [[1.0, 4]]}


def _body(payload: object) -> Answer:
    return Answer(encode(payload))


def _told(answer: Answer) -> Any:
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("source", "content_type", "words"),
    [
        ("mempool_space", "text/html", b"429 Too Many Requests"),
        ("coingecko", "application/json", b'"error_code":429'),
        ("bitnodes", "application/json", b"Expected available in 63768 seconds."),
        ("blockchain_com", "text/html", b"Too Many"),
    ],
)
def test_too_many_requests_in_the_words_of_each_api(source: str, content_type: str, words: bytes) -> None:
    answer = rate_limited(source, 63_768)
    assert answer.status == 429
    assert answer.content_type.startswith(content_type)
    assert words in answer.body
    assert answer.headers == {"Retry-After": "63768"}
    assert rate_limited(source, 0).headers == {}


@pytest.mark.parametrize(
    ("source", "path", "how", "status", "content_type"),
    [
        ("mempool_space", "/api/v1/difficulty-adjustment", "503", 503, "application/json"),
        ("mempool_space", "/api/v1/fees/recommended", "503", 503, "text/plain"),
        ("coingecko", "/api/v3/simple/price", "502", 502, "text/html"),
    ],
)
def test_an_outage_may_answer_as_the_api_does(source: str, path: str, how: str, status: int, content_type: str) -> None:
    answer = unavailable(source, path, how)
    assert answer.status == status
    assert answer.content_type.startswith(content_type)


def test_garbage_is_html_or_cut_off_or_of_wrong_types_always_under_200() -> None:
    assert garbage(_body(OBJECT), "/", "html").body.startswith(b"<!DOCTYPE html>")
    with pytest.raises(json.JSONDecodeError):
        json.loads(garbage(_body(OBJECT), "/", "truncated").body)
    confused = _told(garbage(_body(OBJECT), "/", "types"))
    assert confused.keys() == OBJECT.keys()
    assert not any(isinstance(value, int | float) for value in confused.values())
    assert {garbage(_body(OBJECT), path, None).status for path in ("/a", "/b", "/c", "/d")} == {200}


@pytest.mark.parametrize("place", ALL)
def test_garbage_of_any_form_changes_every_answer(world: World, place: tuple[str, str]) -> None:
    answer = ask(world, *place)
    if len(answer.body) > 2:
        assert all(garbage(answer, place[1], form).body != answer.body for form in ("html", "truncated", "types", None))


def test_a_drifted_object_has_one_field_renamed_one_null_one_new() -> None:
    told = _told(drifted(_body(OBJECT), "/api/mempool"))
    gone = OBJECT.keys() - told.keys()
    assert len(gone) == 1
    assert told.keys() - OBJECT.keys() == {f"{gone.pop()}_v2", "schema_revision"}
    assert sum(value is None for value in told.values()) == 1
    assert told["fee_histogram"] == OBJECT["fee_histogram"]


def test_drift_reaches_the_rows_of_lists_and_the_inside_of_wrappers() -> None:
    rows = _told(drifted(_body([{"added": 1, "count": 2}, {"added": 3, "count": 4}]), "/x"))
    assert all("schema_revision" in row for row in rows)
    wrapped = _told(drifted(_body({"bitcoin": {"usd": 1, "last_updated_at": 2}}), "/x"))
    assert "schema_revision" in wrapped["bitcoin"]


def test_drift_reaches_feeds_and_bare_numbers() -> None:
    feed = drifted(Answer(b"<item>\n<pubDate>now</pubDate></item>", "application/rss+xml"), "/x").body
    assert feed == b"<item>\n      <state>new</state>\n<dc:pubDate>now</dc:pubDate></item>"
    assert drifted(Answer(b"970000", "text/plain"), "/x").body == b'{"height":970000}'
