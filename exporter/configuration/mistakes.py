"""What is wrong in a file, the environment or a flag, said so that it can be mended without reading code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exporter.configuration.scalars import MASK, has_password, mask_url
from exporter.errors import ConfigError

Path = tuple[str | int, ...]

_LONGEST = 80
_EXPECTED = {"missing": "a value: the key is required", "path_type": "a path", "too_short": "at least one entry"}


@dataclass(frozen=True, slots=True)
class Mistake:
    where: str
    key: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: got {self.got}, expected {self.expected}"


def by_place(mistake: Mistake) -> tuple[str, int]:
    """Sort key: lines of one file in order."""
    name, _, line = mistake.where.rpartition(":")
    return (name, int(line)) if line.isdigit() else (mistake.where, 0)


def dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".") or "(file)"


def shown(value: Any, *, secret: bool = False) -> str:
    """The value as a person may read it: short, and without passwords."""
    if secret:
        return MASK
    if isinstance(value, str) and has_password(value):
        value = mask_url(value)
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def explain(
    error: ValidationError, model: type[BaseModel], where: Callable[[Path], str], secrets: Iterable[str] = ()
) -> Iterator[Mistake]:
    """One mistake for each of pydantic's; `secrets` names keys whose value is not shown."""
    hidden = frozenset(secrets)
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # the entries that do not count have been reported themselves
        path = detail["loc"]
        secret = any(part in hidden for part in path)
        yield Mistake(where(path), dotted(path), shown(detail["input"], secret=secret), _expected(detail, model))


def _expected(detail: ErrorDetails, model: type[BaseModel]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"one of the keys {', '.join(sorted(_names(model, detail['loc'][:-1])))}"
    if detail["type"] in _EXPECTED:
        return _EXPECTED[detail["type"]]
    if detail["type"] == "string_pattern_mismatch":
        return f"text of the form {detail['ctx']['pattern']}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("expected ").removeprefix("Input should be ")
    wanted = re.sub(r", unable .*| or instance of \w+", "", message)
    return wanted.replace("dictionary", "mapping").replace("tuple", "list")


def _names(model: type[BaseModel], path: Path) -> Iterable[str]:
    """The keys allowed under `path`."""
    for part in path:
        info = model.model_fields.get(str(part))
        inner = nested(info.annotation)[0] if info is not None else None
        model = inner or model
    return model.model_fields


def nested(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The section inside a field's type, and whether names chosen from a list stand between: `dict[str, Section]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for part in get_args(annotation):
        inner, _ = nested(part)
        if inner is not None:
            return inner, True
    return None, False


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raise ConfigError with one line a mistake, if there are any."""
    if lines := [str(one) for one in mistakes]:
        raise ConfigError("\n".join(lines))
