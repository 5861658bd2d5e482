"""Where Lightning nodes run: hosting providers and countries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Number, Part, Payload, Satoshis, Text
from exporter.sources.mempool_space.bounds import SHARES
from exporter.sources.mempool_space.units import ratio
from exporter.spec import DAY, HOUR, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import both_ends_share, herfindahl, quotient

TOPS: Final = ("1", "3")
# Shares are cut off after two decimals, so a hundred countries lose up to one percent.
_LEAST_SHARE_SUM, _LARGEST_SHARE_SUM = 95.0, 100.5

PROVIDER_SHARE = Metric(
    "btchealth_lightning_provider_share_ratio",
    "Share of Lightning capacity at nodes in networks of the largest provider, or the three largest: capacity at both "
    "ends of channels over twice the network's capacity. Nodes behind Tor have no known provider.",
    Unit.RATIO,
    bounds=SHARES,
    labels={"top": TOPS},
    group=Group.LIGHTNING,
)
PROVIDERS = Metric(
    "btchealth_lightning_providers",
    "Network providers (groups of autonomous systems of one name) with a Lightning node.",
    bounds=(1.0, 1e5),
    group=Group.LIGHTNING,
)
CLEARNET = Metric(
    "btchealth_lightning_clearnet_capacity_ratio",
    "Share of Lightning capacity in channels with at least one node on clearnet.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.LIGHTNING,
)
TOR = Metric(
    "btchealth_lightning_tor_capacity_ratio",
    "Share of Lightning capacity in channels whose nodes are both reachable through Tor only.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.LIGHTNING,
)
UNKNOWN = Metric(
    "btchealth_lightning_unknown_capacity_ratio",
    "Share of Lightning capacity in channels of which a node announces no address.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.LIGHTNING,
)
COUNTRY_SHARE = Metric(
    "btchealth_lightning_country_share_ratio",
    "Share of the largest country, or the three largest, in the Lightning nodes whose country is known; nodes behind "
    "Tor have none.",
    Unit.RATIO,
    bounds=SHARES,
    labels={"top": TOPS},
    group=Group.LIGHTNING,
)
COUNTRIES = Metric(
    "btchealth_lightning_countries",
    "Countries with a Lightning node.",
    bounds=(1.0, 300.0),
    group=Group.LIGHTNING,
)
LOCATED = Metric(
    "btchealth_lightning_located_nodes",
    "Lightning nodes whose country is known: the denominator of btchealth_lightning_country_share_ratio.",
    bounds=(1.0, 1e8),
    group=Group.LIGHTNING,
)
COUNTRY_HERFINDAHL = Metric(
    "btchealth_lightning_country_herfindahl_ratio",
    "Sum of the squared shares of countries in the Lightning nodes whose country is known, 0 to 1.",
    Unit.RATIO,
    bounds=SHARES,
    group=Group.LIGHTNING,
)

# AS numbers as text (several, separated by commas), name, satoshis, channels, nodes.
Provider = tuple[Any, Any, Satoshis, Any, Any]


class Providers(Payload):
    """Satoshis, each channel once; a ranking row counts a channel at each end, and the rows are not sorted."""

    clearnetCapacity: Satoshis = None
    torCapacity: Satoshis = None
    unknownCapacity: Satoshis = None
    ispRanking: Annotated[list[Annotated[Provider | None, Part()]] | None, Part()] = None

    def total(self) -> float | None:
        match self:
            case Providers(clearnetCapacity=float(clear), torCapacity=float(tor), unknownCapacity=float(unknown)):
                return clear + tor + unknown
        return None


# A share is of the sum of all three.
_CAPACITIES: Final = ("clearnetCapacity", "torCapacity", "unknownCapacity")


@endpoint(
    "/api/v1/lightning/nodes/isp-ranking",
    Providers,
    {
        PROVIDER_SHARE: ("ispRanking", *_CAPACITIES),
        PROVIDERS: "ispRanking",
        CLEARNET: _CAPACITIES,
        TOR: _CAPACITIES,
        UNKNOWN: _CAPACITIES,
    },
    interval=HOUR,
    period=DAY,
    as_of="lightning_latest",
)
def lightning_isps(body: Providers) -> Iterator[Sample | None]:
    total = body.total()
    if total == 0:
        raise BodyError(Reason.EMPTY, "no capacity")
    rows = body.ispRanking or []
    capacities = sorted((row[2] for row in rows if row and row[2] is not None), reverse=True)
    if len(capacities) < len(rows):
        capacities = []  # the row that cannot be read may be the largest
    yield PROVIDERS(len(capacities) or None)
    if total is None:
        return
    yield CLEARNET(quotient(body.clearnetCapacity or 0.0, total))
    yield TOR(quotient(body.torCapacity or 0.0, total))
    yield UNKNOWN(quotient(body.unknownCapacity or 0.0, total))
    for top in TOPS:
        if len(capacities) >= int(top):
            yield PROVIDER_SHARE(both_ends_share(sum(capacities[: int(top)]), total), top=top)


class Country(Payload):
    """`share` is a percentage, cut off, of the nodes whose country is known; `capacity` a string or null."""

    UNUSED = frozenset({"name", "capacity"})

    iso: Annotated[str | None, Text(r"[A-Z]{2}")] = None
    count: Annotated[float | None, Number(0, 1e8)] = None
    share: Annotated[float | None, Number(0, 100)] = None


@endpoint(
    "/api/v1/lightning/nodes/countries",
    list[Annotated[Country | None, Part()]],
    {COUNTRY_SHARE: "share", COUNTRIES: "iso", LOCATED: "count", COUNTRY_HERFINDAHL: "count"},
    interval=HOUR,
    period=DAY,
    as_of="lightning_latest",
)
def lightning_countries(rows: list[Country | None]) -> Iterator[Sample | None]:
    if not rows:
        raise BodyError(Reason.EMPTY, "no country")
    shares = sorted((row.share for row in rows if row and row.share is not None), reverse=True)
    if sum(shares) > _LARGEST_SHARE_SUM:
        raise BodyError(Reason.INCONSISTENT, f"countries add up to {sum(shares):.2f} percent")
    for top in TOPS:
        if int(top) <= len(shares) == len(rows):
            yield COUNTRY_SHARE(ratio(sum(shares[: int(top)])), top=top)
    counts = [row.count for row in rows if row and row.count is not None]
    if sum(shares) >= _LEAST_SHARE_SUM and len(counts) == len(rows):
        yield COUNTRIES(len(counts))
        yield LOCATED(sum(counts))
        yield COUNTRY_HERFINDAHL(herfindahl(counts))
