"""Pools of one owner count as one, and only while they had that owner."""

from __future__ import annotations

import pytest

from scoring.owners import BTC_COM_SOLD, OWNERSHIPS, by_owner, owner_of


@pytest.mark.parametrize(
    ("pool", "when", "want"),
    [
        pytest.param("antpool", None, "bitmain", id="a pool with an owner"),
        pytest.param("f2pool", None, "f2pool", id="a pool without an entry owns itself"),
        pytest.param("btccom", BTC_COM_SOLD - 1, "bitmain", id="before the sale"),
        pytest.param("btccom", BTC_COM_SOLD, "bitmining", id="from the sale on"),
        pytest.param("btccom", None, "bitmining", id="now"),
        pytest.param("slushpool", None, "braiins", id="an older name"),
    ],
)
def test_owner(pool: str, when: float | None, want: str) -> None:
    assert (owner_of(pool) if when is None else owner_of(pool, when)) == want


def test_blocks_are_merged_and_unknown_ones_kept_apart() -> None:
    blocks = {"antpool": 10.0, "btccom": 5.0, "unknown": 3.0, "f2pool": 7.0}
    assert by_owner(blocks, BTC_COM_SOLD - 1) == ({"bitmain": 15.0, "f2pool": 7.0}, 3.0)
    assert by_owner({"f2pool": 7.0}) == ({"f2pool": 7.0}, 0.0)


def test_every_ownership_names_its_source_and_no_pool_has_two_owners_at_once() -> None:
    for entry in OWNERSHIPS:
        assert len(entry.source.split()) > 3
        for moment in (entry.since, entry.until):
            owners = [other.owner for other in OWNERSHIPS if entry.pools[0] in other.pools]
            current = [
                other.owner
                for other in OWNERSHIPS
                if entry.pools[0] in other.pools and other.since <= moment < other.until
            ]
            assert len(current) <= 1, owners
