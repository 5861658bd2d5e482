"""The Lightning Network: one row a day, and the nodes at its top."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import exp

from simulator.clock import DAY
from simulator.dice import Dice, Waves
from simulator.places import COUNTRIES, Country

_CAPACITY = 4.2e11  # satoshi
_CHANNELS = 40_500
_NODES = {"tor": 8_200, "clearnet": 4_700, "unannounced": 2_050, "clearnet_tor": 1_680}
_TOP = 300
_TOP_SHARE = 0.85  # of all capacity, counted at both ends, that the top nodes hold
_LOCATED_SHARE, _CITY_SHARE = 0.7, 0.8
_NAMED = ("ACINQ", "bfx-lnd0", "Binance", "Kraken", "WalletOfSatoshi.com", "LNT.Thailand", "River Financial 1", "OKX")


@dataclass(frozen=True, slots=True)
class Day:
    """State of the network at a midnight."""

    time: int
    capacity: int  # satoshi, each channel once
    channels: int
    tor: int
    clearnet: int
    unannounced: int
    clearnet_tor: int
    average_fee_rate: int  # parts per million
    median_fee_rate: int
    average_base_fee: int  # thousandths of a satoshi
    median_base_fee: int
    median_capacity: int

    @property
    def nodes(self) -> int:
        return self.tor + self.clearnet + self.unannounced + self.clearnet_tor


@dataclass(frozen=True, slots=True)
class LightningNode:
    public_key: str
    alias: str
    capacity_share: float  # of the capacity counted at both ends
    channel_share: float
    first_seen: int
    country: Country | None
    city_known: bool


@dataclass(frozen=True)
class Lightning:
    dice: Dice
    capacity: Waves
    channels: Waves
    nodes: Waves

    @classmethod
    def of(cls, seed: int) -> Lightning:
        return cls(
            Dice.named(seed, "lightning"),
            Waves.of(seed, "lightning capacity", {120 * DAY: 0.03, 25 * DAY: 0.01}),
            Waves.of(seed, "lightning channels", {150 * DAY: 0.03, 30 * DAY: 0.008}),
            Waves.of(seed, "lightning nodes", {150 * DAY: 0.02, 30 * DAY: 0.006}),
        )

    def day(self, time: int, left: float = 1.0) -> Day:
        """`left`: share of the capacity that an exodus has left; channels and nodes suffer less."""
        number = time // DAY
        nodes = exp(self.nodes.at(time)) * left**0.6
        tor, clearnet, unannounced, clearnet_tor = (
            round(count * nodes * (1 + 0.003 * self.dice.normal(number, place)))
            for place, count in enumerate(_NODES.values())
        )
        return Day(
            time,
            round(_CAPACITY * exp(self.capacity.at(time)) * (1 + 0.002 * self.dice.normal(number, 10)) * left),
            round(_CHANNELS * exp(self.channels.at(time)) * (1 + 0.002 * self.dice.normal(number, 11)) * left**0.85),
            tor,
            clearnet,
            unannounced,
            clearnet_tor,
            round(820 + 15 * self.dice.normal(number, 12)),
            100,
            round(905 + 10 * self.dice.normal(number, 13)),
            500,
            2_010_000,
        )

    @cached_property
    def top(self) -> tuple[LightningNode, ...]:
        capacities = [1 / (place + 4) for place in range(_TOP)]
        channels = [(1 / (place + 6)) ** 0.8 * (0.5 + self.dice.uniform(place, 20)) for place in range(_TOP)]
        return tuple(
            self._node(
                place, capacities[place] / sum(capacities) * _TOP_SHARE, channels[place] / sum(channels) * _TOP_SHARE
            )
            for place in range(_TOP)
        )

    def _node(self, place: int, capacity: float, channels: float) -> LightningNode:
        key = ("02", "03")[self.dice.bits(place, 21) & 1] + self.dice.digits(64, place, 22)
        located = self.dice.uniform(place, 23) < _LOCATED_SHARE
        return LightningNode(
            key,
            _NAMED[place] if place < len(_NAMED) else key[:20],
            capacity,
            channels,
            1_522_941_222 + int(2e8 * self.dice.uniform(place, 24)),
            self._country(place) if located else None,
            self.dice.uniform(place, 25) < _CITY_SHARE,
        )

    def _country(self, place: int) -> Country:
        draw = self.dice.uniform(place, 26) * sum(country.capacity for country in COUNTRIES)
        for country in COUNTRIES:
            draw -= country.capacity
            if draw < 0:
                return country
        return COUNTRIES[0]
