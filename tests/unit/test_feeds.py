from __future__ import annotations

import math

import pytest

from exporter.errors import BodyError, Reason
from exporter.feeds import DatedFeed, RfcTime, load
from exporter.payload import Notes, decode
from tests.unit.sources.feeds import item, rss

NOW = 1_750_000_000.0


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Sun, 15 Jun 2025 15:06:40 +0000", NOW),
        ("Sun, 15 Jun 2025 15:06:40 GMT", NOW),
        ("Sun, 15 Jun 2025 15:06:40 -0000", NOW),
        ("Sun, 15 Jun 2025 17:06:40 +0200", NOW),
        ("15 Jun 2025 15:06:40 UT", NOW),
    ],
)
def test_dates_of_rfc_822(text: str, want: float) -> None:
    assert RfcTime().parse(text) == want


@pytest.mark.parametrize(
    "value", ["", "soon", "Sun, 15 Jun 2025 15:06:40", "2025-06-15T15:06:40Z", 1_750_000_000, None]
)
def test_what_is_no_date_of_rfc_822_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        RfcTime().parse(value)


def test_a_feed_becomes_its_title_and_its_items() -> None:
    loaded = load(rss([item("One", guid="a"), item("Two", NOW)], "The title").encode())
    assert loaded["title"] == "The title"
    assert [one["title"] for one in loaded["items"]] == ["One", "Two"]
    assert loaded["items"][0]["guid"] == "a"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"Unknown network. Available networks are: mainnet", id="plain text"),
        pytest.param(b"<html><body>429</body></html>", id="a page"),
        pytest.param(b"<rss><title>no channel</title></rss>", id="no channel"),
        pytest.param(b"<rss><channel><title>A & B</title></channel></rss>", id="an ampersand that is not escaped"),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><rss><channel>&c;</channel></rss>',
            id="entities that expand",
        ),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><rss><channel>&a;</channel></rss>', id="a file"
        ),
        pytest.param(b"<rss><channel><entry><title>x</title></entry></channel></rss>", id="items of another name"),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?><rss><channel/></rss>', id="an unknown encoding"),
    ],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(BodyError) as caught:
        load(body)
    assert caught.value.reason is Reason.FORMAT


@pytest.mark.parametrize(
    ("seconds", "titles"),
    [(60.0, ["now"]), (3600.0, ["now", "half an hour"]), (math.inf, ["now", "half an hour", "long ago"])],
)
def test_items_within_a_window_before_the_read(seconds: float, titles: list[str]) -> None:
    items = [item("now", NOW), item("half an hour", NOW - 1800), item("long ago", 1e9), item("next week", NOW + 1e6)]
    feed = decode(rss(items).encode(), DatedFeed, Notes(), load)
    assert [one.title for one in feed.within(seconds, NOW)] == titles
