"""Branches that lost: what every observer of chain tips sees alike."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.clock import YEAR
from simulator.pools import POOLS, Pool
from simulator.view import View

NATURAL_BRANCH = 90
_HEADERS_ONLY_EVERY = 4


@dataclass(frozen=True, slots=True)
class Tip:
    """The last block of a branch that has left the best chain `length` blocks before."""

    height: int
    hash: str
    length: int
    status: str
    branch: int
    time: float  # when observers noticed it

    @property
    def first_height(self) -> int:
        return self.height - self.length + 1


def tips(view: View) -> list[Tip]:
    """Newest first; the first one is the best chain's."""
    height, branch = view.tip, view.effects.branch(view.tip)
    active = Tip(height, view.block_hash(height), 0, "active", branch, view.arrival(height))
    return [active, *stale_tips(view)]


def stale_tips(view: View) -> list[Tip]:
    """Branches of the last year, newest first."""
    found = [_natural(view, height) for height in view.natural_stale(view.last(YEAR))]
    for number, reorg in enumerate(view.effects.reorgs):
        if reorg.visible:
            branch = view.effects.branch(reorg.last, number)
            loser = view.world.ledger.block_hash(reorg.last, branch)
            found.append(Tip(reorg.last, loser, reorg.length, "valid-fork", branch, reorg.time))
    return sorted(found, key=lambda tip: -tip.height)


def loser_pool(view: View, height: int) -> Pool:
    """Who found the stale block: never the one who found the block that stayed."""
    index = (view.pool_index(height) + 1 + view.world.dice.bits(height, 30) % 7) % len(POOLS)
    return POOLS[index]


def _natural(view: View, height: int) -> Tip:
    status = "headers-only" if view.world.dice.bits(height, 31) % _HEADERS_ONLY_EVERY == 0 else "valid-fork"
    loser = view.world.ledger.block_hash(height, NATURAL_BRANCH)
    return Tip(height, loser, 1, status, NATURAL_BRANCH, view.arrival(height) + 20)
