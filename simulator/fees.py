"""The fee market: a mempool as a curve of fee rate over depth, from which every source's view is cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, pi, sin

from simulator.clock import DAY, HOUR, WEEK
from simulator.dice import Waves

MEGA = 1_000_000
_SHAPE = 1.4
_OFFSET = 0.4  # million vB; keeps the rate at the very top finite
_HEAD: float = (1 + _OFFSET) ** _SHAPE
FLOOR = 0.1  # sat/vB that nodes ask for at least
_BLOCK_DEPTH = 0.998
_INFLOW = 1_650  # vB a second


@dataclass(frozen=True, slots=True)
class Curve:
    """Fee rates (sat/vB) by depth (million vB from the best-paying end)."""

    level: float  # rate at a depth of one million vB
    depth: float
    floor: float

    def rate(self, depth: float) -> float:
        bend: float = (depth + _OFFSET) ** -_SHAPE
        return self.floor + (self.level - self.floor) * _HEAD * bend

    def fees(self, start: float, stop: float) -> float:
        """Satoshi offered between two depths."""
        rest = 1 - _SHAPE
        drop: float = (start + _OFFSET) ** rest - (stop + _OFFSET) ** rest
        return MEGA * (self.floor * (stop - start) + (self.level - self.floor) * _HEAD / -rest * drop)

    def depth_above(self, rate: float) -> float:
        """Million vB that pay more than this rate."""
        if rate <= self.floor:
            return self.depth
        place: float = (_HEAD * (self.level - self.floor) / (rate - self.floor)) ** (1 / _SHAPE) - _OFFSET
        return min(max(place, 0.0), self.depth)

    @property
    def vsize(self) -> int:
        return round(self.depth * MEGA)


@dataclass(frozen=True, slots=True)
class FeeMarket:
    """Demand for block space, free of the chain and of incidents."""

    demand: Waves
    backlog: Waves
    _levels: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int) -> FeeMarket:
        return cls(
            Waves.of(seed, "fee demand", {21 * DAY: 0.18, 3 * DAY: 0.12, 5 * HOUR: 0.10}),
            Waves.of(seed, "backlog", {30 * DAY: 0.20, 4 * DAY: 0.10, 6 * HOUR: 0.04}),
        )

    def level(self, time: float) -> float:
        """Rate (sat/vB) one million vB deep in the mempool ten minutes after a block."""
        hour, part = int(time // HOUR), time % HOUR / HOUR
        return self._hourly_level(hour) * (1 - part) + self._hourly_level(hour + 1) * part

    def block_fees(self, time: float, gap: float) -> float:
        """Satoshi paid in a full block found `gap` seconds after the one before."""
        return Curve(self.level(time) * _crowd(gap), 1, FLOOR).fees(0, _BLOCK_DEPTH)

    def curve(self, time: float, gap: float) -> Curve:
        """The mempool `gap` seconds after the last block."""
        depth = 32 * exp(self.backlog.at(time)) + _INFLOW * min(gap, 2 * HOUR) / MEGA
        return Curve(self.level(time) * _crowd(gap), depth, FLOOR)

    def _hourly_level(self, hour: int) -> float:
        if hour not in self._levels:
            time = hour * HOUR
            day = 0.12 * sin(2 * pi * (time % DAY) / DAY - 2.2)
            week = -0.15 if (time + 3 * DAY) % WEEK >= 5 * DAY else 0.03
            self._levels[hour] = 1.7 * exp(self.demand.at(time) + day + week)
        return self._levels[hour]


def _crowd(gap: float) -> float:
    """Better-paying transactions pile up while no block comes."""
    return 0.85 + 0.15 * min(gap, HOUR) / 600
