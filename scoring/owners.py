"""Who runs which mining pool: public facts, so that two tags of one owner count as one.

Keys are the slugs of mempool.space's pool list and the older spellings of archives. A pool without an entry is its own
owner. Ownership counts, not investment: a minority stake does not merge two pools. Shared payout addresses and shared
block templates are not evidence of ownership and are not used.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "unknown"
LATEST: Final = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Ownership:
    """`since` and `until` in Unix seconds; `until` is the first moment that no longer counts."""

    owner: str
    pools: tuple[str, ...]
    source: str
    since: float = -math.inf
    until: float = math.inf


# 500.com announced on 2021-04-15 that it had closed the purchase of BTC.com's pool business from Bitmain.
BTC_COM_SOLD: Final = 1618444800.0

OWNERSHIPS: Final = (
    Ownership(
        "bitmain", ("antpool", "connectbtc"), "Bitmain's listing application at HKEX, 2018-09-26, names its pools"
    ),
    Ownership("bitmain", ("btccom",), "Bitmain's listing application at HKEX, 2018-09-26", until=BTC_COM_SOLD),
    Ownership("bitmining", ("btccom",), "500.com (BIT Mining), report on Form 6-K, April 2021", since=BTC_COM_SOLD),
    Ownership("braiins", ("braiinspool", "slushpool"), "Slush Pool renamed itself Braiins Pool in September 2022"),
    Ownership("1thash-58coin", ("1thash", "58coin"), "one pool under the joint tag 1THash&58COIN"),
    Ownership("bw", ("bwcom", "bwpool"), "two spellings of BW.COM"),
    Ownership("canoe", ("canoe", "canoepool"), "two spellings of one pool"),
    Ownership("dcexploration", ("dcex", "dcexploration"), "two spellings of one pool"),
)


def owner_of(pool: str, when: float = LATEST) -> str:
    """The owner at `when` (Unix seconds); without it, the latest one known."""
    for entry in OWNERSHIPS:
        if pool in entry.pools and entry.since <= when < entry.until:
            return entry.owner
    return pool


def by_owner(blocks: Mapping[str, float], when: float = LATEST) -> tuple[dict[str, float], float]:
    """Blocks by owner, and apart from them the blocks whose finder is unknown."""
    merged: dict[str, float] = {}
    for pool, count in blocks.items():
        if pool != UNKNOWN:
            owner = owner_of(pool, when)
            merged[owner] = merged.get(owner, 0.0) + count
    return merged, blocks.get(UNKNOWN, 0.0)
