"""One dashboard for each pillar, made from the published method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from exporter.spec import Group
from grafana.generator import layout, limits, names, rest
from grafana.generator.annotations import NETWORK
from grafana.generator.board import ALL_PILLARS, OPERATIONS, PILLAR_TAG, Board, Row
from grafana.generator.colours import BAD, BLUE, GOOD, WARNING
from grafana.generator.families import family
from grafana.generator.overview import WITHHELD_IN_SHORT
from grafana.generator.panels import FORMATS, Field, Kind, Link, Panel, bars, lines
from grafana.generator.queries import RATE, Query, lowest, name_of, quantity, value
from grafana.generator.questions import ALERT_LIMITS, QUESTIONS, RAW, Raw
from grafana.generator.tables import runbook
from scoring.indicator import Indicator, Pillar, Ratio
from scoring.methodology import METHOD

_PREFIX: Final = "btchealth_"
# Of shares whose limit is a fraction of a percent.
_DECIMALS: Final = {"stale_rate": 2}
_HELD: Final = {"1": ("Fresh", GOOD), "0": ("Held", WARNING)}


def boards() -> tuple[Board, ...]:
    return tuple(_board(pillar) for pillar in METHOD.pillars)


def _board(pillar: Pillar) -> Board:
    rows = [
        Row("", tuple(_summary(pillar))),
        Row("What do the indicators measure?", _even([_measured(indicator) for indicator in pillar.indicators])),
        Row("What else explains it?", _explained(pillar), collapsed=True),
    ]
    else_known = rest.row(Group(pillar.id), [panel for row in rows for panel in row.panels])
    if else_known:
        rows.append(else_known)
    return Board(
        pillar.id, f"Bitcoin health: {pillar.title}", pillar.question, rows,
        onward=("overview", ALL_PILLARS, OPERATIONS, "history"), annotations=NETWORK, since="now-7d",
        tag=PILLAR_TAG,
    )  # fmt: skip


def _of(name: str, pillar: Pillar, over: str | None = None) -> str:
    return value(f'{_PREFIX}{name}{{pillar="{pillar.id}"}}', over)


def _even(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    return tuple(replace(panel, width=width) for panel, width in zip(panels, layout.evenly(len(panels)), strict=True))


def _summary(pillar: Pillar) -> Iterator[Panel]:
    yield Panel(
        "How healthy is it?",
        f"Score of the pillar of 100: {pillar.question} Red below the level at which its alert fires.",
        Kind.GAUGE, (Query(_of("pillar_score", pillar)),),
        decimals=1, width=5, height=9, minimum=0, maximum=100, steps=limits.pillar_steps(),
        no_value=WITHHELD_IN_SHORT,
        links=(Link("What to do when it is low", runbook(f"BtcHealth{pillar.id.capitalize()}ScoreLow")),),
    )  # fmt: skip
    yield Panel(
        "How sure is it?",
        "Lowest and highest score possible if every input that is not fresh were at its worst or at its best, the "
        "share of the pillar's weight that rests on fresh data, and its weight in the overall score.",
        Kind.STAT,
        (
            Query(_of("pillar_score_lower_bound", pillar), "At least"),
            Query(_of("pillar_score_upper_bound", pillar), "At most"),
            Query(_of("pillar_coverage_ratio", pillar), "Coverage"),
            Query(_of("pillar_weight_ratio", pillar), "Weight"),
            Query(_of("pillar_effective_weight_ratio", pillar), "In effect"),
        ),
        decimals=1, width=4, height=9,
        fields=(
            Field("Coverage", unit="percentunit", decimals=0, steps=limits.coverage_steps()),
            Field("Weight", unit="percentunit", decimals=0),
            Field("In effect", unit="percentunit", decimals=0),
        ),
    )  # fmt: skip
    indicator_score = f'{_PREFIX}indicator_score{{pillar="{pillar.id}"}}'
    yield bars(
        "Which indicator is weak?", indicator_score, "{{indicator}}", "Red below the level at which a pillar's alert "
        "fires.", order="sort", width=8, height=9, maximum=100, steps=limits.pillar_steps(),
        fields=names.indicators(pillar),
    )  # fmt: skip
    yield bars(
        "What lost points?", f"{_PREFIX}indicator_points_lost{{pillar=\"{pillar.id}\"}}", "{{indicator}}",
        width=7, height=9, fields=names.indicators(pillar),
    )  # fmt: skip
    scores = Query(_of("indicator_score", pillar, RATE), "{{indicator}}")
    yield Panel(
        "How have the indicators moved?", "Score of each indicator of 100 over time.", Kind.LINES, (scores,),
        decimals=0, width=15, height=9, minimum=0, maximum=100, fields=names.lines(pillar),
    )  # fmt: skip
    yield Panel(
        "Which of them rest on fresh data?",
        "Fresh while every input is young enough, held while the last score stands because an input is too old. "
        "Nothing: it is missing, and its weight goes to the others.",
        Kind.STATES, (lowest(f'{_PREFIX}indicator_covered{{pillar="{pillar.id}"}}', "{{indicator}}"),),
        width=9, height=9, mappings=_HELD, fields=names.indicators(pillar),
    )  # fmt: skip


def _weights(pillar: Pillar) -> Panel:
    return Panel(
        "How much does each indicator weigh?",
        "Weight of each indicator inside the pillar over those that are exported: it grows when another is missing.",
        Kind.BARS, (Query(f"sort_desc({_of('indicator_weight_ratio', pillar)})", "{{indicator}}"),),
        unit="percentunit", decimals=0, width=8, height=7, minimum=0, fields=names.indicators(pillar),
    )  # fmt: skip


def _measured(indicator: Indicator) -> Panel:
    steps, said = _band(indicator)
    unit, decimals = _format(indicator)
    return Panel(
        QUESTIONS.get(indicator.id, f"{indicator.title}?"),
        f"{indicator.title}. {indicator.why} {said}",
        Kind.LINES, (Query(quantity(indicator.quantity, RATE), indicator.title),),
        unit=unit, decimals=decimals, width=8, height=7, steps=steps, shaded=True, reaching=steps[1].value,
    )  # fmt: skip


def _band(indicator: Indicator) -> tuple[limits.Steps, str]:
    first, *_, last = indicator.curve.anchors
    rising = first.score <= last.score
    if indicator.id in ALERT_LIMITS:
        alert, name = ALERT_LIMITS[indicator.id]
        return limits.band(limits.limit(name), low_is_bad=rising, colour=BAD), f"Shaded: where {alert} fires."
    low = limits.limit("pillar_low")
    mark = limits.at_score(indicator.curve, low)
    return limits.band(mark, low_is_bad=rising, colour=WARNING), f"Shaded: scores below {low:g}."


def _format(indicator: Indicator) -> tuple[str, int | None]:
    if isinstance(indicator.quantity, Ratio):
        return "percentunit", _DECIMALS.get(indicator.id, 1)
    return FORMATS[family(name_of(indicator.quantity.selectors[0])).unit]


def _raw(raw: Raw) -> Panel:
    series = {legend: f"{_PREFIX}{selector}" for legend, selector in raw.series.items()}
    return lines(raw.question, series, **{"height": 7, **raw.options})


def _explained(pillar: Pillar) -> tuple[Panel, ...]:
    raw = [_weights(pillar), *(_raw(one) for one in RAW.get(pillar.id, ()))]
    if pillar.id != "decentralization":
        return _even(raw)
    # Pools are many: their bars stand beside two lines of other panels.
    return (_pools(), *raw[:4], *_even(raw[4:]))


def _pools() -> Panel:
    return bars(
        "Who finds the blocks?", f'{_PREFIX}mining_pool_share_ratio{{window="7d"}}', "{{pool}}",
        width=8, height=14, steps=(limits.Step(None, BLUE), limits.Step(limits.limit("pool_share_high_ratio"), BAD)),
    )  # fmt: skip
