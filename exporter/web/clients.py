"""Whose request it is, behind proxies that are trusted and behind none."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# How a peer is called that has no address.
UNIX_SOCKET: Final = ""

# What one subscriber of IPv6 has at least; counting single addresses would count nothing.
IPV6_PREFIX: Final = 64


def client_of(peer: str | None, forwarded_for: str, trusted: Sequence[Network]) -> str | None:
    """The last address in X-Forwarded-For that no trusted proxy wrote about another trusted proxy.

    Anything that is not an address ends the search: what stands left of it was written by nobody we know.
    """
    address = address_of(peer or "")
    if address is None or not trusted or not _within(address, trusted):
        return peer
    for text in reversed(forwarded_for.split(",") if forwarded_for else ()):
        found = address_of(text.strip())
        if found is None:
            break
        address = found
        if not _within(address, trusted):
            break
    return str(address)


@lru_cache(maxsize=1_024)
def counted_as(client: str | None) -> str:
    """The key under which a client's requests are counted; clients of a Unix socket are one."""
    address = address_of(client or "")
    if address is None:
        return "unknown" if client is None else "local"
    if address.version == 6:  # noqa: PLR2004 - the protocol's name
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def address_of(text: str) -> Address | None:
    """With or without a port; IPv4 written as IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
