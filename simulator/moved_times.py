"""Find the moments written in a recorded body and write them anew, leaving every other character as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from simulator.clock import iso_milliseconds, iso_seconds, rfc822

_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_RFC_822 = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
_LITERAL = re.compile(rf"{_ISO}|{_RFC_822}|\d+(?:\.\d+)?")
_STEP = re.compile(r"\*\*|\*|\[\]|\[\d+\]|[^.\[\]]+")


class Form(Enum):
    SECONDS = "s"
    MILLISECONDS = "ms"
    ISO = "iso"
    RFC_822 = "rfc822"

    def read(self, text: str) -> float:
        match self:
            case Form.SECONDS:
                return float(text)
            case Form.MILLISECONDS:
                return float(text) / 1000
            case Form.ISO:
                return datetime.fromisoformat(text).timestamp()
            case Form.RFC_822:
                return parsedate_to_datetime(text).timestamp()

    def write(self, time: float, like: str) -> str:
        """The moment in the form of an earlier text: same unit, same fraction."""
        match self:
            case Form.SECONDS:
                return str(int(time)) + like[len(like.partition(".")[0]) :]
            case Form.MILLISECONDS:
                return str(round(time * 1000)) + like[len(like.partition(".")[0]) :]
            case Form.ISO:
                return iso_milliseconds(time) if "." in like else iso_seconds(time)
            case Form.RFC_822:
                return rfc822(datetime.fromtimestamp(time, UTC).timestamp())


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where in a body a moment stands.

    Steps of a path: a key, `[]` each element, `[2]` one element, `*` each value, `**` any depth below.
    A feed needs no path.
    """

    path: str
    form: Form = Form.SECONDS


@dataclass(frozen=True, slots=True)
class DatedBody:
    """A body and the moments in it, by the very text that stands there."""

    text: str
    moments: dict[str, tuple[Form, float]]
    newest: float  # of the first field declared

    @classmethod
    def of(cls, text: str, fields: tuple[TimeField, ...]) -> DatedBody:
        found = [(field, list(_literals(text, field))) for field in fields]
        moments = {literal: (field.form, field.form.read(literal)) for field, literals in found for literal in literals}
        if not found[0][1]:
            raise ValueError(f"no moment under {fields[0].path or fields[0].form.value!r}")
        return cls(text, moments, max(moments[literal][1] for literal in found[0][1]))

    def moved(self, seconds: float) -> str:
        def written(match: re.Match[str]) -> str:
            literal = match.group()
            if literal not in self.moments:
                return literal
            form, time = self.moments[literal]
            return form.write(time + seconds, literal)

        return _LITERAL.sub(written, self.text)


def _literals(text: str, field: TimeField) -> Iterator[str]:
    """Texts of the moments; 0 and null stand for never and are left alone."""
    if not field.path:
        pattern = _RFC_822 if field.form is Form.RFC_822 else _ISO
        yield from re.findall(pattern, text)
        return
    document = json.loads(text, parse_int=str, parse_float=str)
    for value in _walk(document, _STEP.findall(field.path)):
        if isinstance(value, str) and value != "0":
            yield value


def _walk(value: object, steps: list[str]) -> Iterator[object]:
    if not steps:
        yield value
    elif steps[0] == "**":
        yield from _walk(value, steps[1:])
        for inner in _children(value, "*"):
            yield from _walk(inner, steps)
    else:
        for inner in _children(value, steps[0]):
            yield from _walk(inner, steps[1:])


def _children(value: object, step: str) -> list[object]:
    match value:
        case dict() if step == "*":
            return list(value.values())
        case dict() if step in value:
            return [value[step]]
        case list() if step in ("[]", "*"):
            return value
        case list() if step.startswith("[") and int(step[1:-1]) < len(value):
            return [value[int(step[1:-1])]]
        case _:
            return []
