"""How collection fares as metric families; every label set of a counter is there from the first scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from exporter.collection.statistics import EndpointFigures, SourceFigures
from exporter.exposition.families import Declared
from exporter.exposition.page import Family, Kind, Series
from exporter.slices import Slices, in_one_go

_SOURCE: Final = ("source",)
_ENDPOINT: Final = ("source", "endpoint")

SOURCE_UP = Declared(
    "btchealth_source_up", "1 if any endpoint of the source succeeded within three of its intervals, else 0.", _SOURCE
)
DATA_QUALITY = Declared(
    "btchealth_source_data_quality_ratio",
    "Mean over the source's endpoints: 0 where data are too old, else the share of declared fields accepted last.",
    _SOURCE, unit="ratio",
)  # fmt: skip
CLOCK_SKEW = Declared(
    "btchealth_clock_skew_seconds", "Our clock minus that of the source, by the Date of its last response.", _SOURCE,
    unit="seconds",
)  # fmt: skip
BREAKER_OPEN = Declared(
    "btchealth_breaker_open", "1 while the source is left alone after repeated failures, else 0.", _SOURCE
)
REMAINING = Declared(
    "btchealth_rate_limit_remaining_requests", "Requests to the source that our own limit allows right now.", _SOURCE
)
ENDPOINT_UP = Declared(
    "btchealth_endpoint_up", "1 if the endpoint succeeded within three of its intervals, else 0.", _ENDPOINT
)
LAST_SUCCESS = Declared(
    "btchealth_endpoint_last_success_timestamp_seconds", "When the endpoint was last read with success.", _ENDPOINT,
    unit="seconds",
)  # fmt: skip
DATA_TIME = Declared(
    "btchealth_endpoint_data_timestamp_seconds", "The time that the data of the endpoint describe, by the source.",
    _ENDPOINT, unit="seconds",
)  # fmt: skip
LAST_CHANGE = Declared(
    "btchealth_endpoint_last_change_timestamp_seconds", "When a value of the endpoint was last seen to change.",
    _ENDPOINT, unit="seconds",
)  # fmt: skip
MAX_AGE = Declared(
    "btchealth_endpoint_max_age_seconds", "Age of the data at which values leave this page.", _ENDPOINT, unit="seconds"
)
NEXT_POLL = Declared(
    "btchealth_next_poll_timestamp_seconds", "When the endpoint is due next.", _ENDPOINT, unit="seconds"
)
ACTIVE = Declared(
    "btchealth_base_url_active", "1 for the base URL that served the endpoint last, else 0; position 0 is preferred.",
    (*_ENDPOINT, "position"),
)  # fmt: skip
FETCHES = Declared("btchealth_fetches_total", "Requests made to sources by this process.", _ENDPOINT, Kind.COUNTER)
FAILURES = Declared(
    "btchealth_fetch_failures_total", "Requests without a body that could be believed, by reason.",
    (*_ENDPOINT, "reason"), Kind.COUNTER,
)  # fmt: skip
DURATION = Declared(
    "btchealth_fetch_duration_seconds", "Duration of the last request to the endpoint.", _ENDPOINT, unit="seconds"
)
REJECTED = Declared(
    "btchealth_rejected_values_total", "Values refused for their type or bounds, or missing, by declared field.",
    (*_ENDPOINT, "field"), Kind.COUNTER,
)  # fmt: skip
UNKNOWN_FIELDS = Declared(
    "btchealth_unknown_fields_total", "Fields that responses had and we do not know: the source's schema has changed.",
    _ENDPOINT, Kind.COUNTER,
)  # fmt: skip

_OF_SOURCE: Final[tuple[tuple[Declared, Callable[[SourceFigures], float | None]], ...]] = (
    (SOURCE_UP, lambda one: float(one.up)),
    (DATA_QUALITY, lambda one: one.data_quality),
    (CLOCK_SKEW, lambda one: one.clock_skew),
    (BREAKER_OPEN, lambda one: float(one.breaker_open)),
    (REMAINING, lambda one: float(one.remaining)),
)
_OF_ENDPOINT: Final[tuple[tuple[Declared, Callable[[EndpointFigures], float | None]], ...]] = (
    (ENDPOINT_UP, lambda one: float(one.up)),
    (LAST_SUCCESS, lambda one: one.last_success),
    (DATA_TIME, lambda one: one.data_time),
    (LAST_CHANGE, lambda one: one.changed_at),
    (MAX_AGE, lambda one: one.max_age),
    (NEXT_POLL, lambda one: one.next_poll),
    (FETCHES, lambda one: float(one.fetches)),
    (DURATION, lambda one: one.duration),
    (UNKNOWN_FIELDS, lambda one: float(one.unknown_fields)),
)
_SPREAD: Final[tuple[tuple[Declared, Callable[[EndpointFigures], Iterable[tuple[str, float]]]], ...]] = (
    (ACTIVE, lambda one: ((str(position), float(on)) for position, on in enumerate(one.base_urls_active))),
    (FAILURES, lambda one: ((reason.value, float(count)) for reason, count in one.failures.items())),
    (REJECTED, lambda one: ((name, float(count)) for name, count in one.rejected.items())),
)

SOURCES: Final = tuple(declared for table in (_OF_SOURCE, _OF_ENDPOINT, _SPREAD) for declared, _ in table)


class SourceFamilies:
    """Remembers the series of endpoints whose figures are still the same."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[EndpointFigures, Made]] = {}

    def __call__(self, figures: Sequence[SourceFigures]) -> list[Family]:
        return in_one_go(self.making(figures))

    def making(self, figures: Sequence[SourceFigures]) -> Slices[list[Family]]:
        families = [declared.family(((one.name,), read(one)) for one in figures) for declared, read in _OF_SOURCE]
        endpoints = {(one.name, endpoint.name): endpoint for one in figures for endpoint in one.endpoints}
        made: dict[tuple[str, str], tuple[EndpointFigures, Made]] = {}
        for labels, endpoint in endpoints.items():
            made[labels] = self._remembered(labels, endpoint)
            yield
        self._made = made
        for position, (declared, _) in enumerate((*_OF_ENDPOINT, *_SPREAD)):
            families.append(declared.of(series for _, one in made.values() for series in one[position]))
            yield
        return families

    def _remembered(self, labels: tuple[str, str], endpoint: EndpointFigures) -> tuple[EndpointFigures, Made]:
        known = self._made.get(labels)
        return known if known is not None and known[0] == endpoint else (endpoint, _made(labels, endpoint))


# The series of one endpoint in each of the families, in their order.
Made = tuple[tuple[Series, ...], ...]


def _made(labels: tuple[str, str], endpoint: EndpointFigures) -> Made:
    single = (declared.family([(labels, read(endpoint))]) for declared, read in _OF_ENDPOINT)
    spread = (
        declared.family(((*labels, name), value) for name, value in entries(endpoint)) for declared, entries in _SPREAD
    )
    return tuple(family.series for family in (*single, *spread))
