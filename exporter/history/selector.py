"""The name of one series in parts, so that what is sent elsewhere is built from parts and never from a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from scoring.reading import series

_SELECTOR: Final = re.compile(r"([a-z_][a-z0-9_]*)(?:\{(.*)\})?")
# A value may hold quotation marks of its own.
_LABEL: Final = re.compile(r'(\w+)="(.*?)"(?:,(?=\w+=")|$)')


@dataclass(frozen=True, slots=True)
class Selector:
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Of a text that `scoring.reading.series` wrote; None where it cannot be taken apart."""
        match = _SELECTOR.fullmatch(text)
        found = cls(match[1], dict(_LABEL.findall(match[2] or ""))) if match else None
        return found if str(found) == text else None

    def __str__(self) -> str:
        return series(self.name, **self.labels)

    def promql(self) -> str:
        """The largest of the replicas' series, which differ by labels of the scrape alone."""
        pairs = ",".join(f"{label}={_quoted(value)}" for label, value in sorted(self.labels.items()))
        return f"max({self.name}{{{pairs}}})"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
