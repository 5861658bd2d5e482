"""Names in the configuration that must exist elsewhere: sources, endpoints, weights of the methodology."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from exporter.configuration.mistakes import Mistake, Path, dotted, shown
from exporter.sources.registry import SOURCES
from exporter.spec import Source
from scoring.method import mistakes
from scoring.methodology import METHOD

Where = Callable[[Path], str]


def unknown_names(data: Mapping[str, Any], where: Where) -> Iterator[Mistake]:
    """`data` as merged from all places, before its types are checked."""
    sources = {source.name: source for source in SOURCES}
    for name, section in _mapping(data, "sources").items():
        path = ("sources", name)
        if name not in sources:
            yield _unknown(path, where, sources)
        elif isinstance(section, Mapping):
            yield from _endpoints(_mapping(section, "endpoints"), (*path, "endpoints"), sources[name], where)
    yield from _weights(_mapping(_mapping(data, "scoring"), "weights"), where)


def _weights(chosen: Mapping[str, Any], where: Where) -> Iterator[Mistake]:
    path = ("scoring", "weights")
    unknown = chosen.keys() - set(METHOD.weight_names)
    for name in sorted(unknown):
        yield _unknown((*path, name), where, METHOD.weight_names)
    weights = {name: weight for name, value in chosen.items() if (weight := _number(value)) is not None}
    if not unknown and len(weights) == len(chosen):
        for sentence in mistakes(METHOD, weights):
            group, _, expected = sentence.partition(": expected ")
            yield Mistake(where(path), dotted(path), shown(dict(chosen)), f"{expected} ({group})")


def _number(value: Any) -> float | None:
    """None where the value is not a usable weight, which its type check reports."""
    try:
        weight = float(value)
    except (TypeError, ValueError):
        return None
    return weight if math.isfinite(weight) and weight >= 0 else None


def drop_unknown_sources(data: dict[str, Any]) -> None:
    """Take out what has been reported, so that nothing inside it is reported again."""
    names = {source.name for source in SOURCES}
    for name in _mapping(data, "sources").keys() - names:
        del data["sources"][name]


def _endpoints(section: Mapping[str, Any], path: Path, source: Source, where: Where) -> Iterator[Mistake]:
    endpoints = {one.name for one in source.endpoints}
    for name in section:
        if name not in endpoints:
            yield _unknown((*path, name), where, endpoints)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = data.get(key)
    return section if isinstance(section, Mapping) else {}


def _unknown(path: Path, where: Where, known: Iterable[str]) -> Mistake:
    return Mistake(where(path), dotted(path), shown(path[-1]), f"one of {', '.join(sorted(known))}")
