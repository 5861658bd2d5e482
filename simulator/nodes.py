"""Reachable nodes as a crawler lists them: one population, of which each snapshot sees a little more or less."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from simulator.clock import DAY, MINUTE
from simulator.dice import Dice, Waves, quarters
from simulator.places import COUNTRIES, COUNTRY_BY_ISO, OPERATORS

SNAPSHOT_PERIOD = 10 * MINUTE
_PUBLISH_LAG = 30
_REMEMBERED = 16  # snapshots whose counts are kept
_OPERATED_SHARE, _CITY_SHARE = 0.75, 0.9
_AT_TIP, _LAGGING, _SILENT = 0.97, 0.995, 0.998  # running shares of nodes by the height they tell
_FORK_AHEAD = 5_800
_RESERVE = 1.2  # how many more nodes exist than the mean snapshot sees

NETWORKS = {"tor": 49.0, "ipv4": 30.0, "ipv6": 5.0, "i2p": 15.98, "cjdns": 0.02}
USER_AGENTS = {
    "/Satoshi:31.1.0/": 24.4,
    "/Satoshi:31.0.0/": 7.8,
    "/Satoshi:29.3.0/": 6.4,
    "/Satoshi:29.3.0/Knots:20260507/": 5.1,
    "/Satoshi:27.0.0/": 4.9,
    "/Satoshi:29.2.0/": 4.6,
    "/Satoshi:28.1.0/": 4.3,
    "/Satoshi:30.2.0/": 4.1,
    "/Satoshi:30.0.0/": 4.0,
    "/Satoshi:29.2.0/Knots:20251110/": 3.9,
    "/Satoshi:26.0.0/": 3.4,
    "/Satoshi:29.0.0/": 3.0,
    "/Satoshi:28.0.0/": 2.8,
    "/Satoshi:25.0.0/": 2.5,
    "/Satoshi:24.0.1/": 2.1,
    "/Satoshi:22.0.0/": 2.0,
    "/Satoshi:23.0.0/": 1.8,
    "/Satoshi:27.1.0/": 1.7,
    "/Satoshi:0.21.1/": 1.4,
    "/Satoshi:22.0.0(FutureBit-Apollo-Node)/": 1.0,
    "/Satoshi:0.20.1/": 0.8,
    "/btcd:0.24.2/": 0.5,
    "/libbitcoin:3.6.0/": 0.2,
    "": 0.1,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values by weight."""

    values: tuple[str, ...]
    edges: tuple[float, ...]

    @classmethod
    def of(cls, weights: dict[str, float]) -> Choice:
        return cls(tuple(weights), tuple(accumulate(weights.values())))

    def at(self, share: float) -> str:
        return self.values[min(bisect_right(self.edges, share * self.edges[-1]), len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class Node:
    network: str
    user_agent: str
    asn: str
    country: str  # empty inside an overlay network
    organization: str


@dataclass(frozen=True, slots=True)
class Row:
    """A node's JSON text around the two numbers that change: connected since, height."""

    before: str
    age: int
    between: str
    after: str

    def text(self, time: int, height: int) -> str:
        return f"{self.before}{time - self.age}{self.between}{height}{self.after}"


_SERVICES = (1033, 1037, 3081)
_OVERLAYS = {"tor": "Tor network", "i2p": "I2P network", "cjdns": "CJDNS network"}
_OVERLAY_ROWS = {
    network: f'null,null,null,0.0,0.0,null,"{network.upper()}","{name}"]' for network, name in _OVERLAYS.items()
}
_NETWORK = Choice.of(NETWORKS)
_USER_AGENT = Choice.of(USER_AGENTS)
_OPERATOR = Choice.of({str(place): operator.nodes for place, operator in enumerate(OPERATORS)})
_COUNTRY = Choice.of({country.iso: country.nodes for country in COUNTRIES})


@dataclass(frozen=True, slots=True)
class Crowd:
    """Counts over the nodes of one snapshot."""

    total: int
    networks: Counter[str]
    user_agents: Counter[str]
    asns: Counter[str]


@dataclass(frozen=True)
class Nodes:
    dice: Dice
    size: int
    waves: Waves
    _crowds: dict[int, Crowd] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, size: int) -> Nodes:
        return cls(Dice.named(seed, "nodes"), size, Waves.of(seed, "node count", {90 * DAY: 0.012, 10 * DAY: 0.006}))

    def snapshot_times(self, now: float, count: int, skip: int = 0) -> list[int]:
        """Times of the newest snapshots that are published, newest first."""
        newest = int(now // SNAPSHOT_PERIOD)
        while self._snapshot_time(newest) + _PUBLISH_LAG > now:
            newest -= 1
        return [self._snapshot_time(newest - skip - back) for back in range(count)]

    def total(self, time: int) -> int:
        spread = self.waves.at(time) + 0.004 * self.dice.normal(time)
        return min(round(self.size * (1 + spread)), len(self.population))

    @cached_property
    def population(self) -> tuple[Node, ...]:
        return tuple(self._node(place) for place in range(round(self.size * _RESERVE)))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._row(place, node) for place, node in enumerate(self.population))

    def crowd(self, total: int) -> Crowd:
        if total not in self._crowds:
            if len(self._crowds) >= _REMEMBERED:
                self._crowds.clear()
            nodes = self.population[:total]
            self._crowds[total] = Crowd(
                total,
                Counter(node.network for node in nodes),
                Counter(node.user_agent for node in nodes),
                Counter(node.asn for node in nodes),
            )
        return self._crowds[total]

    @cached_property
    def leads(self) -> tuple[int | None, ...]:
        """Blocks that each node is ahead of the tip: some lag, a few follow another chain, some tell no height."""
        return tuple(self._lead(place) for place in range(len(self.population)))

    def _lead(self, place: int) -> int | None:
        draw = self.dice.uniform(place, 7)
        if draw < _AT_TIP:
            return 0
        if draw < _LAGGING:
            return -1 - int((draw - _AT_TIP) * 400)
        return None if draw < _SILENT else _FORK_AHEAD

    def _snapshot_time(self, number: int) -> int:
        return number * SNAPSHOT_PERIOD + int(40 * self.dice.uniform(number, 99))

    def _node(self, place: int) -> Node:
        draws = quarters(self.dice.bits(place))
        network, agent = _NETWORK.at(draws[0]), _USER_AGENT.at(draws[1])
        if network in _OVERLAYS:
            return Node(network, agent, network.upper(), "", _OVERLAYS[network])
        if draws[2] < _OPERATED_SHARE:
            operator = OPERATORS[int(_OPERATOR.at(draws[3]))]
            return Node(network, agent, operator.number, operator.country, operator.name)
        number = 1_000 + int(draws[3] ** 2 * 2_000)
        return Node(network, agent, f"AS{number}", _COUNTRY.at(self.dice.uniform(place, 5)), f"Network {number}")

    def address(self, place: int) -> str:
        network = self.population[place].network
        digits = self.dice.digits(56, place, 6)
        match network:
            case "tor":
                return f"{digits.translate(_BASE32)}.onion:8333"
            case "i2p":
                return f"{digits[:52].translate(_BASE32)}.b32.i2p:0"
            case "ipv6":
                return f"[2a01:{digits[:4]}:{digits[4:8]}:{digits[8:12]}::{digits[12:15]}1]:8333"
            case "cjdns":
                return f"[fc{digits[:2]}:{digits[4:8]}:{digits[8:12]}:{digits[12:16]}::1]:8333"
            case _:
                parts = [int(digits[start : start + 2], 16) for start in (0, 2, 4, 6)]
                return f"{parts[0] % 200 + 11}.{parts[1]}.{parts[2]}.{parts[3]}:8333"

    def _row(self, place: int, node: Node) -> Row:
        age = int(40 * DAY * self.dice.uniform(place, 8) ** 2)
        before = f'"{self.address(place)}":[70016,"{node.user_agent}",'
        after = _OVERLAY_ROWS.get(node.network) or json.dumps(self._place(place, node), separators=(",", ":"))[1:]
        return Row(before, age, f",{_SERVICES[place % 3]},", f",{after}")

    def _place(self, place: int, node: Node) -> list[object]:
        """Host name, city, country, latitude, longitude, time zone, autonomous system, organization."""
        country = COUNTRY_BY_ISO[node.country]
        city = country.city if self.dice.uniform(place, 9) < _CITY_SHARE else None
        host = self.address(place).rpartition(":")[0].strip("[]")
        where = [country.latitude, country.longitude, country.timezone]
        return [host, city, country.iso, *where, node.asn, node.organization]


_BASE32 = str.maketrans("0189", "wxyz")
