"""Spans of time and the forms in which the sources write moments."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

MINUTE = 60
HOUR = 3600
DAY = 86_400
WEEK = 7 * DAY
YEAR = 365 * DAY


def midnight(time: float) -> int:
    """Start of the UTC day."""
    return int(time // DAY) * DAY


def iso_seconds(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def rfc822(time: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(time), UTC))


def http_date(time: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(time), UTC), usegmt=True)
