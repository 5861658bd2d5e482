"""Which format and encoding a client gets (prometheus.io/docs/instrumenting/content_negotiation)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from exporter.exposition.forms import Form

# Without version the newest of each is meant; a version we do not implement is never answered, let alone echoed.
_IMPLEMENTED: Final = {
    ("text/plain", None): Form.TEXT,
    ("text/plain", "0.0.4"): Form.TEXT,
    ("application/openmetrics-text", None): Form.OPENMETRICS,
    ("application/openmetrics-text", "1.0.0"): Form.OPENMETRICS,
    ("text/*", None): Form.TEXT,
    ("application/*", None): Form.OPENMETRICS,
    ("*/*", None): Form.TEXT,
}
_CONTENT_TYPE: Final = {
    Form.TEXT: "text/plain; version=0.0.4; charset=utf-8",
    Form.OPENMETRICS: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
# Our names need no escaping, so the page is the same under each of these; `dots` would change every underscore.
_TRUE_ESCAPINGS: Final = frozenset({"allow-utf-8", "underscores", "values"})


@dataclass(frozen=True, slots=True)
class Range:
    """One element of an Accept header."""

    name: str
    parameters: dict[str, str]
    weight: float

    @property
    def precision(self) -> int:
        return 0 if self.name == "*/*" else 1 if self.name.endswith("/*") else 2


def ranges(header: str) -> Iterator[Range]:
    """The elements whose weight makes sense and is not 0."""
    for element in header.split(","):
        name, *rest = (piece.strip() for piece in element.split(";"))
        pairs = (piece.partition("=") for piece in rest)
        parameters = {key.strip().lower(): text.strip().strip('"') for key, _, text in pairs}
        weight = _weight(parameters.pop("q", "1"))
        if name and weight > 0:
            yield Range(name.lower(), parameters, weight)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) and weight <= 1 else 0.0


@lru_cache(maxsize=256)
def choose(accept: str) -> tuple[Form, str]:
    """The format and the Content-Type; text where nothing fits, as Prometheus's own libraries do."""
    best = max(
        (one for one in ranges(accept) if (one.name, one.parameters.get("version")) in _IMPLEMENTED),
        key=lambda one: (one.weight, one.precision),
        default=None,
    )
    if best is None:
        return Form.TEXT, _CONTENT_TYPE[Form.TEXT]
    form = _IMPLEMENTED[best.name, best.parameters.get("version")]
    escaping = best.parameters.get("escaping")
    if escaping is None:
        return form, _CONTENT_TYPE[form]
    return form, f"{_CONTENT_TYPE[form]}; escaping={escaping if escaping in _TRUE_ESCAPINGS else 'underscores'}"
