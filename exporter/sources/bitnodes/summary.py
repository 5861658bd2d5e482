"""Summaries of the newest crawl: cheap in bytes, which does not matter, and in requests, which does.

Of `top`, autonomous systems come with a count of nodes but user agents with a percentage of all nodes. `node_modes`
says the opposite of what it means (a handful "full", all others "pruned"), and `latest_height` follows nodes of other
chains: it is no tip.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Count, Flag, Height, Number, Part, Payload, Percent, Text, UnixSeconds
from exporter.sources.bitnodes.networks import AUTONOMOUS_SYSTEM, FAMILIES, HIDDEN, NETWORKS, family_of
from exporter.spec import DAY, HOUR, MINUTE, Group, Metric, Rejected, Sample, Unit, endpoint
from scoring.quantities import entropy_ratio, median, quotient, top_share

_NODES: Final = (50.0, 1e6)
_SHARE: Final = (0.0, 1.0)
_TOPS: Final = (1, 3, 8)
_HOSTS_DIFFER: Final = "Crawlers count differently: compare values only under one btchealth_nodes_provider_info."

REACHABLE = Metric(
    "btchealth_nodes_reachable",
    f"Nodes that accepted a connection from the crawler. {_HOSTS_DIFFER}",
    bounds=_NODES,
    group=Group.DECENTRALIZATION,
)
SNAPSHOT_HEIGHT = Metric(
    "btchealth_nodes_snapshot_height",
    "Height that the crawl names as the latest. Nodes of forked chains push it up: it says which crawl this is, not "
    "where the tip is.",
    bounds=(0.0, 5_000_000.0),
    group=Group.DECENTRALIZATION,
    raw_only="not a tip height, only a hint for people who look into a crawl",
)
NETWORK_NODES = Metric(
    "btchealth_nodes_network_nodes",
    f"Reachable nodes by the network of their address. {_HOSTS_DIFFER}",
    bounds=(0.0, 1e6),
    labels={"network": NETWORKS},
    group=Group.DECENTRALIZATION,
)
NETWORK_SHARE = Metric(
    "btchealth_nodes_network_share_ratio",
    "Share of the reachable nodes by the network of their address.",
    Unit.RATIO,
    bounds=_SHARE,
    labels={"network": NETWORKS},
    group=Group.DECENTRALIZATION,
)
NETWORK_ENTROPY = Metric(
    "btchealth_nodes_network_entropy_ratio",
    "Evenness of the reachable nodes over IPv4, IPv6, Tor, I2P and CJDNS: Shannon entropy over its maximum. 0: all in "
    "one network, 1: a fifth in each.",
    Unit.RATIO,
    bounds=_SHARE,
    group=Group.DECENTRALIZATION,
)
SYSTEM_TOP_SHARE = Metric(
    "btchealth_nodes_autonomous_system_top_share_ratio",
    "Share of the reachable clearnet nodes in the largest, the three largest, the eight largest autonomous systems. "
    "Eight is what a list of ten with two hidden networks in it can tell.",
    Unit.RATIO,
    bounds=_SHARE,
    labels={"top": tuple(str(top) for top in _TOPS)},
    group=Group.DECENTRALIZATION,
)
CLIENT_TOP_SHARE = Metric(
    "btchealth_nodes_client_top_share_ratio",
    "Share of the reachable nodes that run the most frequent version of any client.",
    Unit.RATIO,
    bounds=_SHARE,
    group=Group.DECENTRALIZATION,
)
CLIENT_FAMILY_SHARE = Metric(
    "btchealth_nodes_client_family_share_ratio",
    "Share of client families among the nodes that run one of the ten most frequent versions; how many these are is "
    "btchealth_nodes_client_listed_ratio. User agents are what nodes say of themselves.",
    Unit.RATIO,
    bounds=_SHARE,
    labels={"family": FAMILIES},
    group=Group.DECENTRALIZATION,
)
CLIENT_LISTED = Metric(
    "btchealth_nodes_client_listed_ratio",
    "Share of the reachable nodes that run one of the ten most frequent versions.",
    Unit.RATIO,
    bounds=_SHARE,
    group=Group.DECENTRALIZATION,
)
CRAWL_COVERAGE = Metric(
    "btchealth_nodes_crawl_coverage_ratio",
    "Share of the known addresses that the crawler has tried in this round.",
    Unit.RATIO,
    bounds=_SHARE,
    group=Group.DECENTRALIZATION,
)
RECENT_MEDIAN = Metric(
    "btchealth_nodes_recent_median",
    f"Median of reachable nodes over the newest crawls, at most a hundred or about 17 hours. {_HOSTS_DIFFER}",
    bounds=_NODES,
    group=Group.DECENTRALIZATION,
)
RECENT_MINIMUM = Metric(
    "btchealth_nodes_recent_minimum",
    "Fewest reachable nodes among the newest crawls; with the maximum it shows how much of a change is noise.",
    bounds=_NODES,
    group=Group.DECENTRALIZATION,
)
RECENT_MAXIMUM = Metric(
    "btchealth_nodes_recent_maximum",
    "Most reachable nodes among the newest crawls; with the minimum it shows how much of a change is noise.",
    bounds=_NODES,
    group=Group.DECENTRALIZATION,
)

Nodes = Annotated[float | None, Number(*_NODES)]
OptionalCount = Annotated[float | None, Number(0, 1e6, required=False)]
OperatorRow = tuple[Annotated[str | None, Text(longest=40)], Count]
AgentRow = tuple[Annotated[str | None, Text()], Percent, Height]


class Networks(Payload):
    ipv4: OptionalCount = None
    ipv6: OptionalCount = None
    tor: OptionalCount = None
    i2p: OptionalCount = None
    cjdns: OptionalCount = None

    def counts(self) -> dict[str, float]:
        """By our names, without networks that the crawler does not visit."""
        found = (self.ipv4, self.ipv6, self.tor, self.i2p, self.cjdns)
        return {network: count for network, count in zip(NETWORKS, found, strict=True) if count is not None}


class Metadata(Payload):
    complete: Annotated[bool | None, Flag(required=False)] = None
    validation_coverage_percent: Annotated[float | None, Number(0, 100, required=False)] = None
    networks: Annotated[Networks | None, Part(required=False)] = None

    UNUSED = frozenset(
        {
            "fallback", "node_modes", "onion_attempts", "onion_failures", "onion_retries", "onion_successes",
            "opendata_nodes", "reachability_percent", "reachable_nodes", "round_complete", "source", "up_nodes",
            "validated_at", "validated_nodes", "validation_attempts", "validation_candidates", "validation_failures",
            "validation_processed", "validation_retries", "validation_skipped", "validation_successes",
            "validation_unreachable",
        }
    )  # fmt: skip


class Top(Payload):
    top_asns: Annotated[list[Annotated[OperatorRow | None, Part()]] | None, Part()] = None
    top_user_agents: Annotated[list[Annotated[AgentRow | None, Part()]] | None, Part()] = None


class Summary(Payload):
    """`metadata` came with the successor of the first host."""

    timestamp: UnixSeconds = None
    total_nodes: Nodes = None
    latest_height: Height = None
    metadata: Annotated[Metadata | None, Part(required=False)] = None
    top: Annotated[Top | None, Part()] = None


def time_of(timestamp: float | None) -> float:
    if timestamp is None:
        raise BodyError(Reason.FORMAT, "timestamp: expected a time, because nothing else tells the age of the crawl")
    return timestamp


@endpoint(
    "/api/v1/snapshots/latest/?field=top",
    Summary,
    {
        REACHABLE: "total_nodes",
        SNAPSHOT_HEIGHT: "latest_height",
        NETWORK_NODES: "networks",
        NETWORK_SHARE: ("networks", "total_nodes"),
        NETWORK_ENTROPY: "networks",
        SYSTEM_TOP_SHARE: ("top_asns", "networks", "total_nodes"),
        CLIENT_TOP_SHARE: "top_user_agents",
        CLIENT_FAMILY_SHARE: "top_user_agents",
        CLIENT_LISTED: "top_user_agents",
        CRAWL_COVERAGE: "validation_coverage_percent",
    },
    interval=6 * HOUR,
    period=10 * MINUTE,
    lag=20 * MINUTE,
    data_time=lambda body: time_of(body.timestamp),
)
def summary(body: Summary) -> Iterator[Sample | Rejected | None]:
    yield REACHABLE(body.total_nodes)
    yield SNAPSHOT_HEIGHT(body.latest_height)
    metadata = body.metadata or Metadata.model_construct()
    if metadata.complete is False:
        raise BodyError(Reason.INCONSISTENT, "metadata.complete: the crawl is not complete, so its counts are too low")
    coverage = metadata.validation_coverage_percent
    yield CRAWL_COVERAGE(None if coverage is None else coverage / 100)
    if body.total_nodes is None:
        return
    counts = metadata.networks.counts() if metadata.networks else None
    if counts and sum(counts.values()) != body.total_nodes:
        yield Rejected("networks")
        counts = None
    if counts:
        yield from _networks(counts, body.total_nodes)
    if body.top:
        yield from _systems(body.top, body.total_nodes, counts)
        yield from _clients(body.top)


def _networks(counts: dict[str, float], total: float) -> Iterator[Sample | None]:
    for network, count in counts.items():
        yield NETWORK_NODES(count, network=network)
        yield NETWORK_SHARE(quotient(count, total), network=network)
    # An even spread is one over all of them: without one of them nobody knows.
    yield NETWORK_ENTROPY(entropy_ratio(counts.values()) if len(counts) == len(NETWORKS) else None)


def _systems(top: Top, total: float, counts: dict[str, float] | None) -> Iterator[Sample | None]:
    rows = [(name, count) for name, count in filter(None, top.top_asns or []) if name and count]
    if len(rows) < len(top.top_asns or []):
        return  # the row that cannot be read may be the largest
    hidden = sum(count for name, count in rows if name in HIDDEN)
    known = counts is not None and {"ipv4", "ipv6"} <= counts.keys()
    clearnet = counts["ipv4"] + counts["ipv6"] if counts and known else total - hidden
    listed = [count for name, count in rows if AUTONOMOUS_SYSTEM.fullmatch(name)]
    for number in _TOPS:
        if len(listed) >= number:
            yield SYSTEM_TOP_SHARE(top_share(listed, number, clearnet - sum(listed)), top=str(number))


def _clients(top: Top) -> Iterator[Sample | None]:
    rows = [(agent, percent) for agent, percent, _ in filter(None, top.top_user_agents or []) if agent and percent]
    listed = sum(percent for _, percent in rows)
    if not rows or len(rows) < len(top.top_user_agents or []):
        return
    yield CLIENT_TOP_SHARE(max(percent for _, percent in rows) / 100)
    yield CLIENT_LISTED(listed / 100)
    for family in FAMILIES:
        share = sum(percent for agent, percent in rows if family_of(agent) == family) / listed
        yield CLIENT_FAMILY_SHARE(share, family=family)


class Crawl(Payload):
    timestamp: UnixSeconds = None
    total_nodes: Nodes = None

    UNUSED = frozenset({"url", "latest_height"})


class Crawls(Payload):
    results: Annotated[list[Annotated[Crawl | None, Part()]] | None, Part()] = None

    UNUSED = frozenset({"count", "next", "previous"})


def _crawls(body: Crawls) -> list[tuple[float, float]]:
    """Time and nodes, oldest first."""
    return sorted(
        (row.timestamp, row.total_nodes) for row in body.results or [] if row and row.timestamp and row.total_nodes
    )


def _newest(body: Crawls) -> float | None:
    crawls = _crawls(body)
    return crawls[-1][0] if crawls else None


@endpoint(
    "/api/v1/snapshots/?limit=100",
    Crawls,
    {RECENT_MEDIAN: "total_nodes", RECENT_MINIMUM: "total_nodes", RECENT_MAXIMUM: "total_nodes"},
    interval=DAY,
    period=10 * MINUTE,
    lag=20 * MINUTE,
    max_age=2 * DAY,
    data_time=_newest,
)
def snapshots(body: Crawls) -> Iterator[Sample | None]:
    nodes = [total for _, total in _crawls(body)]
    if not nodes:
        return
    yield RECENT_MEDIAN(median(nodes))
    yield RECENT_MINIMUM(min(nodes))
    yield RECENT_MAXIMUM(max(nodes))
