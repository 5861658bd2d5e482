"""What is inside each block: pool, fees, transactions, sizes."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import accumulate

from simulator.chain import EPOCH, FIRST_HEIGHT, Chain
from simulator.dice import Dice, quarters
from simulator.fees import FeeMarket
from simulator.pools import pool_at

_EMPTY_SHARE = 0.003
_STALE_SHARE = 1 / 4_000
_FULL_WEIGHT = 3_993_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a run of blocks."""

    blocks: int = 0
    fees: int = 0  # satoshi
    transactions: int = 0
    size: int = 0  # bytes
    weight: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.blocks + other.blocks,
            self.fees + other.fees,
            self.transactions + other.transactions,
            self.size + other.size,
            self.weight + other.weight,
        )


@dataclass(slots=True)
class _Epoch:
    """Columns of one difficulty epoch, and their running sums."""

    pools: bytearray
    fees: array[int]
    transactions: array[int]
    sizes: array[int]
    weights: array[int]
    sums: tuple[array[int], ...]

    @classmethod
    def of(cls, pools: bytearray, columns: tuple[array[int], array[int], array[int], array[int]]) -> _Epoch:
        return cls(pools, *columns, tuple(array("q", accumulate(column, initial=0)) for column in columns))

    def totals(self, start: int, stop: int) -> Totals:
        return Totals(stop - start, *(column[stop] - column[start] for column in self.sums))


@dataclass(slots=True)
class Ledger:
    """Contents of blocks, filled one difficulty epoch at a time and kept."""

    chain: Chain
    market: FeeMarket
    dice: Dice
    _epochs: dict[int, _Epoch] = field(default_factory=dict)
    _stale: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, chain: Chain, market: FeeMarket) -> Ledger:
        return cls(chain, market, Dice.named(seed, "blocks"))

    def pool(self, height: int) -> int:
        """Index into POOLS."""
        epoch, place = self._locate(height)
        return epoch.pools[place]

    def totals(self, start: int, stop: int) -> Totals:
        """Sums over the heights from `start` up to but without `stop`."""
        total = Totals()
        while start < stop:
            epoch, place = self._locate(start)
            count = min(stop - start, EPOCH - place)
            total += epoch.totals(place, place + count)
            start += count
        return total

    def transactions(self, height: int) -> int:
        epoch, place = self._locate(height)
        return epoch.transactions[place]

    def stale_heights(self, heights: range) -> list[int]:
        """Heights at which a second block was found and lost."""
        epochs = range(heights.start // EPOCH, heights.stop // EPOCH + 1)
        return [height for epoch in epochs for height in self._stale_of(epoch) if height in heights]

    def match_rate(self, height: int) -> float:
        """Percent of the expected template found in the block."""
        return round(100 - 1.6 * self.dice.uniform(height, 8) ** 3, 2)

    def fee_delta(self, height: int) -> float:
        """(fees - expected) / expected, as the audit states it."""
        return round(-0.03 + 0.02 * self.dice.normal(height, 9), 8)

    def _stale_of(self, epoch: int) -> list[int]:
        if epoch not in self._stale:
            heights = range(epoch * EPOCH, (epoch + 1) * EPOCH)
            self._stale[epoch] = [height for height in heights if self.dice.uniform(height, 7) < _STALE_SHARE]
        return self._stale[epoch]

    def _locate(self, height: int) -> tuple[_Epoch, int]:
        number, place = divmod(max(height, FIRST_HEIGHT) - FIRST_HEIGHT, EPOCH)
        epoch = self._epochs.get(number)
        if epoch is None:
            epoch = self._epochs[number] = self._fill(FIRST_HEIGHT + number * EPOCH)
        return epoch, place

    def _fill(self, first: int) -> _Epoch:
        heights = range(first, first + EPOCH)
        pools = bytearray(pool_at(bits / 2**64) for bits in self.dice.sequence(EPOCH, first))
        noise = self.dice.sequence(EPOCH, first, 1)
        rows = [self._contents(height, quarters(bits)) for height, bits in zip(heights, noise, strict=True)]
        fees, transactions, sizes, weights = (array("q", column) for column in zip(*rows, strict=True))
        return _Epoch.of(pools, (fees, transactions, sizes, weights))

    def _contents(self, height: int, noise: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """Fees, transactions, size and weight; a few blocks hold nothing but their coinbase."""
        emptiness, luck, crowd, bulk = noise
        if emptiness < _EMPTY_SHARE:
            return 0, 1, 330, 1_212
        arrival = self.chain.arrival(height)
        gap = arrival - self.chain.arrival(height - 1)
        return (
            round(self.market.block_fees(arrival, gap) * (0.92 + 0.16 * luck)),
            int(2_600 + 1_700 * crowd + 700 * luck),
            int(1_480_000 + 320_000 * bulk),
            int(_FULL_WEIGHT - 1_400 * crowd),
        )
