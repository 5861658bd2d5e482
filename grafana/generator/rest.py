"""What no other panel shows: a declared family without a panel would be a number that nobody can look at.

One table for each source, so that a new metric appears without anybody writing a panel.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from exporter import catalogue
from exporter.sources import registry
from exporter.spec import Group, Metric, Unit
from grafana.generator import layout
from grafana.generator.board import Row
from grafana.generator.panels import Field, Kind, Panel
from grafana.generator.queries import TARGET, Query
from grafana.generator.tables import hidden

_PREFIX: Final = "btchealth_"


def row(group: Group, shown: Iterable[Panel]) -> Row | None:
    """Closed until somebody looks; None where every family of the group has a panel."""
    queries = "\n".join(query.expr for panel in shown for query in panel.queries)
    names = set(re.findall(rf"{_PREFIX}\w+", queries))
    left = [one for one in catalogue.metrics() if one.group is group and not one.raw_only and one.name not in names]
    panels = list(_panels(left))
    if not panels:
        return None
    widths = layout.evenly(len(panels), most=2)
    even = (replace(panel, width=width) for panel, width in zip(panels, widths, strict=True))
    return Row("What else is known?", tuple(even), collapsed=True)


def _panels(left: Iterable[Metric]) -> Iterator[Panel]:
    together: dict[str, list[Metric]] = defaultdict(list)
    for metric in left:
        together[_origin(metric)].append(metric)
    yield from (_table(origin, members) for origin, members in sorted(together.items(), key=lambda one: -len(one[1])))


def _origin(metric: Metric) -> str:
    places = registry.origins().get(metric)
    return places[0][0].title if places else "our own arithmetic"


def _table(origin: str, members: list[Metric]) -> Panel:
    values = [one for one in members if one.unit is not Unit.TIMESTAMP]
    times = [one for one in members if one.unit is Unit.TIMESTAMP]
    queries = [Query(_all_of(values))] if values else []
    queries += [Query(f"{_all_of(times)} * 1000")] if times else []
    value, time = ("Value #A", "Value #B") if values and times else ("Value", "Value")
    # The number stands second, where a phone still shows it.
    fields = [Field("metric", label="Quantity", width=230)]
    fields += [Field(value, label="Value", unit="short", width=100)] if values else []
    fields += [Field(time, label="Time", unit="dateTimeFromNow", width=130)] if times else []
    fields.append(Field("which", label="Of", properties={"custom.minWidth": 150}))
    return Panel(
        f"What else does {origin} say?",
        "Numbers that no panel above shows and no score reads. The last words of a name are its unit; docs/metrics.md "
        "says what each of them is.",
        Kind.TABLE, tuple(queries), height=12, fields=tuple(fields), transformations=(("merge", {}), hidden("Time")),
    )  # fmt: skip


def _all_of(members: list[Metric]) -> str:
    """One row for each series: the name without prefix, and the values of its labels in one column."""
    labels = dict.fromkeys(label for metric in members for label in metric.labels)
    chosen = f'{{__name__=~"{"|".join(metric.name for metric in members)}",{TARGET}}}'
    named = f'label_replace({chosen}, "metric", "$1", "__name__", "{_PREFIX}(.+)")'
    if not labels:
        return f"max by (metric) ({named})"
    joined = ", ".join(f'"{label}"' for label in labels)
    return f'max by (metric, which) (label_join({named}, "which", " ", {joined}))'
