"""Flags, environment, file and defaults, in this order of precedence, to one Config or to every mistake at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from exporter.configuration.config import Config
from exporter.configuration.config_keys import is_key, keys
from exporter.configuration.mistakes import Mistake, Path, by_place, dotted, explain, refuse, shown
from exporter.configuration.namecheck import drop_unknown_sources, unknown_names
from exporter.configuration.scalars import MASK, Written, has_password
from exporter.configuration.yamlfile import Document, read

PREFIX: Final = "BTC_HEALTH_"
# Names that tests and tools read; every other BTC_HEALTH_* must be a key.
OTHER_NAMES: Final = frozenset({"BTC_HEALTH_RECORDED", "BTC_HEALTH_HISTORY"})

SECRETS: Final = frozenset(path[-1] for path, key in keys() if key.secret)


@dataclass(slots=True)
class Layers:
    """Values merged so far, and for each where it was written."""

    data: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def where(self, path: Path) -> str:
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, "configuration")

    def put(self, path: tuple[str, ...], value: Any, origin: Callable[[Path], str]) -> None:
        """Set one key; mappings are merged, everything else is replaced."""
        if isinstance(value, Mapping) and value:
            for name, inner in value.items():
                self.put((*path, name), inner, origin)
            return
        section = self.data
        for name in path[:-1]:
            below = section.get(name)
            section[name] = below = below if isinstance(below, dict) else {}
            section = below
        section[path[-1]] = value
        for older in [known for known in self.origins if known[: len(path)] == path]:
            del self.origins[older]
        for length in range(1, len(path)):
            self.origins.setdefault(path[:length], origin(path[:length]))
        self.origins[path] = origin(path)
        for index in range(len(value) if isinstance(value, list) else 0):
            self.origins[*path, index] = origin((*path, index))


def _always(name: str) -> Callable[[Path], str]:
    return lambda _: name


def load(
    path: FilePath | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[tuple[str, ...], tuple[str, Any]] | None = None,
) -> Config:
    """The configuration; `flags` maps a key to the flag's name and value.

    Raises ConfigError with one line a mistake: where, key, value, what was expected.
    """
    layers = Layers()
    if path is not None:
        _put_file(layers, read(path))
    _put_environment(layers, environ or {})
    for key, (flag, value) in (flags or {}).items():
        layers.put(key, value, _always(flag))
    _read_secret_files(layers)
    layers.mistakes.extend(unknown_names(layers.data, layers.where))
    drop_unknown_sources(layers.data)
    try:
        config = Config.model_validate(layers.data, context=Written())
    except ValidationError as error:
        layers.mistakes.extend(explain(error, Config, layers.where, SECRETS))
        config = Config()
    refuse(sorted(layers.mistakes, key=by_place))
    return config


def _put_file(layers: Layers, document: Document) -> None:
    layers.mistakes.extend(document.mistakes)
    if not isinstance(document.data, dict | None):
        layers.mistakes.append(Mistake(document.where(()), "(file)", shown(document.data), "a mapping of keys"))
        return
    for path, value in leaves(document.data or {}):
        texts = value if isinstance(value, list) else [value]
        named = path[-1] in SECRETS and value is not None
        if named or any(isinstance(text, str) and has_password(text) for text in texts):
            layers.mistakes.append(_secret_in_file(document, path))
        else:
            layers.put(path, value, document.where)


def leaves(data: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _secret_in_file(document: Document, path: tuple[str, ...]) -> Mistake:
    also = f" or the key {path[-1]}_file" if path[-1] in SECRETS else ""
    expected = f"no secret in this file: use {environment_name(path)}{also}"
    return Mistake(document.where(path), dotted(path), MASK, expected)


def environment_name(path: tuple[str, ...]) -> str:
    return PREFIX + "__".join(path).upper()


def _put_environment(layers: Layers, environ: Mapping[str, str]) -> None:
    """An empty variable counts as unset, as container tools pass it."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in OTHER_NAMES:
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if not is_key(path):
            expected = f"no such name, or a configuration key such as {environment_name(('storage', 'path'))}"
            layers.mistakes.append(Mistake("environment", name, shown(environ[name], secret=True), expected))
        elif environ[name]:
            _put_variable(layers, name, path, environ[name])


def _put_variable(layers: Layers, name: str, path: tuple[str, ...], text: str) -> None:
    if not text.startswith(("[", "{")):
        layers.put(path, text, _always(name))
        return
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        layers.mistakes.append(Mistake(name, dotted(path), shown(text), f"JSON ({error.msg} at character {error.pos})"))
    else:
        layers.put(path, value, _always(name))


def _read_secret_files(layers: Layers) -> None:
    for path, value in list(leaves(layers.data)):
        key = path[-1].removesuffix("_file")
        if path[-1] == key or key not in SECRETS or not isinstance(value, str):
            continue
        target = (*path[:-1], key)
        if target in layers.origins:
            expected = f"only one of {key} and {key}_file ({layers.where(target)} sets {key})"
            layers.mistakes.append(Mistake(layers.where(path), dotted(path), shown(value), expected))
            continue
        try:
            secret = FilePath(value).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "not UTF-8"
            expected = f"a readable file ({problem})"
            layers.mistakes.append(Mistake(layers.where(path), dotted(path), shown(value), expected))
            continue
        if secret:
            layers.put(target, secret, _always(f"file {value}"))
        else:
            layers.mistakes.append(Mistake(layers.where(path), dotted(path), shown(value), "a file that is not empty"))
