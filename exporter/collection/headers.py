"""What response headers say about time, age and content; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

# The longest wait seen is 63,768 s (17.7 h), of a crawler with a daily quota; nothing may silence us for over a day.
RETRY_AFTER_CEILING: Final = 86400.0

_SECONDS = re.compile(r"\d{1,12}(\.\d+)?")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def http_date(text: str | None) -> float | None:
    """Unix seconds of an HTTP date; one without a zone is read as GMT, as the old formats meant it."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def seconds(text: str | None) -> float | None:
    """A non-negative number of seconds, or None."""
    stripped = (text or "").strip()
    return float(stripped) if _SECONDS.fullmatch(stripped) else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from either form of the header; a date is read on the server's own clock where it states one."""
    text = headers.get("Retry-After")
    wait = seconds(text)
    if wait is None and (moment := http_date(text)) is not None:
        wait = moment - (http_date(headers.get("Date")) or now)
    return None if wait is None else min(max(wait, 0.0), RETRY_AFTER_CEILING)


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Seconds for which the response stays good, counted from when it left the origin; None where it does not say."""
    directives = [part.strip().lower() for part in headers.get("Cache-Control", "").split(",")]
    if "no-store" in directives or "no-cache" in directives:
        return None
    for directive in directives:
        name, _, value = directive.partition("=")
        if name == "max-age":
            return seconds(value.strip('"'))
    expires, date = http_date(headers.get("Expires")), http_date(headers.get("Date"))
    return max(expires - date, 0.0) if expires is not None and date is not None else None


def validator(text: str | None) -> str | None:
    """What can be sent back as a condition; other bytes than a header should have could be kept nowhere either."""
    return text if text and text.isascii() and text.isprintable() else None


def _content_type(headers: Mapping[str, str]) -> Message | None:
    if "Content-Type" not in headers:
        return None
    message = Message()
    message["Content-Type"] = headers["Content-Type"]
    return message


def acceptable(headers: Mapping[str, str], wanted: str) -> bool:
    """Whether the stated content type may be what we asked for.

    APIs label JSON and feeds as almost anything; an HTML page (login, challenge, error under 200) is never data.
    """
    message = _content_type(headers)
    if message is None:
        return True
    stated = message.get_content_type()
    if "html" in stated:
        return "html" in wanted
    return message.get_content_maintype() in {"application", "text", "binary"}


def as_utf8(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body in UTF-8 without byte order mark; XML is left alone, it declares its own encoding.

    Raises LookupError or UnicodeError where the stated charset does not exist or does not fit.
    """
    message = _content_type(headers)
    if message is not None and "xml" in message.get_content_type():
        return body
    charset = message.get_content_charset("utf-8") if message is not None else "utf-8"
    if charset in {"utf-8", "utf8", "us-ascii"}:
        return body.removeprefix(_BYTE_ORDER_MARK)
    return body.decode(charset).encode()
