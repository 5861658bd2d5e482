"""Writes RSS as the two fork watchers do."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate


def rss(items: Sequence[str], title: str = "A feed") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{title}</title><description>Some text.</description><link>https://watcher.example/?a=1?b=2</link>"
        '<atom:link href="https://watcher.example/feed" rel="self" type="application/rss+xml"/>'
        f"<lastBuildDate>2025-06-15T15:06:40Z</lastBuildDate>{''.join(items)}</channel></rss>"
    )


def item(title: str, time: float | None = None, *, date: str | None = None, guid: str = "1") -> str:
    """`time` in Unix seconds, or `date` as it stands; without either there is no date."""
    stated = formatdate(time) if time is not None else date
    dated = f"<pubDate>{stated}</pubDate>" if stated is not None else ""
    return (
        f"<item><title>{title}</title><description>Text.</description>{dated}<link>x</link><guid>{guid}</guid></item>"
    )
