"""How another network is recognised: a backend of testnet, signet or Liquid answers under the same paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.errors import BodyError, Reason
from exporter.spec import DAY, Sample, endpoint
from scoring.quantities import HASHES_PER_DIFFICULTY, TARGET_SPACING_SECONDS

GENESIS_HASH: Final = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"

# The main network passed this in 2014; test networks, where difficulty resets or coins are worthless, stay below.
LEAST_DIFFICULTY: Final = 1e9
LEAST_HASHRATE: Final = LEAST_DIFFICULTY * HASHES_PER_DIFFICULTY / TARGET_SPACING_SECONDS


def refuse_other_network(*, difficulty: float | None = None, hashrate: float | None = None) -> None:
    """Raise BodyError if a known value is too small for the main network."""
    if difficulty is not None and difficulty < LEAST_DIFFICULTY:
        raise BodyError(Reason.WRONG_NETWORK, f"difficulty {difficulty:g}, expected at least {LEAST_DIFFICULTY:g}")
    if hashrate is not None and hashrate < LEAST_HASHRATE:
        raise BodyError(Reason.WRONG_NETWORK, f"hash rate {hashrate:g} H/s, expected at least {LEAST_HASHRATE:g}")


@endpoint("/api/block-height/0", str, {}, interval=DAY, period=DAY, accept="text/plain")
def genesis(body: str) -> Iterator[Sample | None]:
    """Raise BodyError unless the first block is that of the main network; no samples."""
    found = body.strip().lower()
    if len(found) != len(GENESIS_HASH) or not set(found) <= set("0123456789abcdef"):
        raise BodyError(Reason.FORMAT, f"expected the hash of a block, got {body[:80]!r}")
    if found != GENESIS_HASH:
        raise BodyError(Reason.WRONG_NETWORK, f"first block {found}, expected {GENESIS_HASH}")
    yield from ()
