"""The newest crawl, node by node: 4.5 MB for 25,000 nodes, so it is off unless asked for, and read piece by piece.

A row has 13 columns, or only the first five at hosts that know neither place nor operator: 0 protocol, 1 user agent,
2 connected since, 3 services, 4 height, 5 hostname, 6 city, 7 country, 8 latitude, 9 longitude, 10 time zone,
11 autonomous system, 12 operator. Nodes behind Tor have no place: latitude and longitude are 0.0, the system is "TOR".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Annotated, Any, Final

import ijson  # type: ignore[import-untyped]  # publishes no types

from exporter.errors import BodyError, Reason
from exporter.payload import Notes, Part, Payload, UnixSeconds, refuse_error
from exporter.sources.bitnodes.networks import AUTONOMOUS_SYSTEM, FAMILIES, NETWORKS, family_of, network_of
from exporter.sources.bitnodes.summary import time_of
from exporter.spec import DAY, MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import entropy_ratio, quotient, top_share

_SHARE: Final = (0.0, 1.0)
_NODES: Final = (1.0, 1e6)
_TOPS: Final = (1, 3, 10)
_TOP_LABELS: Final = tuple(str(top) for top in _TOPS)
_COLUMNS: Final = 5
_ALL_COLUMNS: Final = 13
_HOUR: Final = 3600
# Nodes this many blocks from the most frequent height are not just waiting for the newest block.
_LAG: Final = 6
# Bits of the services that a node offers (protocol documentation; BIP 144, 157, 159, 324).
FEATURES: Final = {"network": 0, "witness": 3, "compact_filters": 6, "network_limited": 10, "p2p_v2": 11}


def _family(
    name: str, text: str, bounds: tuple[float, float], unit: Unit = Unit.NONE, **labels: tuple[str, ...]
) -> Metric:
    return Metric(f"btchealth_nodes_{name}", text, unit, bounds, labels, Group.DECENTRALIZATION)


LISTED = _family("listed", "Nodes in the full list of the crawl.", _NODES)
LISTED_NETWORK = _family(
    "listed_network_nodes", "Nodes in the full list by the network of their address.", (0.0, 1e6), network=NETWORKS
)
SYSTEMS = _family("autonomous_systems", "Autonomous systems with at least one clearnet node.", _NODES)
SYSTEM_TOP_SHARE = _family(
    "listed_autonomous_system_top_share_ratio",
    "Share of the listed clearnet nodes in the largest autonomous systems.",
    _SHARE,
    Unit.RATIO,
    top=_TOP_LABELS,
)
COUNTRIES = _family("countries", "Countries with at least one node whose country is known.", (1.0, 300.0))
COUNTRY_TOP_SHARE = _family(
    "country_top_share_ratio",
    "Share of the largest countries among the nodes whose country is known. Nodes behind Tor, I2P and CJDNS have none.",
    _SHARE,
    Unit.RATIO,
    top=_TOP_LABELS,
)
CLIENT_FAMILY = _family(
    "listed_client_family_share_ratio",
    "Share of the listed nodes by client family, from the name that nodes give themselves.",
    _SHARE,
    Unit.RATIO,
    family=FAMILIES,
)
CLIENT_VERSIONS = _family("client_versions", "Different user agents among the listed nodes.", _NODES)
CLIENT_ENTROPY = _family(
    "client_entropy_ratio",
    "Evenness of the listed nodes over user agents: Shannon entropy over its maximum.",
    _SHARE,
    Unit.RATIO,
)
FEATURE_SHARE = _family(
    "feature_share_ratio",
    "Share of the listed nodes that offer a feature: full blocks, witnesses, compact filters, recent blocks only, "
    "encrypted transport.",
    _SHARE,
    Unit.RATIO,
    feature=tuple(FEATURES),
)
LAGGING = _family(
    "lagging_ratio",
    "Share of the listed nodes with a known height that are more than six blocks below the most frequent height.",
    _SHARE,
    Unit.RATIO,
)
AHEAD = _family(
    "ahead_ratio",
    "Share of the listed nodes with a known height that are more than six blocks above the most frequent height: "
    "nodes of another chain.",
    _SHARE,
    Unit.RATIO,
)
UPTIME = _family(
    "connected_median_seconds",
    "Median time for which the crawler has been connected to a node without a break, to the hour.",
    (0.0, 20 * 365 * DAY),
    Unit.SECONDS,
)


class Header(Payload):
    """The names of the fields; the rows of `nodes` are counted as they come."""

    timestamp: UnixSeconds = None
    nodes: Annotated[dict[str, Any] | None, Part(required=False)] = None


@dataclass(slots=True)
class Tally:
    """What the rows seen so far add up to."""

    timestamp: float | None = None
    networks: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    heights: Counter[int] = field(default_factory=Counter)
    systems: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    connected_hours: Counter[int] = field(default_factory=Counter)
    refused: int = 0

    def add(self, address: str, row: Any) -> None:
        network = network_of(address)
        if network is None or not isinstance(row, list):
            self.refused += 1
            return
        self.networks[network] += 1
        # Hosts with four columns state no order, so nothing in them is believed.
        if len(row) >= _COLUMNS:
            self._add_software(*row[1:_COLUMNS])
        if len(row) == _ALL_COLUMNS:
            self._add_place(row[7], row[11])

    def _add_software(self, agent: Any, since: Any, services: Any, height: Any) -> None:
        whole = [number for number in (since, services, height) if type(number) is int and number >= 0]
        if not isinstance(agent, str) or len(whole) < 3:  # noqa: PLR2004 - as many as were asked for
            self.refused += 1
            return
        self.agents[agent] += 1
        self.connected_hours[since // _HOUR] += 1
        self.features.update(name for name, bit in FEATURES.items() if services >> bit & 1)
        if height:
            self.heights[height] += 1

    def _add_place(self, country: Any, system: Any) -> None:
        if isinstance(country, str):
            self.countries[country] += 1
        if isinstance(system, str) and AUTONOMOUS_SYSTEM.fullmatch(system):
            self.systems[system] += 1


class Rows:
    """Counts the rows of a crawl as its bytes arrive; never holds more than one of them."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._header: dict[str, Any] = {}
        self._beginning = b""
        self._parsers = [ijson.kvitems_coro(_each(lambda row: self._tally.add(*row)), "nodes", use_float=True)]
        keep = _each(lambda value: self._header.update(timestamp=value))
        self._parsers.append(ijson.items_coro(keep, "timestamp", use_float=True))

    def feed(self, piece: bytes) -> None:
        self._beginning = self._beginning or piece[:1000]
        try:
            for parser in self._parsers:
                parser.send(piece)
        except ijson.JSONError as error:
            raise BodyError(Reason.FORMAT, f"not JSON: {error}") from error

    def finish(self, notes: Notes) -> Tally:
        try:
            for parser in self._parsers:
                parser.close()
        except ijson.JSONError as error:
            raise BodyError(Reason.FORMAT, f"ends too early: {error}") from error
        refuse_error(self._beginning)
        header = Header.model_validate(self._header, context=notes)
        if self._tally.refused:
            notes.reject("nodes", self._tally.refused)
        if not self._tally.networks:
            raise BodyError(Reason.EMPTY, "nodes: expected an object from addresses to rows, got none")
        self._tally.timestamp = header.timestamp
        return self._tally


