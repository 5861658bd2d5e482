"""RSS 2.0 to Python, then to typed items. Entities are refused: a feed is text from strangers."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from exporter.errors import BodyError, Reason
from exporter.payload import Field, Part, Payload, Text

_SKEW: Final = 7200.0
ACCEPT: Final = "application/rss+xml, application/xml;q=0.9, text/xml;q=0.9"


# Elements of a channel that hold others (RSS 2.0).
_WITH_PARTS: Final = frozenset({"item", "image", "textInput", "skipHours", "skipDays"})


class RfcTime(Field):
    """Unix seconds from the date of RFC 822 with a zone, as pubDate has it."""

    def parse(self, value: Any) -> float:
        if not isinstance(value, str):
            raise ValueError(value)  # noqa: TRY004 - one exception for every refusal
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None and value.rstrip().endswith("-0000"):
            # Universal time of a writer who does not tell where it is; Ruby writes it so.
            moment = moment.replace(tzinfo=UTC)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment.timestamp()


class Item(Payload):
    title: Annotated[str | None, Text(longest=500)] = None

    UNUSED = frozenset({"description", "guid", "link", "pubDate"})


class DatedItem(Item):
    pubDate: Annotated[float | None, RfcTime()] = None  # noqa: N815 - the feed's own name, which the label `field` shows


class Feed(Payload):
    """Items as they are now: those of fork-observer have no date."""

    title: Annotated[str | None, Text(required=False)] = None
    items: Annotated[list[Annotated[Item | None, Part()]] | None, Part()] = None


class DatedFeed(Payload):
    """A history: items stay, and only their dates tell which are of interest."""

    title: Annotated[str | None, Text(required=False)] = None
    items: Annotated[list[Annotated[DatedItem | None, Part()]] | None, Part()] = None

    def within(self, seconds: float, read_at: float) -> list[DatedItem]:
        """The items of the last `seconds` before `read_at`, clocks forgiven two hours.

        Raises BodyError where no item has a readable date: none within the window would be a lie.
        """
        items = [item for item in self.items or [] if item]
        dated = [item for item in items if item.pubDate is not None]
        if items and not dated:
            raise BodyError(Reason.FORMAT, f"pubDate: none of {len(items)} items has a readable date")
        return [item for item in dated if read_at - seconds < (item.pubDate or 0.0) <= read_at + _SKEW]


def load(body: bytes) -> dict[str, Any]:
    """Channel title and items as `Feed` expects them. Raises BodyError where it is no well-formed RSS."""
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BodyError(Reason.FORMAT, f"not well-formed XML ({error}): {body[:80]!r}") from error
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        raise BodyError(Reason.FORMAT, f"expected an RSS feed with a channel, got <{root.tag}>: {body[:80]!r}")
    if strange := [child.tag for child in channel if len(child) and child.tag not in _WITH_PARTS]:
        # Items under another name would read as a quiet day.
        raise BodyError(Reason.FORMAT, f"expected items in the channel, got <{strange[0]}>")
    return {"title": channel.findtext("title"), "items": [_item(item) for item in channel.findall("item")]}


def _item(item: Element) -> dict[str, str]:
    return {child.tag: (child.text or "").strip() for child in item}
