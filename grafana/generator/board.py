"""A dashboard: one question, its rows, and the frame that all of them share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from grafana.generator import layout
from grafana.generator.annotations import Annotation
from grafana.generator.panels import Link, Panel
from grafana.generator.render import DATA_SOURCE, rendered

PREFIX: Final = "btchealth"
TAG: Final = "btc-health"
# Lists of dashboards with one tag: one link each, because six do not fit above a phone's screen.
ALL_PILLARS: Final = "pillars"
PILLAR_TAG: Final = "pillar"
OPERATIONS: Final = "operations"
LISTS: Final = {ALL_PILLARS: PILLAR_TAG, OPERATIONS: OPERATIONS}
# Ten years are the only range that it has an answer for, and no other dashboard has one for ten years.
OWN_TIME: Final = "history"
PRODUCT: Final = "Bitcoin health: "

# Uid of the data source that grafana/provisioning declares.
PROVISIONED: Final = "btchealth-prometheus"
# The number by which Grafana's editor knows a query for the values of a label.
_LABEL_VALUES: Final = 1

# Families that tell which jobs and instances there are; both exist as long as the exporter answers.
_PRESENT: Final = "btchealth_overall_coverage_ratio"


# The time and the variables that a link takes along; every dashboard has them.
_TIME: Final = "${__url_time_range}&"
_KEPT: Final = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}"


@dataclass(frozen=True, slots=True)
class Row:
    """`title` empty for the first panels, which need no heading."""

    title: str
    panels: Sequence[Panel]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Board:
    """`id` makes the uid; `onward` are ids of the dashboards to look at next, the first of them leads back up.

    ALL_PILLARS among them stands for all five, OPERATIONS for alerts, sources and exporter.
    """

    id: str
    title: str
    question: str
    rows: Sequence[Row]
    onward: Sequence[str]
    annotations: Sequence[Annotation] = ()
    variables: Sequence[Variable] = ()
    since: str = "now-24h"
    refresh: str = "1m"
    tag: str = "network"

    @property
    def short_title(self) -> str:
        """For a row of links, where the product's name would be repeated."""
        short = self.title.removeprefix(PRODUCT)
        return short[0].upper() + short[1:]

    @property
    def uid(self) -> str:
        return uid(self.id)

    def panels(self) -> Iterator[Panel]:
        for row in self.rows:
            yield from row.panels


def uid(board: str) -> str:
    return f"{PREFIX}-{board}"


def link_to(board: str, title: str, variables: str = "") -> Link:
    """Opens another dashboard with the same data source, job, instance and time."""
    time = "" if board == OWN_TIME else _TIME
    return Link(title, f"/d/{uid(board)}?{time}{_KEPT}{variables}")


def to_json(board: Board, titles: dict[str, str]) -> str:
    """`titles` of all dashboards by id, for the links."""
    frame = build.Dashboard(board.title).uid(board.uid).description(board.question).tags([TAG, board.tag]).readonly()
    frame.time(board.since, "now").timezone("browser").refresh(board.refresh).version(1)
    frame.tooltip(model.DashboardCursorSync.CROSSHAIR)
    for variable in _variables(board):
        frame.with_variable(variable)
    frame.annotations(list(board.annotations))
    for link in _links(board, titles):
        frame.link(link)
    numbers = iter(range(1, 1000))
    below = 0
    for row in board.rows:
        below = _add_row(frame, row, numbers, below)
    plain: dict[str, Any] = json.loads(JSONEncoder().encode(frame.build()))
    return json.dumps({"id": None, **plain}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _add_row(frame: build.Dashboard, row: Row, numbers: Iterator[int], top: int) -> int:
    """The first line below the row. A closed row takes one line, and holds its panels."""
    heading = build.Row(row.title).id(next(numbers)) if row.title else None
    first = top + 1 if heading else top
    places = list(layout.placed([layout.Size(panel.width, panel.height) for panel in row.panels]))
    panels = [
        rendered(panel, next(numbers)).grid_pos(
            model.GridPos(h=panel.height, w=panel.width, x=place.x, y=first + place.y)
        )
        for panel, place in zip(row.panels, places, strict=True)
    ]
    if heading and row.collapsed:
        for one in panels:
            heading.with_panel(one)
    if heading:
        frame.with_row(heading.grid_pos(model.GridPos(h=1, w=layout.COLUMNS, x=0, y=top)))
    if row.collapsed:
        return first
    for one in panels:
        frame.with_panel(one)
    return first + max(place.y + panel.height for panel, place in zip(row.panels, places, strict=True))


def _variables(board: Board) -> Iterator[build.DatasourceVariable | build.QueryVariable]:
    ours = model.VariableOption(text="Prometheus", value=PROVISIONED, selected=True)
    yield build.DatasourceVariable("datasource").label("Data source").type("prometheus").current(ours)
    # "All" are the exporter's jobs by name: other jobs have families such as `up` too.
    yield _query_variable("job", "Job", f"label_values({_PRESENT}, job)")
    # Series filled in from history have no instance, so "all" takes those without one as well.
    yield _query_variable("instance", "Instance", f'label_values({_PRESENT}{{job=~"$job"}}, instance)').all_value(".*")
    for one in board.variables:
        yield _query_variable(one.name, one.label, one.query).all_value(".*")


def _query_variable(name: str, label: str, query: str) -> build.QueryVariable:
    everything = model.VariableOption(text="All", value="$__all", selected=True)
    asked = {"qryType": _LABEL_VALUES, "query": query, "refId": name}
    variable = build.QueryVariable(name).label(label).query(asked).current(everything)
    variable.datasource(DATA_SOURCE).multi(True).include_all(True)
    return variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)


def _links(board: Board, titles: dict[str, str]) -> Iterator[build.DashboardLink]:
    for other in board.onward:
        if other in LISTS:
            link = build.DashboardLink(other.capitalize()).type(model.DashboardLinkType.DASHBOARDS)
            link.tags([TAG, LISTS[other]]).as_dropdown(True)
        else:
            link = build.DashboardLink(titles[other]).type(model.DashboardLinkType.LINK).url(f"/d/{uid(other)}")
            link.icon("dashboard")
        yield link.keep_time(OWN_TIME not in {board.id, other}).include_vars(True)