def _each(take: Any) -> Generator[None, Any, None]:
    """A coroutine that hands each value sent to it on."""

    def receive() -> Generator[None, Any, None]:
        while True:
            take((yield))

    receiver = receive()
    next(receiver)
    return receiver


@endpoint(
    "/api/v1/snapshots/latest/",
    Header,
    dict.fromkeys(
        (
            LISTED,
            LISTED_NETWORK,
            SYSTEMS,
            SYSTEM_TOP_SHARE,
            COUNTRIES,
            COUNTRY_TOP_SHARE,
            CLIENT_FAMILY,
            CLIENT_VERSIONS,
            CLIENT_ENTROPY,
            FEATURE_SHARE,
            LAGGING,
            AHEAD,
            UPTIME,
        ),
        "nodes",
    ),
    interval=DAY,
    period=10 * MINUTE,
    lag=20 * MINUTE,
    max_age=2 * DAY,
    data_time=lambda tally: time_of(tally.timestamp),
    enabled=False,
    reducer=Rows,
)
def snapshot(tally: Tally) -> Iterator[Sample | None]:
    yield LISTED(tally.networks.total())
    for network in NETWORKS:
        yield LISTED_NETWORK(tally.networks[network], network=network)
    if tally.agents:
        yield from _software(tally)
    if tally.heights:
        yield from _heights(tally.heights)
    clearnet = tally.networks["ipv4"] + tally.networks["ipv6"]
    yield from _largest(tally.systems, SYSTEMS, SYSTEM_TOP_SHARE, clearnet - tally.systems.total())
    yield from _largest(tally.countries, COUNTRIES, COUNTRY_TOP_SHARE, 0)


def _software(tally: Tally) -> Iterator[Sample | None]:
    nodes = tally.agents.total()
    families: Counter[str] = Counter()
    for agent, count in tally.agents.items():
        families[family_of(agent)] += count
        # A pause: the list may be as long as whoever serves it likes.
        yield None
    for family in FAMILIES:
        yield CLIENT_FAMILY(families[family] / nodes, family=family)
    yield CLIENT_VERSIONS(len(tally.agents))
    yield CLIENT_ENTROPY(entropy_ratio(tally.agents.values()))
    for feature in FEATURES:
        yield FEATURE_SHARE(tally.features[feature] / nodes, feature=feature)
    if tally.timestamp is not None:
        yield UPTIME(tally.timestamp - _middle(tally.connected_hours) * _HOUR)


def _middle(counts: Counter[int]) -> int:
    """The lower median; counted by value, because sorting a hundred thousand rows would stop the event loop."""
    values, half = sorted(counts), counts.total() / 2
    seen = accumulate(counts[value] for value in values)
    return next(value for value, count in zip(values, seen, strict=True) if count >= half)


def _heights(heights: Counter[int]) -> Iterator[Sample | None]:
    usual = heights.most_common(1)[0][0]
    yield LAGGING(quotient(sum(count for height, count in heights.items() if height < usual - _LAG), heights.total()))
    yield AHEAD(quotient(sum(count for height, count in heights.items() if height > usual + _LAG), heights.total()))


def _largest(counts: Counter[str], number: Metric, share: Metric, unknown: float) -> Iterator[Sample | None]:
    if not counts:
        return
    yield number(len(counts))
    for top in _TOPS:
        yield share(top_share(counts.values(), top, max(unknown, 0.0)), top=str(top))
