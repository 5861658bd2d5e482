"""Body of `/api/v2/score/explain`."""

from __future__ import annotations

from typing import Annotated, Literal

from exporter.web.api.models import (
    AsOf,
    Body,
    Bounds,
    Coverage,
    FreshAt,
    IndicatorId,
    IndicatorScore,
    IndicatorState,
    IndicatorValue,
    Overall,
    PillarId,
    Quantity,
    Ratio,
    Score,
    Title,
    Version,
    says,
)


class Loss(Body):
    pillar: PillarId
    indicator: IndicatorId
    title: Title
    state: IndicatorState
    score: IndicatorScore
    value: IndicatorValue
    quantity: Quantity
    points_lost: Annotated[float, says("Points of the overall score.")]


class Movement(Body):
    """Points of the change of the overall score; `by_score` and `by_weight` sum to `points`."""

    pillar: PillarId
    indicator: IndicatorId
    points: Annotated[float, says("Points of the overall score; below 0 where it fell.")]
    by_score: Annotated[float, says("Points, because its own score changed.")]
    by_weight: Annotated[float, says("Points, because what counts changed, or the cap took or gave.")]


class Change(Body):
    """Since the scorecard that was kept last at or before the time asked for."""

    since: Annotated[float, says("Time of that scorecard, Unix seconds.")]
    overall_before: Annotated[Score, says("From 0 to 100.")]
    overall_now: Annotated[Score, says("From 0 to 100.")]
    points: Annotated[float, says("Points by which the overall score changed; below 0 where it fell.")]
    movements: Annotated[list[Movement], says("Largest first; they sum to `points`.")]


class Missing(Body):
    """An indicator without fresh data: `held` still counts with its last score, `missing` does not."""

    pillar: PillarId
    indicator: IndicatorId
    title: Title
    state: Annotated[Literal["held", "missing"], says("Whether its last score still counts.")]
    weight: Annotated[Ratio, says("Share of the overall score, from 0 to 1, as declared.")]
    fresh_at: FreshAt
    absent_inputs: Annotated[list[str], says("Series that are not known now, as PromQL writes them.")]


class Sensitivity(Body):
    """A pillar's score, and its range if any one indicator were left out."""

    pillar: PillarId
    score: Annotated[Score, says("From 0 to 100.")]
    lowest: Annotated[Score, says("From 0 to 100.")]
    without_for_lowest: Annotated[str, says("Id of the indicator without which the score would be lowest.")]
    highest: Annotated[Score, says("From 0 to 100.")]
    without_for_highest: Annotated[str, says("Id of the indicator without which the score would be highest.")]


class Explanation(Body):
    overall: Overall
    bounds: Annotated[Bounds, says("Of the overall score.")]
    coverage: Coverage
    capped_by: Annotated[str | None, says("Id of the pillar that holds the overall score below the mean.")]
    lost: Annotated[list[Loss], says("What costs points, costliest first; empty while withheld.")]
    changed: Annotated[Change | None, says("Null when it is not known.")]
    changed_reason: Annotated[str | None, says("Why the change is not known.")]
    missing: Annotated[list[Missing], says("What has no fresh data.")]
    sensitivity: Annotated[list[Sensitivity], says("How much each pillar's score rests on one indicator.")]
    unusual: Annotated[
        dict[str, Ratio],
        says(
            "By indicator: percentile rank, from 0 to 1, of its value among its daily values of the last year, "
            "of those with at least 292 days. Shown, never scored."
        ),
    ]
    as_of: AsOf
    methodology: Version
