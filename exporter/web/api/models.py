"""Bodies of the API: what is answered is checked against them, and the OpenAPI document is made from them.

Times are Unix seconds. A value that is not known is null, never 0.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _within(value: Any, top: float) -> Any:
    """Sums of floats may end a rounding error beyond the scale."""
    return min(max(value, 0.0), top) if isinstance(value, float) and -ROUNDING < value < top + ROUNDING else value


ROUNDING: Final = 1e-9
Score = Annotated[float, BeforeValidator(partial(_within, top=100.0)), Field(ge=0, le=100)]
Ratio = Annotated[float, BeforeValidator(partial(_within, top=1.0)), Field(ge=0, le=1)]
State = Literal["fresh", "held", "missing"]
Health = Literal["healthy", "degraded", "unhealthy", "disabled"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Bounds(Body):
    """Lowest and highest score possible if every input that is not fresh were at its worst or at its best."""

    lower: Score
    upper: Score


class MetricSeries(Body):
    labels: dict[str, str]
    value: float
    unit: str
    source: Annotated[str, Field(description="Where the value is from: source, endpoint and host.")]
    data_time: Annotated[float, Field(description="End of the interval that the value describes.")]


class Input(Body):
    selector: Annotated[str, Field(description="The series, as PromQL writes it.")]
    value: float | None
    data_time: float | None
    source: str | None


class Indicator(Body):
    id: str
    title: str
    state: State
    score: Score | None
    value: float | None
    quantity: str
    weight: Annotated[Ratio, Field(description="In the pillar, as declared.")]
    effective_weight: Annotated[Ratio, Field(description="In the pillar, over what counts now.")]
    points_lost: Annotated[float | None, Field(description="All of them sum to 100 minus the overall score.")]
    fresh_at: float | None
    inputs: list[Input]


class Pillar(Body):
    title: str
    score: Score | None
    bounds: Bounds
    coverage: Ratio
    weight: Ratio
    metrics: dict[str, list[MetricSeries]]
    indicators: list[Indicator]


class Alert(Body):
    name: str
    severity: str | None
    state: Literal["active", "suppressed", "unprocessed"]
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: float
    fingerprint: str


class ScoreLatest(Body):
    overall: Annotated[Score | None, Field(description="Null while withheld for want of coverage.")]
    bounds: Bounds
    coverage: Annotated[Ratio, Field(description="Share of the weight that rests on fresh data.")]
    pillars: dict[str, Pillar]
    alerts: Annotated[list[Alert] | None, Field(description="Null when they are not known.")]
    alerts_reason: Annotated[str | None, Field(description="Why alerts are not known.")]
    data_freshness: Literal["fresh", "stale", "unknown"]
    as_of: Annotated[float, Field(description="Time of evaluation.")]
    methodology: Annotated[str, Field(description="Version of the method.")]


class Statistics(Body):
    """Of the points in `data`; null where there are none."""

    min: float | None
    max: float | None
    mean: float | None
    std_dev: Annotated[float | None, Field(ge=0, description="Of the population, as PromQL's stddev.")]
    count: Annotated[int, Field(ge=0)]


class TimeSeries(Body):
    series: Annotated[str, Field(description="The series that was found, as PromQL writes it.")]
    data: Annotated[list[tuple[int, float]], Field(max_length=11_000, description="Unix seconds and value.")]
    statistics: Statistics
    step: Annotated[int, Field(ge=1, description="Seconds.")]


class Loss(Body):
    pillar: str
    indicator: str
    title: str
    state: State
    score: Score | None
    value: float | None
    quantity: str
    points_lost: float


class Movement(Body):
    """Points of the change of the overall score; `by_score` and `by_weight` sum to `points`."""

    pillar: str
    indicator: str
    points: float
    by_score: Annotated[float, Field(description="Its own score changed.")]
    by_weight: Annotated[float, Field(description="What counts changed, or the cap took or gave.")]


class Change(Body):
    """Since the scorecard that was kept last at or before the time asked for."""

    since: float
    overall_before: Score
    overall_now: Score
    points: float
    movements: Annotated[list[Movement], Field(description="Largest first; they sum to `points`.")]


class Missing(Body):
    """An indicator without fresh data: `held` still counts with its last score, `missing` does not."""

    pillar: str
    indicator: str
    title: str
    state: Literal["held", "missing"]
    weight: Ratio
    fresh_at: float | None
    absent_inputs: list[str]


class Sensitivity(Body):
    """A pillar's score, and its range if any one indicator were left out."""

    pillar: str
    score: Score
    lowest: Score
    without_for_lowest: str
    highest: Score
    without_for_highest: str


class Explanation(Body):
    overall: Score | None
    bounds: Bounds
    coverage: Ratio
    capped_by: Annotated[str | None, Field(description="The pillar that holds the overall score below the mean.")]
    lost: Annotated[list[Loss], Field(description="What costs points, costliest first; empty while withheld.")]
    changed: Annotated[Change | None, Field(description="Null when it is not known.")]
    changed_reason: Annotated[str | None, Field(description="Why the change is not known.")]
    missing: list[Missing]
    sensitivity: list[Sensitivity]
    unusual: Annotated[
        dict[str, Ratio],
        Field(
            description="Percentile rank of each indicator's value among its daily values of the last year, "
            "of those with at least 292 days. Shown, never scored."
        ),
    ]
    as_of: float
    methodology: str


class LastError(Body):
    reason: str
    message: str
    at: float


class Endpoint(Body):
    up: bool
    interval: float
    max_age: float
    last_success: float | None
    data_time: float | None
    last_change: float | None
    next_poll: float | None
    host: Annotated[str | None, Field(description="Where the data on show are from.")]
    position: Annotated[int | None, Field(ge=0, description="Of the base URL in use; 0 is the preferred one.")]
    fetches: int
    failures: dict[str, int]
    rejected: dict[str, int]
    unknown_fields: int
    last_error: LastError | None


class Source(Body):
    status: Health
    up: bool
    data_quality: Ratio
    clock_skew: float | None
    breaker_open: bool
    remaining_requests: Annotated[int, Field(description="Calls that the budget allows now.")]
    refused_base_urls: Annotated[
        dict[str, str], Field(description="Base URLs of another network, with what showed it.")
    ]
    endpoints: dict[str, Endpoint]


class Sources(Body):
    as_of: float
    sources: dict[str, Source]
