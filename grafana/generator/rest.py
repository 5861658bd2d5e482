"""What no other panel shows: a declared family without a panel would be a number that nobody can look at.

One panel for each endpoint and unit, so that a new metric appears without anybody writing a panel.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from exporter import catalogue
from exporter.sources import registry
from exporter.spec import Group, Metric, Unit
from grafana.generator.board import Row
from grafana.generator.panels import FORMATS, Kind, Panel
from grafana.generator.queries import Query, chosen, value
from grafana.generator.tables import hidden

_PREFIX: Final = "btchealth_"
_AT_ONCE: Final = 4
_WORDS: Final = {Unit.NONE: "", Unit.INFO: " by name", Unit.TIMESTAMP: " of time"}


def row(group: Group, shown: Iterable[Panel]) -> Row | None:
    """Closed until somebody looks; None where every family of the group has a panel."""
    queries = "\n".join(query.expr for panel in shown for query in panel.queries)
    names = set(re.findall(rf"{_PREFIX}\w+", queries))
    left = [one for one in catalogue.metrics() if one.group is group and not one.raw_only and one.name not in names]
    panels = tuple(_panels(left))
    return Row("What else is known?", panels, collapsed=True) if panels else None


def _panels(left: Iterable[Metric]) -> Iterator[Panel]:
    together: dict[tuple[str, Unit], list[Metric]] = defaultdict(list)
    for metric in left:
        together[_origin(metric), metric.unit].append(metric)
    for (origin, unit), members in sorted(together.items(), key=lambda one: (one[0][0], one[0][1].name)):
        for start in range(0, len(members), _AT_ONCE):
            number = f" ({start // _AT_ONCE + 1})" if len(members) > _AT_ONCE else ""
            yield _panel(f"What else does {origin} say{_in(unit)}?{number}", unit, members[start : start + _AT_ONCE])


def _origin(metric: Metric) -> str:
    places = registry.origins().get(metric)
    if not places:
        return "our own arithmetic"
    source, endpoint, _ = places[0]
    return f"{source.title} about {endpoint.name.replace('_', ' ')}"


def _in(unit: Unit) -> str:
    return _WORDS.get(unit, f" in {unit.suffix.replace('_', ' ')}")


def _panel(title: str, unit: Unit, members: list[Metric]) -> Panel:
    off: dict[str, Any] = (
        {} if _polled(members) else {"no_value": "Its endpoint is off by default", "may_be_empty": "off by default"}
    )
    described = " ".join(f"{_short(metric)}: {metric.help}" for metric in members)
    form, decimals = FORMATS[unit]
    if unit is Unit.INFO:
        queries = tuple(Query(chosen(metric.name), table=True) for metric in members)
        left_out = hidden("Time", "Value", "__name__", "instance", "job", "pod")
        return Panel(title, described, Kind.TABLE, queries, width=8, height=6, transformations=(left_out,), **off)
    if unit is Unit.TIMESTAMP:
        times = tuple(Query(f"{value(metric.name)} * 1000", _short(metric)) for metric in members)
        return Panel(title, described, Kind.STAT, times, unit=form, width=8, height=6, plain=True, **off)
    # Values of very different size: each gets a number and a scale of its own.
    values = tuple(Query(value(metric.name), _legend(metric)) for metric in members)
    return Panel(title, described, Kind.STAT, values, unit=form, decimals=decimals, width=12, height=6, **off)


def _polled(members: Iterable[Metric]) -> bool:
    places = [place for metric in members for place in registry.origins().get(metric, ())]
    return not places or any(endpoint.enabled for _, endpoint, _ in places)


def _short(metric: Metric) -> str:
    name = metric.name.removeprefix(_PREFIX).removesuffix(f"_{metric.unit.suffix}").replace("_", " ")
    return name[0].upper() + name[1:]


def _legend(metric: Metric) -> str:
    return " ".join((_short(metric), *(f"{{{{{label}}}}}" for label in metric.labels)))
