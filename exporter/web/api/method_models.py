"""Bodies of the API about the method, and those that every endpoint may answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from exporter.web.api.models import Body, Health, Ratio, Score


class Anchor(Body):
    at: float
    score: Score
    fact: Annotated[str, Field(description="Why the curve passes here.")]
    judgement: Annotated[bool, Field(description="Neither an extreme that happened nor a limit.")]


class MethodIndicator(Body):
    id: str
    title: str
    weight: Ratio
    quantity: str
    fallbacks: list[str]
    without_source: Annotated[str, Field(description="What happens when the quantity is gone.")]
    unit: str
    axis: str
    anchors: list[Anchor]
    source: str
    why: str
    other_face: str | None
    hold_seconds: float
    daily: bool


class MethodPillar(Body):
    id: str
    title: str
    weight: Ratio
    question: str
    indicators: list[MethodIndicator]


class Aggregation(Body):
    pillar: str
    overall: str
    cap: float
    minimum_coverage: Ratio


class Hold(Body):
    default: float
    daily: float


class MethodChange(Body):
    version: str
    text: str


class Methodology(Body):
    version: str
    fingerprint: Annotated[str, Field(description="Changes with anchors, weights and formulas, not with words.")]
    aggregation: Aggregation
    hold_seconds: Hold
    pillars: list[MethodPillar]
    changes: list[MethodChange]


class HealthReport(Body):
    status: Health
    version: str
    database: Health
    cache: Health
    collectors: dict[str, Health]


class Problem(Body):
    """RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="Names the parameter and what was expected.")]
