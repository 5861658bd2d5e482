"""Price as the backend averages it over exchanges, and what the backend says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Flag, Number, Payload, Text, UnixSeconds
from exporter.sources.quantities import PRICE
from exporter.spec import HOUR, MINUTE, Facts, Group, Metric, Sample, Unit, endpoint

_NO_PRICE: Final = -1

BACKEND = Metric(
    "btchealth_mempool_space_backend_info",
    "The backend that answered last: which of several nodes behind one name, its version, its Bitcoin Core. Always 1.",
    Unit.INFO,
    bounds=(0.0, 1.0),
    labels={"hostname": Facts(), "version": Facts(), "backend": Facts(), "core_version": Facts()},
    group=Group.CONTEXT,
    raw_only="names for a human reader",
)
LIGHTNING = Metric(
    "btchealth_mempool_space_backend_lightning",
    "1 if the backend that answered last keeps its Lightning data up to date, 0 if what it says of Lightning may be "
    "weeks old.",
    bounds=(0.0, 1.0),
    group=Group.LIGHTNING,
    raw_only="explains why Lightning data are too old",
)


class Prices(Payload):
    """Whole units of seven currencies; -1 where there is no price."""

    UNUSED = frozenset({"EUR", "GBP", "CAD", "CHF", "AUD", "JPY"})

    time: UnixSeconds = None
    USD: Annotated[float | None, Number(_NO_PRICE, 1e8)] = None

    def stated_at(self) -> float | None:
        return self.time


@endpoint(
    "/api/v1/prices",
    Prices,
    {PRICE: "USD"},
    interval=5 * MINUTE,
    period=HOUR,
    lag=5 * MINUTE,
    data_time=Prices.stated_at,
)
def prices(body: Prices) -> Iterator[Sample | None]:
    if body.USD == _NO_PRICE:
        raise BodyError(Reason.EMPTY, "no price: the backend could not reach an exchange")
    if body.time is None:
        raise BodyError(Reason.FORMAT, "a price without the time it is from")
    yield PRICE(body.USD, source="mempool_space")


Fact = Annotated[str | None, Text(longest=80)]
OptionalFact = Annotated[str | None, Text(longest=80, required=False)]


class BackendInfo(Payload):
    UNUSED = frozenset({"gitCommit", "osVersion"})

    hostname: Fact = None
    version: Fact = None
    backend: Fact = None
    coreVersion: OptionalFact = None
    lightning: Annotated[bool | None, Flag()] = None


@endpoint(
    "/api/v1/backend-info",
    BackendInfo,
    {BACKEND: "hostname", LIGHTNING: "lightning"},
    interval=HOUR,
    period=HOUR,
)
def backend_info(body: BackendInfo) -> Iterator[Sample | None]:
    if body.hostname and body.version:
        yield BACKEND(
            1,
            hostname=body.hostname,
            version=body.version,
            backend=body.backend or "",
            core_version=body.coreVersion or "",
        )
    yield LIGHTNING(None if body.lightning is None else float(body.lightning))
