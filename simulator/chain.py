"""The chain as a Poisson process: when each block arrives, under which difficulty."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp, floor

from simulator.clock import DAY, YEAR
from simulator.dice import Dice, Waves

EPOCH = 2016
SPACING = 600
FIRST_HEIGHT = 356 * EPOCH
FIRST_TIME = 1_641_600_000.0  # 2022-01-08
FIRST_DAY = 1_641_686_400  # the midnight after
GENESIS_TIME = 1_231_006_505
GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
HASHES_PER_DIFFICULTY = 2**32

_DIFFICULTY_1_TARGET = 0xFFFF << 208
_START_HASHRATE = 3.8e20
_HASHRATE_GROWTH = 0.195  # a year, logarithmic
_STEPS_PER_RATE = 36  # blocks for which one evaluation of the hash rate is good enough
_COMPACT_SIGN = 0x800000
# Seconds that a header's clock may stand before or after the arrival, and how often it does.
_HEADER_EARLY, _HEADER_LATE, _HEADER_USUAL = 80.0, 25.0, 12.0
_AHEAD_SHARE, _EARLY_SHARE = 0.02, 0.2


def compact_bits(difficulty: float) -> int:
    """Target of this difficulty in the 32-bit form of block headers."""
    target = int(_DIFFICULTY_1_TARGET / difficulty)
    size = (target.bit_length() + 7) // 8
    mantissa = target >> (8 * (size - 3))
    if mantissa & _COMPACT_SIGN:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def difficulty_of(bits: int) -> float:
    return _DIFFICULTY_1_TARGET / ((bits & 0x7FFFFF) << (8 * ((bits >> 24) - 3)))


def subsidy(height: int) -> int:
    """Satoshi of new coins in the block of this height."""
    return 5_000_000_000 >> (height // 210_000)


def supply(height: int) -> int:
    """Satoshi issued up to and including this height."""
    halvings, rest = divmod(height + 1, 210_000)
    return sum(210_000 * (5_000_000_000 >> era) for era in range(halvings)) + rest * (5_000_000_000 >> halvings)


@dataclass(slots=True)
class Chain:
    """Grows by whole difficulty epochs as later times are asked for; what is there never changes."""

    arrivals_dice: Dice
    header_dice: Dice
    hashrate_waves: Waves
    _arrivals: array[float] = field(default_factory=lambda: array("d"))
    _bits: list[int] = field(default_factory=list)
    _work: list[float] = field(default_factory=lambda: [0.0])

    @classmethod
    def of(cls, seed: int) -> Chain:
        waves = Waves.of(seed, "hashrate", {90 * DAY: 0.012, 20 * DAY: 0.008})
        return cls(Dice.named(seed, "arrivals"), Dice.named(seed, "headers"), waves)

    def hashrate(self, time: float) -> float:
        """True hashes per second, which nobody can see."""
        return _START_HASHRATE * exp(_HASHRATE_GROWTH * (time - FIRST_TIME) / YEAR + self.hashrate_waves.at(time))

    def height_at(self, time: float) -> int:
        """Height of the newest block that has arrived."""
        if time < FIRST_TIME:
            return floor((time - GENESIS_TIME) * FIRST_HEIGHT / (FIRST_TIME - GENESIS_TIME))
        while not self._arrivals or self._arrivals[-1] <= time:
            self._grow()
        return FIRST_HEIGHT + bisect_right(self._arrivals, time) - 1

    def arrival(self, height: int) -> float:
        if height < FIRST_HEIGHT:
            return GENESIS_TIME + height * (FIRST_TIME - GENESIS_TIME) / FIRST_HEIGHT
        return self._arrivals[height - FIRST_HEIGHT]

    def header_offset(self, height: int) -> float:
        """Seconds by which the miner's clock differs from the arrival: mostly a little early, sometimes ahead."""
        if height < FIRST_HEIGHT:
            return 0.0
        draw, size = self.header_dice.uniform(height), self.header_dice.uniform(height, 1)
        if draw < _AHEAD_SHARE:
            return _HEADER_LATE * size
        return -(_HEADER_EARLY if draw < _EARLY_SHARE else _HEADER_USUAL) * size

    def bits(self, height: int) -> int:
        return self._bits[max(0, height - FIRST_HEIGHT) // EPOCH]

    def difficulty(self, height: int) -> float:
        return difficulty_of(self.bits(height))

    def work(self, height: int) -> float:
        """Difficulty added up over the blocks below this height, counted from the first simulated one."""
        epoch, rest = divmod(max(0, height - FIRST_HEIGHT), EPOCH)
        return self._work[epoch] + (rest * difficulty_of(self._bits[epoch]) if rest else 0.0)

    def _grow(self) -> None:
        epoch = len(self._bits)
        bits = self._next_bits(epoch)
        time = self._arrivals[-1] if self._arrivals else FIRST_TIME
        work = difficulty_of(bits) * HASHES_PER_DIFFICULTY
        mean = 0.0
        for step, draw in enumerate(self.arrivals_dice.exponentials(EPOCH, epoch)):
            if step % _STEPS_PER_RATE == 0:
                mean = work / self.hashrate(time)
            if self._arrivals:
                time += mean * draw
            self._arrivals.append(time)
        self._bits.append(bits)
        self._work.append(self._work[-1] + EPOCH * difficulty_of(bits))

    def _next_bits(self, epoch: int) -> int:
        if not epoch:
            return compact_bits(self.hashrate(FIRST_TIME) * SPACING / HASHES_PER_DIFFICULTY)
        last = FIRST_HEIGHT + epoch * EPOCH - 1
        first = last - EPOCH + 1
        headers = [self.arrival(height) + self.header_offset(height) for height in (first, last)]
        span = min(max(headers[1] - headers[0], EPOCH * SPACING / 4), EPOCH * SPACING * 4)
        return compact_bits(difficulty_of(self._bits[epoch - 1]) * EPOCH * SPACING / span)
