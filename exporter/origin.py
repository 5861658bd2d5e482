"""Which upstream fields a value is made of, declared once for HELP and for the count of refused values."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.metric import Sample

# One field; several that one value is made of; or these by the value of a label.
Fields = str | tuple[str, ...]
Origin = Fields | Mapping[str, Fields]


def every_field(origin: Origin) -> tuple[str, ...]:
    """In the order of the declaration, each once."""
    if isinstance(origin, Mapping):
        return tuple(dict.fromkeys(name for fields in origin.values() for name in _names(fields)))
    return _names(origin)


def fields_of(origin: Origin, sample: Sample) -> tuple[str, ...]:
    """Those of one sample. Raises LookupError where none is declared for its labels."""
    if isinstance(origin, Mapping):
        for value in sample.labels:
            if value in origin:
                return _names(origin[value])
        raise LookupError(f"{sample.key}: expected a field for one of its labels, got {dict(origin)}")
    return _names(origin)


def _names(fields: Fields) -> tuple[str, ...]:
    return (fields,) if isinstance(fields, str) else fields
