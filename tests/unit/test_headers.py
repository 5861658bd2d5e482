"""What response headers say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from exporter.collection import headers

NOW = 1_790_000_000.0
DATE = "Mon, 21 Sep 2026 14:13:20 GMT"  # NOW


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (DATE, NOW),
        ("Mon, 21 Sep 2026 14:13:20", NOW),
        ("Monday, 21-Sep-26 14:13:20 GMT", NOW),
        ("Mon Sep 21 14:13:20 2026", NOW),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_in_every_form_http_has_known(text: str | None, want: float | None) -> None:
    assert headers.http_date(text) == want


@pytest.mark.parametrize("text", ['"v1"', 'W/"v1"', DATE])
def test_a_validator_is_kept_as_it_came(text: str) -> None:
    assert headers.validator(text) == text


@pytest.mark.parametrize("text", [None, "", '"\udce9"', '"\u00e9"', "a\tb", "a\x00"])
def test_a_validator_that_could_not_be_sent_back_is_none(text: str | None) -> None:
    assert headers.validator(text) is None


@pytest.mark.parametrize(
    ("stated", "want"),
    [
        ({}, None),
        ({"Retry-After": "63768"}, 63768),
        ({"Retry-After": " 5 "}, 5),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "999999999"}, 86400),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": DATE}, 100),
        ({"Retry-After": DATE, "Date": "Mon, 21 Sep 2026 14:13:10 GMT"}, 10),
        ({"Retry-After": DATE, "Date": "Mon, 21 Sep 2026 15:00:00 GMT"}, 0),
    ],
)
def test_how_long_to_wait(stated: Mapping[str, str], want: float | None) -> None:
    assert headers.retry_after(stated, NOW - 100) == want


@pytest.mark.parametrize(
    ("stated", "want"),
    [
        ({}, None),
        ({"Cache-Control": "public, max-age=120"}, 120),
        ({"Cache-Control": 'MAX-AGE="60"'}, 60),
        ({"Cache-Control": "max-age=x"}, None),
        ({"Cache-Control": "no-cache, max-age=60"}, None),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": "max-age=5", "Expires": DATE, "Date": "Mon, 21 Sep 2026 14:00:00 GMT"}, 5),
        ({"Expires": DATE, "Date": "Mon, 21 Sep 2026 14:13:00 GMT"}, 20),
        ({"Expires": "0", "Date": DATE}, None),
        ({"Expires": DATE}, None),
        ({"Expires": "Mon, 21 Sep 2026 14:00:00 GMT", "Date": DATE}, 0),
    ],
)
def test_how_long_a_response_stays_good(stated: Mapping[str, str], want: float | None) -> None:
    assert headers.lifetime(stated) == want


@pytest.mark.parametrize(
    ("content_type", "wanted", "want"),
    [
        (None, "application/json", True),
        ("application/json; charset=utf-8", "application/json", True),
        ("application/problem+json", "application/json", True),
        ("text/plain", "application/json", True),
        ("application/octet-stream", "application/json", True),
        ("binary/octet-stream", "application/json", True),
        ("application/rss+xml", "application/rss+xml", True),
        ("text/html; charset=utf-8", "application/json", False),
        ("application/xhtml+xml", "application/json", False),
        ("text/html", "text/html", True),
        ("image/png", "application/json", False),
    ],
)
def test_which_content_types_may_be_data(content_type: str | None, wanted: str, want: bool) -> None:
    stated = {} if content_type is None else {"Content-Type": content_type}
    assert headers.acceptable(stated, wanted) is want


@pytest.mark.parametrize(
    ("content_type", "body", "want"),
    [
        (None, b"\xef\xbb\xbf{}", b"{}"),
        ("application/json", b"\xef\xbb\xbf{}", b"{}"),
        ("text/plain; charset=iso-8859-1", b"\xe9", b"\xc3\xa9"),
        ("text/plain; charset=UTF-16LE", "é".encode("utf-16-le"), b"\xc3\xa9"),
        ("text/xml; charset=iso-8859-1", b"\xe9", b"\xe9"),
    ],
)
def test_bodies_become_utf_8_unless_they_are_xml(content_type: str | None, body: bytes, want: bytes) -> None:
    stated = {} if content_type is None else {"Content-Type": content_type}
    assert headers.as_utf8(body, stated) == want


def test_a_charset_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(LookupError, match="martian"):
        headers.as_utf8(b"x", {"Content-Type": "text/plain; charset=martian"})


def test_a_body_that_does_not_fit_its_charset_is_an_error() -> None:
    with pytest.raises(UnicodeError):
        headers.as_utf8(b"\xff\xff\xff", {"Content-Type": "text/plain; charset=utf-16le"})
