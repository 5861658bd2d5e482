"""Panels as Grafana's JSON, through its typed SDK."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, common, gauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus as prometheus_build
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as prometheus_model

from grafana.generator.colours import GREY, PLAIN
from grafana.generator.limits import Step, Steps
from grafana.generator.panels import LARGE, NOW, Field, Kind, Link, Panel
from grafana.generator.queries import Query

DATA_SOURCE: Final = common_model.DataSourceRef("prometheus", "${datasource}")

_PLAIN_STEPS: Final[Steps] = (Step(None, PLAIN),)

# A label that a row does not have; the text for an empty table would stand in each such cell.
EMPTY_CELL: Final = "-"

# The builders of all panel types share these methods without sharing a type.
Builder = Any


def rendered(panel: Panel, number: int) -> Builder:
    builder = _MAKERS[panel.kind](panel)
    builder.id(number).title(panel.title).description(panel.description)
    builder.datasource(DATA_SOURCE).links([_link(link) for link in panel.links])
    for reference, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        builder.with_target(_target(reference, query, panel.kind))
    for name, options in panel.transformations:
        # Columns stand in the order in which the panel names them.
        order = (
            {"indexByName": {one.name: index for index, one in enumerate(panel.fields)}} if name == "organize" else {}
        )
        builder.with_transformation(model.DataTransformerConfig(id_val=name, options={**options, **order}))
    if panel.kind is not Kind.ALERTS:
        _field_defaults(builder, panel)
        _overrides(builder, panel)
    return builder


def _target(reference: str, query: Query, kind: Kind) -> prometheus_build.Dataquery:
    target = prometheus_build.Dataquery().ref_id(reference).expr(query.expr).datasource(DATA_SOURCE)
    target.legend_format(query.legend or "__auto")
    target = target.instant() if kind in NOW else target.range()
    if kind is Kind.TABLE:
        target.format(prometheus_model.PromQueryFormat.TABLE)
    return target.interval(query.interval) if query.interval else target


def _field_defaults(builder: Builder, panel: Panel) -> None:
    builder.unit(panel.unit).no_value(panel.why_empty).thresholds(_thresholds(panel.steps or _PLAIN_STEPS))
    for value, put in (
        (panel.decimals, builder.decimals),
        (panel.minimum, builder.min),
        (panel.maximum, builder.max),
    ):
        if value is not None:
            put(value)
    mappings = _mappings(panel.mappings)
    if panel.kind in LARGE:
        mappings.append(_nothing(panel.why_empty, panel.empty_colour))
    if mappings:
        builder.mappings(mappings)
    if panel.data_links:
        builder.data_links([_link(link) for link in panel.data_links])


def _overrides(builder: Builder, panel: Panel) -> None:
    for name, colour in panel.colours.items():
        builder.override_by_name(name, [_fixed(colour)])
    if panel.kind is Kind.TABLE:
        builder.override_by_regexp(".*", [model.DynamicConfigValue("noValue", EMPTY_CELL)])
    for one in panel.fields:
        builder.override_by_name(one.name, [*_properties(one), *_cell(one, panel.kind)])


def _thresholds(steps: Steps) -> build.ThresholdsConfig:
    marks = [model.Threshold(step.value, step.colour) for step in steps]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(marks)


def _mappings(mappings: Mapping[str, tuple[str, str]]) -> list[Any]:
    if not mappings:
        return []
    results = {
        value: model.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(mappings.items())
    }
    return [model.ValueMap(options=results)]


def _nothing(text: str, colour: str = GREY) -> model.SpecialValueMap:
    """Else the text for no value takes the colour of the lowest threshold, which stands for bad."""
    said = model.ValueMappingResult(text=text, color=colour)
    nothing = model.SpecialValueMatch.NULL_AND_NAN
    return model.SpecialValueMap(options=model.DashboardSpecialValueMapOptions(match=nothing, result=said))


def _fixed(colour: str) -> model.DynamicConfigValue:
    return model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def _properties(one: Field) -> Iterator[model.DynamicConfigValue]:
    plain = {
        "unit": one.unit, "decimals": one.decimals, "displayName": one.label, "custom.width": one.width,
        "custom.hidden": one.hidden or None,
    }  # fmt: skip
    for name, value in plain.items():
        if value is not None:
            yield model.DynamicConfigValue(name, value)
    for name, value in one.properties.items():
        yield model.DynamicConfigValue(name, value)
    if one.colour:
        yield _fixed(one.colour)
    if one.links:
        yield model.DynamicConfigValue("links", [_link(link).build() for link in one.links])
    if one.mappings or one.steps:
        yield model.DynamicConfigValue("mappings", [*_mappings(one.mappings), _nothing(one.empty or EMPTY_CELL)])
    if one.steps:
        yield model.DynamicConfigValue("thresholds", _thresholds(one.steps).build())


def _cell(one: Field, kind: Kind) -> Iterator[model.DynamicConfigValue]:
    """Labels are text, also where they look like a number: Grafana would round a version."""
    if kind is Kind.TABLE and one.unit is None and not one.name.startswith("Value"):
        yield model.DynamicConfigValue("unit", "string")
    if kind is Kind.TABLE and (one.steps or one.mappings):
        # Grafana chooses a letter that stands out from the ground; orange letters on white could not be read.
        yield model.DynamicConfigValue("custom.cellOptions", {"type": "color-background", "mode": "basic"})


def _link(link: Link) -> build.DashboardLink:
    """What leads out of Grafana opens beside it."""
    made = build.DashboardLink(link.title).url(link.url).type(model.DashboardLinkType.LINK)
    return made.target_blank("://" in link.url)


def _scheme(mode: model.FieldColorModeId, colour: str | None = None) -> build.FieldColor:
    scheme = build.FieldColor().mode(mode)
    return scheme.fixed_color(colour) if colour else scheme


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["lastNotNull"])


def _lines(panel: Panel) -> Builder:
    shown = len(panel.queries) > 1 or any("{{" in query.legend for query in panel.queries)
    legend = _legend(shown)
    tooltip = common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI)
    builder = timeseries.Panel().legend(legend).tooltip(tooltip.sort(common_model.SortOrder.DESCENDING))
    builder.line_width(2).fill_opacity(0 if shown else 8).show_points(common_model.VisibilityMode.AUTO)
    builder.line_interpolation(common_model.LineInterpolation.LINEAR)
    if panel.shaded:
        style = common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.DASHED_AND_AREA)
        builder.thresholds_style(style)
    if panel.reaching is not None:
        builder.axis_soft_min(panel.reaching).axis_soft_max(panel.reaching)
    if panel.log_scale:
        scale = common.ScaleDistributionConfig().type(common_model.ScaleDistribution.LOG).log(10)
        builder.scale_distribution(scale)
    if panel.colours or any(one.colour for one in panel.fields):
        return builder.color_scheme(_scheme(model.FieldColorModeId.PALETTE_CLASSIC))
    if shown:
        return builder.color_scheme(_scheme(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return builder.color_scheme(_scheme(model.FieldColorModeId.FIXED, PLAIN))


def _legend(shown: bool) -> common.VizLegendOptions:
    """A list below: a table of numbers takes half the width of a phone."""
    legend = common.VizLegendOptions().show_legend(shown).calcs([])
    return legend.placement(common_model.LegendPlacement.BOTTOM).display_mode(common_model.LegendDisplayMode.LIST)


def _stat(panel: Panel) -> Builder:
    """Without a line behind the number: a line ends with the last value that there was, however old."""
    several = len(panel.queries) > 1 or any("{{" in query.legend for query in panel.queries)
    text = common_model.BigValueTextMode.VALUE_AND_NAME if several else common_model.BigValueTextMode.VALUE
    builder = stat.Panel().graph_mode(common_model.BigValueGraphMode.NONE).text_mode(text).reduce_options(_last())
    builder.color_mode(common_model.BigValueColorMode.VALUE).justify_mode(common_model.BigValueJustifyMode.AUTO)
    return builder.color_scheme(_scheme(model.FieldColorModeId.THRESHOLDS))


def _gauge(_panel: Panel) -> Builder:
    builder = gauge.Panel().show_threshold_markers(True).show_threshold_labels(False)
    return builder.reduce_options(_last()).color_scheme(_scheme(model.FieldColorModeId.THRESHOLDS))


def _bars(_panel: Panel) -> Builder:
    builder = bargauge.Panel().display_mode(common_model.BarGaugeDisplayMode.BASIC).reduce_options(_last())
    builder.value_mode(common_model.BarGaugeValueMode.TEXT).show_unfilled(True)
    builder.name_placement(common_model.BarGaugeNamePlacement.LEFT).min_viz_height(16)
    # Without sizes of their own, names grow with the height of a bar and leave no room for it.
    builder.text(common.VizTextDisplayOptions().title_size(13).value_size(14))
    builder.orientation(common_model.VizOrientation.HORIZONTAL)
    return builder.color_scheme(_scheme(model.FieldColorModeId.THRESHOLDS))


# Rows of the grid from which a table holds more than one sees at once, and can be filtered by column.
_LONG: Final = 9


def _table(panel: Panel) -> Builder:
    builder = (
        table.Panel().show_header(True).filterable(panel.height >= _LONG).cell_height(common_model.TableCellHeight.SM)
    )
    if panel.fields:
        first = panel.fields[0]
        column = panel.sort_column or first.label or first.name
        builder.sort_by([common.TableSortByFieldState().display_name(column).desc(panel.descending)])
    return builder.color_scheme(_scheme(model.FieldColorModeId.THRESHOLDS))


def _states(_panel: Panel) -> Builder:
    """Texts and colours come from the mappings: with colours by threshold, Grafana merges by threshold instead."""
    builder = statetimeline.Panel().show_value(common_model.VisibilityMode.NEVER).merge_values(True).per_page(20)
    builder.row_height(0.85).line_width(0).fill_opacity(85).legend(_legend(shown=True))
    return builder.color_scheme(_scheme(model.FieldColorModeId.FIXED, PLAIN))


def _alert_list(panel: Panel) -> Builder:
    return build.Panel().type("alertlist").options(dict(panel.options))


_MAKERS: Final[Mapping[Kind, Callable[[Panel], Builder]]] = {
    Kind.LINES: _lines,
    Kind.STAT: _stat,
    Kind.GAUGE: _gauge,
    Kind.BARS: _bars,
    Kind.TABLE: _table,
    Kind.STATES: _states,
    Kind.ALERTS: _alert_list,
}
