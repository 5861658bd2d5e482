"""Repeatable chance: every number depends on the seed and its keys only, never on what was asked before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor, log

_MASK = (1 << 64) - 1
_SCALE = 2.0**-53
_ROOT_3 = 3**0.5


def quarters(bits: int) -> tuple[float, float, float, float]:
    """Four uniform numbers of 16 bits each, cut from 64."""
    return (bits & 0xFFFF) / 65536, (bits >> 16 & 0xFFFF) / 65536, (bits >> 32 & 0xFFFF) / 65536, (bits >> 48) / 65536


@dataclass(frozen=True, slots=True)
class Dice:
    base: int

    @classmethod
    def named(cls, seed: int, name: str) -> Dice:
        return cls(int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "big"))

    def bits(self, *keys: int) -> int:
        """64 bits, by the finaliser of splitmix64."""
        state = self.base
        for key in keys:
            state = (state + (key + 1) * 0x9E3779B97F4A7C15) & _MASK
            state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
            state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
            state ^= state >> 31
        return state

    def uniform(self, *keys: int) -> float:
        return (self.bits(*keys) >> 11) * _SCALE

    def normal(self, *keys: int) -> float:
        """Mean 0, deviation 1, never beyond 3.5: four sixteen-bit slices added up."""
        return (sum(quarters(self.bits(*keys))) - 2) * _ROOT_3

    def sequence(self, count: int, *keys: int) -> Iterator[int]:
        """Many draws of 64 bits at once, several times faster than one by one."""
        state = self.bits(*keys)
        for _ in range(count):
            state = (state + 0x9E3779B97F4A7C15) & _MASK
            mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
            yield mixed ^ (mixed >> 31)

    def exponentials(self, count: int, *keys: int) -> Iterator[float]:
        """Waiting times of mean 1."""
        return (-log(1 - (bits >> 11) * _SCALE) for bits in self.sequence(count, *keys))

    def digits(self, count: int, *keys: int) -> str:
        """Lower-case hexadecimal digits."""
        return "".join(f"{self.bits(*keys, part):016x}" for part in range(-(-count // 16)))[:count]


@dataclass(frozen=True, slots=True)
class Wave:
    """Smooth noise of mean 0 and deviation of about 1 that wanders within `period` seconds."""

    dice: Dice
    period: float
    _points: dict[int, float] = field(default_factory=dict)

    def at(self, time: float) -> float:
        place = time / self.period
        left = floor(place)
        part = place - left
        ease = part * part * (3 - 2 * part)
        return self._point(left) * (1 - ease) + self._point(left + 1) * ease

    def _point(self, number: int) -> float:
        value = self._points.get(number)
        if value is None:
            value = self._points[number] = self.dice.normal(number)
        return value


@dataclass(frozen=True, slots=True)
class Waves:
    parts: tuple[tuple[float, Wave], ...]

    @classmethod
    def of(cls, seed: int, name: str, amplitudes: dict[float, float]) -> Waves:
        """`amplitudes` maps a period in seconds to the deviation of that part."""
        waves = {period: Wave(Dice.named(seed, f"{name}/{period}"), period) for period in amplitudes}
        return cls(tuple((size, waves[period]) for period, size in amplitudes.items()))

    def at(self, time: float) -> float:
        return sum(size * wave.at(time) for size, wave in self.parts)
