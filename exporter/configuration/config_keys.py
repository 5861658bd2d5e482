"""The keys of the configuration as a list: what documents, flags, environment and reload go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, get_origin

from pydantic import BaseModel

from exporter.configuration.config import Config, Key
from exporter.configuration.mistakes import nested
from exporter.configuration.scalars import Address

# How documents write that a key has no value.
UNSET: Final = "unset"


def keys(model: type[BaseModel] = Config, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Key]]:
    """Every key with its path; `*` stands for a name chosen from a list."""
    for name, info in model.model_fields.items():
        yield (*at, name), next(part for part in info.metadata if isinstance(part, Key))
        inner, named = nested(info.annotation)
        if inner is not None:
            yield from keys(inner, (*at, name, *(("*",) if named else ())))


def is_key(path: tuple[str, ...], model: type[BaseModel] = Config) -> bool:
    """Whether `path` names a section, a key, or an entry of a key that maps names to values."""
    if not path:
        return True
    info = model.model_fields.get(path[0])
    if info is None:
        return False
    inner, named = nested(info.annotation)
    if inner is not None:
        return is_key(path[2:] if named else path[1:], inner)
    return len(path) <= (2 if get_origin(info.annotation) is dict else 1)


def is_section(path: tuple[str, ...]) -> bool:
    """Whether other keys are declared under this one."""
    return any(other[: len(path)] == path and len(other) > len(path) for other, _ in keys())


def value_at(config: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        config = getattr(config, name)
    return config


def restart_keys(old: Config, new: Config) -> tuple[str, ...]:
    """The keys that differ and cannot change while the process runs."""
    return tuple(".".join(path) for path, key in keys() if key.restart and value_at(old, path) != value_at(new, path))


@dataclass(frozen=True, slots=True)
class Flag:
    """A key that has a flag; `default` as a person would write it."""

    name: str
    path: tuple[str, ...]
    text: str
    default: str
    is_switch: bool
    repeatable: bool

    @property
    def metavar(self) -> str:
        return self.path[-1].upper()


def flags() -> Iterator[Flag]:
    defaults = Config()
    for path, key in keys():
        if key.flag is not None:
            default = value_at(defaults, path)
            listed = isinstance(default, tuple) and not isinstance(default, Address)
            text = ", ".join(map(str, default)) if listed else UNSET if default is None else str(default).lower()
            yield Flag(key.flag, path, key.text, text, isinstance(default, bool), listed)
