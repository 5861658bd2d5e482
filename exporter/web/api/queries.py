"""Query parameters: each declared once, for the check, the message and the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from exporter.web.answer import Refusal, echo

Kind = Literal["overall", "pillar", "indicator", "metric"]

# Ten years: more than any retention that makes sense here.
MOST_DAYS: Final = 3_660
MOST_STEP: Final = 31 * 86_400

_LABEL: Final = r"^[a-z_]{1,50}:[^\x00-\x1f]{1,200}$"
# RFC 3339 with all it allows, a leap second too; or Unix seconds.
_MOMENT: Final = (
    r"^([0-9]{1,10}(\.[0-9]{1,9})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2}))$"
)
_LEAP: Final = re.compile(r"(?<=T[0-9]{2}:[0-9]{2}:)60")


@dataclass(frozen=True, slots=True)
class Expected:
    """The end of the sentence "expected ..."."""

    text: str


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _seconds(text: str) -> float:
    """Raises ValueError for a day or an hour that does not exist."""
    if "-" not in text:
        return float(text)
    written, leaps = _LEAP.subn("59", text.upper())
    return datetime.fromisoformat(written).timestamp() + leaps


def _exists(text: str | None) -> str | None:
    if text is not None:
        _seconds(text)
    return text


def _as_written(text: object) -> object:
    """Raises ValueError for digits in groups, which Python reads and nobody sends."""
    if isinstance(text, str) and "_" in text:
        raise ValueError(text)
    return text


class TimeseriesQuery(Query):
    kind: Annotated[
        Kind, Field(description="What the series is of."), Expected("overall, pillar, indicator or metric")
    ] = "overall"
    id: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z][a-z0-9_]{0,199}$",
            description="Pillar, indicator or metric name; not for kind=overall.",
            examples=["security"],
        ),
        Expected("the id of a pillar or an indicator, or the name of a metric"),
    ] = None
    days: Annotated[
        float,
        Field(gt=0, le=MOST_DAYS, description="How far back, in days."),
        BeforeValidator(_as_written),
        Expected(f"a number above 0, at most {MOST_DAYS}"),
    ] = 30
    step: Annotated[
        int | None,
        Field(ge=1, le=MOST_STEP, description="Seconds between points; unset: one that gives at most 1,000."),
        BeforeValidator(_as_written),
        Expected(f"whole seconds from 1 to {MOST_STEP}"),
    ] = None
    label: Annotated[
        list[Annotated[str, Field(pattern=_LABEL)]],
        Field(
            max_length=10, description="For kind=metric, `key:value`, once for each label.", examples=[["window:24h"]]
        ),
        Expected("key:value, at most ten times"),
    ] = []


class ExplainQuery(Query):
    since: Annotated[
        str | None,
        Field(pattern=_MOMENT, description="Unix seconds or RFC 3339; unset: a day ago.", examples=["1790000000"]),
        AfterValidator(_exists),
        Expected("Unix seconds or a time such as 2030-01-31T12:00:00Z, with an offset 2030-01-31T12:00:00%2B02:00"),
    ] = None

    def moment(self, now: float) -> float:
        return now - 86_400 if self.since is None else _seconds(self.since)


class NoQuery(Query):
    pass


Q = TypeVar("Q", bound=Query)


def read(model: type[Q], given: Mapping[str, list[str]]) -> Q:
    """Raises Refusal naming each parameter that is wrong and what was expected."""
    mistakes = [*_unknown(model, given), *_repeated(model, given)]
    if not mistakes:
        try:
            return model.model_validate({name: _shaped(model, name, texts) for name, texts in given.items()})
        except ValidationError as error:
            named = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_url=False, include_context=False))
            mistakes = [_mistake(model, name, given[name]) for name in named]
    raise Refusal(400, "; ".join(mistakes))


def is_list(model: type[Query], name: str) -> bool:
    return get_origin(model.model_fields[name].annotation) is list


def _shaped(model: type[Query], name: str, texts: list[str]) -> Any:
    return texts if is_list(model, name) else texts[0]


def _unknown(model: type[Query], given: Mapping[str, list[str]]) -> list[str]:
    known = ", ".join(model.model_fields) or "no parameter"
    return [f"{echo(name)}: expected {known}" for name in given if name not in model.model_fields][:5]


def _repeated(model: type[Query], given: Mapping[str, list[str]]) -> list[str]:
    return [
        f"{name}: expected once, got it {len(texts)} times"
        for name, texts in given.items()
        if name in model.model_fields and len(texts) > 1 and not is_list(model, name)
    ]


def _mistake(model: type[Query], name: str, texts: list[str]) -> str:
    expected = next(part for part in model.model_fields[name].metadata if isinstance(part, Expected))
    return f"{name}: expected {expected.text}, got {', '.join(map(echo, texts[:10]))}"
