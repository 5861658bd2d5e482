"""The world at one moment, as incidents let it appear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from simulator.chain import FIRST_HEIGHT, FIRST_TIME, HASHES_PER_DIFFICULTY, Chain, supply
from simulator.clock import YEAR
from simulator.dice import Dice
from simulator.fees import Curve, FeeMarket
from simulator.headers import RUN, Header, Headers
from simulator.incidents import NONE, Effects
from simulator.ledger import Ledger, Totals
from simulator.lightning import Lightning
from simulator.market import Market
from simulator.nodes import Nodes
from simulator.pools import POOLS, Pool

EARLIEST = FIRST_TIME + YEAR
_MAJORITY_SHARE = 0.56
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """Everything that the seed decides."""

    seed: int
    chain: Chain
    fees: FeeMarket
    ledger: Ledger
    headers: Headers
    market: Market
    lightning: Lightning
    nodes: Nodes
    dice: Dice

    @classmethod
    def of(cls, seed: int, nodes: int = 25_000) -> World:
        """`nodes`: about how many reachable nodes a crawler finds."""
        chain, fees = Chain.of(seed), FeeMarket.of(seed)
        return cls(
            seed,
            chain,
            fees,
            Ledger.of(seed, chain, fees),
            Headers.of(seed, chain),
            Market.of(seed),
            Lightning.of(seed),
            Nodes.of(seed, nodes),
            Dice.named(seed, "world"),
        )

    def view(self, now: float, effects: Effects = NONE) -> View:
        if now < EARLIEST:
            raise ValueError(f"the simulated world starts at {int(EARLIEST)} (Unix time), asked for {now}")
        return View(self, now, effects)


@dataclass(frozen=True)
class View:
    world: World
    now: float
    effects: Effects

    @cached_property
    def tip(self) -> int:
        return self.height_at(self.now)

    def height_at(self, time: float) -> int:
        return self.world.chain.height_at(self.effects.stretch.chain_time(time))

    def arrival(self, height: int) -> float:
        return self.effects.stretch.real_time(self.world.chain.arrival(height))

    def header_time(self, height: int) -> int:
        return int(self.arrival(height) + self.world.chain.header_offset(height))

    def median_time(self, height: int) -> int:
        return sorted(self.header_time(before) for before in range(height - 10, height + 1))[5]

    def heights(self, start: float, stop: float) -> range:
        """Blocks that arrived after `start` and not after `stop`."""
        return range(max(FIRST_HEIGHT, self.height_at(start) + 1), self.height_at(stop) + 1)

    def last(self, seconds: float | None) -> range:
        """Blocks of the last so many seconds; None: all that are simulated."""
        return self.heights(FIRST_TIME if seconds is None else self.now - seconds, self.now)

    @cached_property
    def _headers(self) -> dict[int, Header]:
        return {}

    def header(self, height: int) -> Header:
        """Header of the best chain's block."""
        known, start = self._headers, height
        while start % RUN and start - 1 not in known:
            start -= 1
        for place in range(start, height + 1):
            previous = known[place - 1].hash if place % RUN else None
            known[place] = self.world.headers.at(place, self.effects.branch(place), previous)
        return known[height]

    def block_hash(self, height: int) -> str:
        return self.header(height).hash

    def difficulty(self, height: int) -> float:
        return self.world.chain.difficulty(height)

    def hashrate(self, heights: range, seconds: float) -> float:
        """Hashes per second that this much work in this time stands for."""
        chain = self.world.chain
        return (chain.work(heights.stop) - chain.work(heights.start)) * HASHES_PER_DIFFICULTY / seconds

    def hashrate_of_last(self, blocks: int) -> float:
        """As the node estimates it from the last so many blocks."""
        start = self.tip - blocks
        return self.hashrate(range(start, self.tip), self.arrival(self.tip) - self.arrival(start))

    def pool(self, height: int) -> Pool:
        return POOLS[self.pool_index(height)]

    def pool_index(self, height: int) -> int:
        onset = self.effects.majority_onset
        if onset is not None and height * _GOLDEN % 1 < _MAJORITY_SHARE and self.arrival(height) >= onset:
            return 0
        return self.world.ledger.pool(height)

    def totals(self, heights: range) -> Totals:
        ledger = self.world.ledger
        onset = self.effects.fees_onset
        if onset is None:
            return ledger.totals(heights.start, heights.stop)
        split = min(max(heights.start, self.height_at(onset) + 1), heights.stop)
        dear = ledger.totals(split, heights.stop)
        dear = replace(dear, fees=round(dear.fees * self.effects.fees_factor))
        return ledger.totals(heights.start, split) + dear

    def block(self, height: int) -> Totals:
        return self.totals(range(height, height + 1))

    def issued(self, heights: range) -> int:
        """Satoshi of new coins."""
        if not heights:
            return 0
        return supply(heights.stop - 1) - supply(heights.start - 1)

    def price(self, time: float | None = None) -> float:
        return self.world.market.price(self.now if time is None else time)

    def curve(self, time: float | None = None) -> Curve:
        """The mempool at a time."""
        time = self.now if time is None else time
        gap = time - self.arrival(self.height_at(time))
        return self.effects.crowd(self.world.fees.curve(time, gap), time)

    def natural_stale(self, heights: range) -> list[int]:
        """Heights at which two pools found a block at once, newest first."""
        return self.world.ledger.stale_heights(heights)[::-1]
