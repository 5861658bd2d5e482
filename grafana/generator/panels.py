"""What a panel is, before it becomes Grafana's JSON, and the panels that dashboards repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from exporter.spec import Unit
from grafana.generator.colours import GREY, LINES
from grafana.generator.families import family
from grafana.generator.limits import Steps
from grafana.generator.queries import RATE, Query, name_of, value


class Kind(StrEnum):
    LINES = "timeseries"
    STAT = "stat"
    GAUGE = "gauge"
    BARS = "bargauge"
    TABLE = "table"
    STATES = "state-timeline"
    ALERTS = "alertlist"


# Kinds that show one number in large letters or as a bar.
LARGE: Final = frozenset({Kind.STAT, Kind.GAUGE, Kind.BARS})
# Kinds that show the present: a query over time would end with the last value that there was, however old.
NOW: Final = LARGE | {Kind.TABLE}

# Grafana's name of a unit and decimals that are worth reading.
FORMATS: Final[Mapping[Unit, tuple[str, int | None]]] = {
    Unit.NONE: ("locale", None),
    Unit.SCORE: ("none", 1),
    Unit.SECONDS: ("s", None),
    Unit.TIMESTAMP: ("dateTimeFromNow", None),
    Unit.BYTES: ("bytes", 1),
    Unit.VBYTES: ("si:vB", 1),
    Unit.VBYTES_PER_SECOND: ("si:vB/s", 1),
    Unit.RATIO: ("percentunit", 1),
    Unit.BITCOINS: ("suffix:BTC", 2),
    Unit.SATOSHIS: ("suffix:sat", 0),
    Unit.SATOSHIS_PER_VBYTE: ("suffix:sat/vB", 1),
    Unit.USD: ("currencyUSD", 2),
    Unit.HASHES_PER_SECOND: ("si:H/s", 1),
    Unit.USD_PER_PETAHASH_DAY: ("currencyUSD", 2),
    Unit.BITCOINS_PER_PETAHASH_DAY: ("suffix:BTC", 6),
    Unit.INFO: ("none", None),
}

WHY_EMPTY: Final = "No data: the value is too old or its source is silent (see Sources)"
# Where text takes the size that a number would have, only a word or two can be read.
WHY_EMPTY_IN_SHORT: Final = "No fresh data"


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Field:
    """How one column of a table, or one series, differs: matched by name."""

    name: str
    unit: str | None = None
    decimals: int | None = None
    colour: str | None = None
    steps: Steps = ()
    label: str | None = None
    width: int | None = None
    links: tuple[Link, ...] = ()
    hidden: bool = False
    # Of a cell without a number; the plain one else.
    empty: str | None = None
    mappings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # Further properties by Grafana's own name, such as "custom.lineWidth".
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Panel:
    """Width of 24 columns, height in rows of Grafana's grid. `mappings`: value to (text, colour)."""

    title: str
    description: str
    kind: Kind
    queries: tuple[Query, ...] = ()
    unit: str = "none"
    decimals: int | None = None
    width: int = 12
    height: int = 8
    no_value: str = ""
    steps: Steps = ()
    shaded: bool = False
    minimum: float | None = None
    maximum: float | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    mappings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    data_links: tuple[Link, ...] = ()
    transformations: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    log_scale: bool = False
    # The axis reaches this value even when no line does.
    reaching: float | None = None
    # Of the text where nothing is; grey unless nothing is bad.
    empty_colour: str = GREY
    # What a table is sorted by; else by its first column.
    sort_column: str | None = None
    descending: bool = False
    # Why it may show nothing in a healthy world; a test wants data in all others.
    may_be_empty: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def why_empty(self) -> str:
        return self.no_value or (WHY_EMPTY_IN_SHORT if self.kind in LARGE else WHY_EMPTY)


def _described(selectors: Sequence[str], extra: str) -> str:
    helps = dict.fromkeys(family(name_of(selector)).help for selector in selectors)
    return " ".join((*helps, extra)).strip()


# Of one bitcoin, in full: Grafana shortens the currency's own format to thousands.
_PRICES: Final = {"btchealth_price_consensus_usd", "btchealth_price_usd"}


def _formatted(selector: str) -> tuple[str, int | None]:
    if name_of(selector) in _PRICES:
        return "prefix:$", 0
    return FORMATS[family(name_of(selector)).unit]


def lines(title: str, series: Mapping[str, str], extra: str = "", **more: Any) -> Panel:
    """Raw series over time: legend to selector. Unit and description are those of the metrics."""
    selectors = tuple(series.values())
    unit, decimals = _formatted(selectors[0])
    if len({_formatted(selector) for selector in selectors}) > 1:
        raise ValueError(f"panel {title!r}: expected one unit, got {sorted(map(name_of, selectors))}")
    queries = tuple(Query(value(selector, RATE), legend) for legend, selector in series.items())
    return Panel(
        title, _described(selectors, extra), Kind.LINES, queries,
        **{"unit": unit, "decimals": decimals, "colours": _colours(series), "width": 8, **more},
    )  # fmt: skip


def _colours(series: Mapping[str, str]) -> dict[str, str]:
    """One colour a series, where its names are known beforehand."""
    names: list[str] = []
    for legend, selector in series.items():
        label = legend.partition("{{")[2].partition("}}")[0]
        values = family(name_of(selector)).labels.get(label) or ()
        names += [legend.replace(f"{{{{{label}}}}}", value) for value in values] or [legend]
    if len(names) > len(LINES):
        return {}
    return dict(zip(names, LINES, strict=False))


def stat(title: str, selector: str, extra: str = "", **more: Any) -> Panel:
    """One raw value now."""
    unit, decimals = _formatted(selector)
    return Panel(
        title, _described((selector,), extra), Kind.STAT,
        **{"queries": (Query(value(selector)),), "unit": unit, "decimals": decimals, "width": 4, "height": 4, **more},
    )  # fmt: skip


def bars(title: str, selector: str, legend: str, extra: str = "", *, order: str = "sort_desc", **more: Any) -> Panel:
    """The values of one label now, largest first."""
    unit, decimals = _formatted(selector)
    queries = (Query(f"{order}({value(selector)})", legend),)
    return Panel(
        title, _described((selector,), extra), Kind.BARS, queries,
        **{"unit": unit, "decimals": decimals, "width": 8, "minimum": 0, **more},
    )  # fmt: skip
