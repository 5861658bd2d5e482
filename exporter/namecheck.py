"""Names in the configuration that must exist elsewhere: sources, endpoints, weights of the methodology."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from exporter.mistakes import Mistake, Path, dotted, shown
from exporter.scalars import format_duration, parse_duration
from exporter.sources.registry import SOURCES
from exporter.spec import Endpoint, Source
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
    endpoints = {one.name: one for one in source.endpoints}
    for name, chosen in section.items():
        here = (*path, name)
        if name not in endpoints:
            yield _unknown(here, where, endpoints)
        elif isinstance(chosen, Mapping):
            yield from _too_young(endpoints[name], chosen, here, where)


def _too_young(endpoint: Endpoint, chosen: Mapping[str, Any], path: Path, where: Where) -> Iterator[Mistake]:
    """A `max_age` within one interval would take the values away between two polls."""
    interval = _seconds(chosen.get("interval"), endpoint.interval)
    max_age = _seconds(chosen.get("max_age"), None)
    if interval is not None and max_age is not None and max_age <= interval:
        here = (*path, "max_age")
        expected = f"more than the interval of {format_duration(interval)}"
        yield Mistake(where(here), dotted(here), shown(chosen["max_age"]), expected)


def _seconds(value: Any, otherwise: float | None) -> float | None:
    """None where the value is not a duration, which its type check reports."""
    if value is None:
        return otherwise
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = data.get(key)
    return section if isinstance(section, Mapping) else {}


def _unknown(path: Path, where: Where, known: Iterable[str]) -> Mistake:
    return Mistake(where(path), dotted(path), shown(path[-1]), f"one of {', '.join(sorted(known))}")
