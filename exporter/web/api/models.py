"""Bodies of the API: what is answered is checked against them, and the OpenAPI document is made from them.

Times are Unix seconds. A value that is not known is null, never 0. Here: the score and its time series.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo


def _within(value: Any, top: float) -> Any:
    """Sums of floats may end a rounding error beyond the scale."""
    return min(max(value, 0.0), top) if isinstance(value, float) and -ROUNDING < value < top + ROUNDING else value


ROUNDING: Final = 1e-9
Score = Annotated[float, BeforeValidator(partial(_within, top=100.0)), Field(ge=0, le=100)]
Ratio = Annotated[float, BeforeValidator(partial(_within, top=1.0)), Field(ge=0, le=1)]
State = Literal["fresh", "held", "missing"]
Health = Literal["healthy", "degraded", "unhealthy", "disabled"]


def says(text: str, **bounds: Any) -> FieldInfo:
    """The description of a field, with its unit."""
    described: FieldInfo = Field(description=text, **bounds)
    return described


PillarId = Annotated[str, says("Id of the pillar.")]
IndicatorId = Annotated[str, says("Id of the indicator.")]
Title = Annotated[str, says("Name for a person.")]
# In explanations too.
IndicatorState = Annotated[State, says("`held` counts with its last score, `missing` does not count.")]
IndicatorScore = Annotated[Score | None, says("From 0 to 100; null while missing.")]
IndicatorValue = Annotated[float | None, says("Of `quantity`, in the unit that /api/v2/methodology gives it.")]
Quantity = Annotated[str, says("What is scored, as PromQL writes it.")]
Overall = Annotated[Score | None, says("From 0 to 100; null while withheld for want of coverage.")]
Coverage = Annotated[Ratio, says("Share of the weight that rests on fresh data, from 0 to 1.")]
AsOf = Annotated[float, says("Time of evaluation, Unix seconds.")]
Version = Annotated[str, says("Version of the method.")]
FreshAt = Annotated[float | None, says("When its data were fresh last, Unix seconds.")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Bounds(Body):
    """Lowest and highest score possible if every input that is not fresh were at its worst or at its best."""

    lower: Annotated[Score, says("From 0 to 100.")]
    upper: Annotated[Score, says("From 0 to 100.")]


class MetricSeries(Body):
    labels: Annotated[dict[str, str], says("Values of labels by their names.")]
    value: Annotated[float, says("In `unit`, as on /metrics.")]
    unit: Annotated[str, says("Of the value.")]
    source: Annotated[str, says("Where the value is from: source, endpoint and host.")]
    data_time: Annotated[float, says("End of the interval that the value describes, Unix seconds.")]


class Input(Body):
    selector: Annotated[str, says("The series, as PromQL writes it.")]
    value: Annotated[float | None, says("In the unit of the series; null while it is not known.")]
    data_time: Annotated[float | None, says("End of the interval that the value describes, Unix seconds.")]
    source: Annotated[str | None, says("Where the value is from: source, endpoint and host.")]


class Indicator(Body):
    id: IndicatorId
    title: Title
    state: IndicatorState
    score: IndicatorScore
    value: IndicatorValue
    quantity: Quantity
    weight: Annotated[Ratio, says("Share of the pillar, from 0 to 1, as declared.")]
    effective_weight: Annotated[Ratio, says("Share of the pillar, from 0 to 1, over what counts now.")]
    points_lost: Annotated[
        float | None, says("Points of the overall score; all of them sum to 100 minus it. Null while it is withheld.")
    ]
    fresh_at: FreshAt
    inputs: Annotated[list[Input], says("What the quantity is made of.")]


class Pillar(Body):
    title: Title
    score: Overall
    bounds: Annotated[Bounds, says("Of the pillar's score.")]
    coverage: Coverage
    weight: Annotated[Ratio, says("Share of the overall score, from 0 to 1, as configured.")]
    metrics: Annotated[dict[str, list[MetricSeries]], says("Series of the pillar by the name of their metric.")]
    indicators: Annotated[list[Indicator], says("What the score is made of.")]


class Alert(Body):
    name: Annotated[str, says("Name of the rule.")]
    severity: Annotated[str | None, says("Its label `severity`.")]
    state: Annotated[
        Literal["active", "suppressed", "unprocessed"], says("`suppressed`: silenced, inhibited or muted.")
    ]
    labels: Annotated[dict[str, str], says("Values of labels by their names.")]
    annotations: Annotated[dict[str, str], says("Texts of the rule by their names.")]
    starts_at: Annotated[float, says("Since when it fires, Unix seconds.")]
    fingerprint: Annotated[str, says("The Alertmanager's own id of it.")]


class ScoreLatest(Body):
    overall: Overall
    bounds: Annotated[Bounds, says("Of the overall score.")]
    coverage: Coverage
    pillars: Annotated[dict[str, Pillar], says("By id.")]
    alerts: Annotated[list[Alert] | None, says("Oldest first, at most 200; null while they are not known.")]
    alerts_reason: Annotated[str | None, says("Why alerts are not known.")]
    data_freshness: Annotated[
        Literal["fresh", "stale", "unknown"],
        says("`fresh` from a coverage of 0.9, `stale` below, `unknown` while the score is withheld."),
    ]
    as_of: AsOf
    methodology: Version


class Statistics(Body):
    """Of the points in `data`, in the unit of the series; null where there are none."""

    min: Annotated[float | None, says("Smallest value.")]
    max: Annotated[float | None, says("Largest value.")]
    mean: Annotated[float | None, says("Sum of the values by their number.")]
    std_dev: Annotated[float | None, says("Of the population, as PromQL's stddev.", ge=0)]
    count: Annotated[int, says("Number of points.", ge=0)]


class TimeSeries(Body):
    series: Annotated[str, says("The series that was found, as PromQL writes it.")]
    data: Annotated[
        list[tuple[int, float]],
        says(
            "Unix seconds, a multiple of `step`, and the value then; no point where none is known.", max_length=11_000
        ),
    ]
    statistics: Annotated[Statistics, says("Of the points in `data`.")]
    step: Annotated[int, says("Between two points, seconds.", ge=1)]
