"""Bodies of the API about the method, and the one of every error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict

from exporter.web.api.models import Body, IndicatorId, PillarId, Ratio, Score, Title, Version, says


class Anchor(Body):
    at: Annotated[float, says("Of the quantity, in the indicator's unit.")]
    score: Annotated[Score, says("From 0 to 100.")]
    fact: Annotated[str, says("Why the curve passes here.")]
    judgement: Annotated[bool, says("Neither an extreme that happened nor a limit.")]


class MethodIndicator(Body):
    id: IndicatorId
    title: Title
    weight: Annotated[Ratio, says("Share of the pillar, from 0 to 1.")]
    quantity: Annotated[str, says("What is scored, as PromQL writes it.")]
    fallbacks: Annotated[list[str], says("What is scored while the quantity is not known, in this order.")]
    without_source: Annotated[str, says("What happens when the quantity is gone.")]
    unit: Annotated[str, says("Of the quantity.")]
    axis: Annotated[str, says("`linear` or `log`: how the curve runs between anchors.")]
    anchors: Annotated[list[Anchor], says("Points of the curve; beyond the outer ones it is level.")]
    source: Annotated[str, says("Where the data are from.")]
    why: Annotated[str, says("Why it is scored.")]
    other_face: Annotated[str | None, says("What else the number may mean.")]
    hold_seconds: Annotated[float, says("How long its last score counts without fresh data, seconds.")]
    daily: Annotated[bool, says("Whether its data come once a day.")]


class MethodPillar(Body):
    id: PillarId
    title: Title
    weight: Annotated[Ratio, says("Share of the overall score, from 0 to 1, as configured.")]
    question: Annotated[str, says("What the pillar answers.")]
    indicators: Annotated[list[MethodIndicator], says("What it is made of.")]


class Aggregation(Body):
    pillar: Annotated[str, says("How a pillar's score is made.")]
    overall: Annotated[str, says("How the overall score is made.")]
    cap: Annotated[float, says("Points that the overall score may stand above the worst pillar.")]
    minimum_coverage: Annotated[Ratio, says("Share of fresh weight below which a score is withheld, from 0 to 1.")]


class Hold(Body):
    default: Annotated[float, says("Seconds.")]
    daily: Annotated[float, says("Of data that come once a day, seconds.")]


class MethodChange(Body):
    version: Version
    text: Annotated[str, says("What changed.")]


class Methodology(Body):
    version: Version
    fingerprint: Annotated[str, says("Changes with anchors, weights and formulas, not with words.")]
    aggregation: Annotated[Aggregation, says("From indicators to the score.")]
    hold_seconds: Annotated[Hold, says("How long a last score counts without fresh data.")]
    pillars: Annotated[list[MethodPillar], says("All of them.")]
    changes: Annotated[list[MethodChange], says("Newest first.")]


class Problem(Body):
    """RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[Literal["about:blank"], says("Nothing beyond the status.")]
    title: Annotated[str, says("Phrase of the status.")]
    status: Annotated[int, says("HTTP status.", ge=400, le=599)]
    detail: Annotated[str, says("Names the parameter and what was expected.")]
