"""The boundary: bytes of one response to typed values, field by field.

A bad field costs only itself: it becomes None and is counted under its declared name. A field that is missing counts
the same, unless it is declared `required=False`. Names we do not know are collected as schema drift.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema, from_json

from exporter.errors import BodyError, Reason

# Errors under status 200: mempool.space and CoinGecko, Django REST Framework (Bitnodes), CoinGecko's API manager.
_ERROR_KEYS = (b'"error"', b'"detail"', b'"error_code"')
_TOO_MANY_REQUESTS = 429
_THROTTLED = re.compile(r"throttled\. Expected available in (\d+) seconds")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(slots=True)
class Notes:
    """What was refused while one body was read; passed to pydantic as the validation context."""

    rejected: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)

    def reject(self, name: str | None, times: int = 1) -> None:
        self.rejected[name or "body"] += times


def _notes(info: ValidationInfo) -> Notes:
    notes = info.context
    if not isinstance(notes, Notes):
        raise TypeError(f"expected validation with a Notes context, got {notes!r}")
    return notes


class Field:
    """Base of the annotated field types. `required=False`: null and absence are ordinary and not counted."""

    def __init__(self, *, required: bool = True) -> None:
        self.required = required

    def parse(self, value: Any) -> Any:
        """The typed value; ValueError when it must be refused."""
        raise ValueError(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)

    def _validate(self, value: Any, info: ValidationInfo) -> Any:
        if value is None and not self.required:
            return None
        try:
            return self.parse(value)
        except ValueError:
            _notes(info).reject(info.field_name)
            return None


class Number(Field):
    """A float within inclusive bounds, from a JSON number or a string of digits; not from true, NaN or 1e400."""

    def __init__(self, low: float, high: float, *, required: bool = True) -> None:
        super().__init__(required=required)
        self.low, self.high = low, high

    def parse(self, value: Any) -> float:
        if isinstance(value, str):
            if not _NUMBER.fullmatch(value):
                raise ValueError(value)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(value)  # noqa: TRY004 - one exception for every refusal
        try:
            number = float(value)
        except OverflowError as error:
            raise ValueError(value) from error
        if not (math.isfinite(number) and self.low <= number <= self.high):
            raise ValueError(value)
        return number


class Text(Field):
    """A string of at most `longest` characters that matches `pattern` as a whole."""

    def __init__(self, pattern: str = r"[^\x00-\x1f]*", longest: int = 200, *, required: bool = True) -> None:
        super().__init__(required=required)
        self.pattern, self.longest = re.compile(pattern), longest

    def parse(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.longest or not self.pattern.fullmatch(value):
            raise ValueError(value)
        return value


class Flag(Field):
    def parse(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(value)  # noqa: TRY004 - one exception for every refusal
        return value


class IsoTime(Field):
    """Unix seconds from an ISO 8601 string with a zone."""

    def parse(self, value: Any) -> float:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError(value)
        return moment.astimezone(UTC).timestamp()


class Part(Field):
    """Around a nested model, list or tuple: what does not even have its outline costs only itself.

    `Annotated[Inner | None, Part()]`, `Annotated[list[Annotated[Row | None, Part()]] | None, Part()]`.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(self._wrap, handler(source))

    def _wrap(self, value: Any, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            result = inner(value)
        except ValidationError:
            result = None
        if result is None and (value is not None or self.required):
            _notes(info).reject(info.field_name)
        return result


# From the genesis block (2009-01-03) to 2100, in the unit the API uses.
_EARLIEST, _LATEST = 1_230_000_000, 4_102_444_800

Count = Annotated[float | None, Number(0, 1e12)]
Height = Annotated[float | None, Number(0, 5_000_000)]
UnixSeconds = Annotated[float | None, Number(_EARLIEST, _LATEST)]
UnixMilliseconds = Annotated[float | None, Number(_EARLIEST * 1e3, _LATEST * 1e3)]
IsoTimestamp = Annotated[float | None, IsoTime()]
Satoshis = Annotated[float | None, Number(0, 2.1e15)]
SatoshisPerVbyte = Annotated[float | None, Number(0, 1e6)]
Vbytes = Annotated[float | None, Number(0, 5e9)]
Bytes = Annotated[float | None, Number(0, 1e15)]
HashesPerSecond = Annotated[float | None, Number(1, 1e25)]
Usd = Annotated[float | None, Number(0, 1e15)]
Percent = Annotated[float | None, Number(0, 100)]


class Payload(BaseModel):
    """One JSON object. Every field has the default None; `UNUSED` names keys we know and leave."""

    model_config = ConfigDict(extra="allow", frozen=True)
    UNUSED: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _note_drift(self, info: ValidationInfo) -> Self:
        notes = _notes(info)
        notes.unknown |= (self.model_extra or {}).keys() - self.UNUSED
        for name in _required(type(self)) - self.model_fields_set:
            notes.reject(name)
        return self


@cache
def _required(model: type[Payload]) -> frozenset[str]:
    return frozenset(
        name
        for name, info in model.model_fields.items()
        if not any(isinstance(part, Field) and not part.required for part in info.metadata)
    )


@cache
def adapter_of(payload: Any) -> TypeAdapter[Any]:
    return TypeAdapter(payload)


def refuse_error(body: bytes) -> None:
    """Raises BodyError for a body that reports an error although its status says success."""
    if not body.lstrip().startswith(b"{") or not any(key in body for key in _ERROR_KEYS):
        return
    try:
        answer = from_json(body)
    except ValueError:
        return
    status = answer.get("status")
    code = status.get("error_code") if isinstance(status, dict) else None
    error = answer.get("error") or answer.get("detail") or (status if code else None)
    if not error:
        return
    message = f"an error instead of data: {str(error)[:200]}"
    wait = _THROTTLED.search(str(error))
    if wait or code == _TOO_MANY_REQUESTS:
        raise BodyError(Reason.RATE_LIMITED, message, retry_after=float(wait[1]) if wait else None)
    raise BodyError(Reason.ERROR_BODY, message)


def decode(body: bytes, payload: Any, notes: Notes, load: Callable[[bytes], Any] | None = None) -> Any:
    """JSON bytes, or what `load` makes of other bytes, to `payload`; a string type takes plain text.

    Raises BodyError where not even the outline fits.
    """
    adapter = adapter_of(payload)
    if load is None and payload is not str:
        refuse_error(body)
    python = load(body) if load else None
    try:
        if payload is str:
            return body.decode()
        if load:
            return adapter.validate_python(python, context=notes)
        return adapter.validate_json(body, context=notes)
    except UnicodeDecodeError as error:
        raise BodyError(Reason.FORMAT, f"not UTF-8: {body[:40]!r}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BodyError(Reason.FORMAT, f"{where}: {first['msg']}, got {body[:80]!r}") from error


@cache
def declared_fields(payload: Any) -> frozenset[str]:
    """Names of all fields of `payload` and of the models inside it."""
    return frozenset(_walk(payload, set()))


def _walk(annotation: Any, seen: set[Any]) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        for name, info in annotation.model_fields.items():
            yield name
            yield from _walk(info.annotation, seen)
    for part in get_args(annotation):
        yield from _walk(part, seen)
