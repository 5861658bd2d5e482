"""Branches that lost: what every observer of chain tips sees alike."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.clock import YEAR
from simulator.headers import RUN, Header
from simulator.pools import POOLS, Pool
from simulator.view import View

_NATURAL_BRANCH = 90
_HEADERS_ONLY_EVERY = 4


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of a branch. `blocks` are those that no other branch has, by height; none for the best chain."""

    height: int
    hash: str
    status: str
    blocks: dict[int, Header]
    time: float  # when observers noticed it

    @property
    def length(self) -> int:
        return len(self.blocks)

    @property
    def fork_height(self) -> int:
        """Height of the last block that the branch shares with the best chain."""
        return self.height - self.length


def tips(view: View) -> list[Tip]:
    """Newest first; the first one is the best chain's."""
    active = Tip(view.tip, view.block_hash(view.tip), "active", {}, view.arrival(view.tip))
    return [active, *stale_tips(view)]


def stale_tips(view: View) -> list[Tip]:
    """Branches of the last year, newest first."""
    found = [_natural(view, height) for height in view.natural_stale(view.last(YEAR))]
    found += [_replaced(view, number) for number, reorg in enumerate(view.effects.reorgs) if reorg.visible]
    return sorted(found, key=lambda tip: -tip.height)


def loser_pool(view: View, height: int) -> Pool:
    """Who found the stale block: never the one who found the block that stayed."""
    index = (view.pool_index(height) + 1 + view.world.dice.bits(height, 30) % 7) % len(POOLS)
    return POOLS[index]


def _natural(view: View, height: int) -> Tip:
    """Two blocks found within seconds of each other."""
    status = "headers-only" if view.world.dice.bits(height, 31) % _HEADERS_ONLY_EVERY == 0 else "valid-fork"
    loser = view.world.headers.at(height, _NATURAL_BRANCH, view.block_hash(height - 1))
    return Tip(height, loser.hash, status, {height: loser}, view.arrival(height) + 20)


def _replaced(view: View, number: int) -> Tip:
    """The blocks that stood in the best chain until a reorg."""
    reorg = view.effects.reorgs[number]
    blocks: dict[int, Header] = {}
    previous = view.block_hash(reorg.first - 1)
    for height in range(reorg.first, reorg.last + 1):
        branch = view.effects.branch(height, number)
        blocks[height] = view.world.headers.at(height, branch, previous if height % RUN else None)
        previous = blocks[height].hash
    return Tip(reorg.last, previous, "valid-fork", blocks, reorg.time)
