"""What an incident of the network does to the world, as a pure function of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from simulator.clock import DAY
from simulator.fees import Curve

COLLAPSE_LEFT = 0.5
_COLLAPSE_LEAD = 15 * DAY  # at half the pace 1008 blocks, the longest estimate, take 14
_FEES_LEAD = DAY
_MAJORITY_LEAD = 10 * DAY
_LIGHTNING_LEAD = 2 * DAY
REORG_DEPTH = 3

_SPIKE_LEVEL, _SPIKE_DEPTH = 45.0, 2.5
_FLOOD_LEVEL, _FLOOD_DEPTH, _FLOOD_FLOOR = 4.0, 9.0, 3.0
EXODUS_LEFT = 0.55


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks come at a fraction of their pace after `start`, and seem to have done so for `lead` seconds before it.

    The tip does not move when it begins: earlier blocks seem to lie further back instead.
    """

    start: float = inf
    pace: float = 1.0
    lead: float = 0.0

    def real_time(self, chain_time: float) -> float:
        if chain_time >= self.start:
            return self.start + (chain_time - self.start) / self.pace
        if chain_time >= self.start - self.lead * self.pace:
            return self.start - (self.start - chain_time) / self.pace
        return chain_time - self.lead * (1 - self.pace)

    def chain_time(self, real_time: float) -> float:
        if real_time >= self.start - self.lead:
            return self.start + (real_time - self.start) * self.pace
        return real_time + self.lead * (1 - self.pace)


@dataclass(frozen=True, slots=True)
class Reorg:
    """The blocks first..last were replaced at `time`; `visible` while the incident runs."""

    first: int
    last: int
    time: float
    visible: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """All incidents that show at one moment. An onset is when it seems to have begun."""

    stretch: Stretch = Stretch()
    spike_onset: float = inf
    flood_onset: float = inf
    majority_onset: float | None = None
    lightning_onset: float = inf
    reorgs: tuple[Reorg, ...] = ()

    @property
    def fees_onset(self) -> float | None:
        onset = min(self.spike_onset, self.flood_onset)
        return None if onset == inf else onset

    @property
    def fees_factor(self) -> float:
        return _SPIKE_LEVEL if self.spike_onset < inf else _FLOOD_LEVEL

    def crowd(self, curve: Curve, time: float) -> Curve:
        if time >= self.flood_onset:
            floor = _FLOOD_FLOOR
            level = max(curve.level * _FLOOD_LEVEL, 3 * floor)
            curve = Curve(level, curve.depth * _FLOOD_DEPTH, floor)
        if time >= self.spike_onset:
            curve = replace(curve, level=curve.level * _SPIKE_LEVEL, depth=curve.depth * _SPIKE_DEPTH)
        return curve

    def branch(self, height: int, before: int | None = None) -> int:
        """Which of the competing blocks of this height is in the best chain, or was before reorg number `before`."""
        return sum(reorg.first <= height <= reorg.last for reorg in self.reorgs[:before])

    def lightning(self, day: int) -> float:
        """Share of the network that is left at a midnight."""
        return EXODUS_LEFT if day >= self.lightning_onset else 1.0


NONE = Effects()


def collapse(start: float) -> Stretch:
    return Stretch(start, COLLAPSE_LEFT, _COLLAPSE_LEAD)


def fees_onset(start: float) -> float:
    return start - _FEES_LEAD


def majority_onset(start: float) -> float:
    return start - _MAJORITY_LEAD


def lightning_onset(start: float) -> float:
    return start - _LIGHTNING_LEAD
