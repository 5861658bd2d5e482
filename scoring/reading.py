"""What scoring sees of one quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    FRESH = "fresh"
    HELD = "held"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` in the base unit of its series; times in Unix seconds; `data_time` ends the interval described."""

    value: float
    fetched_at: float
    data_time: float
    provenance: str
    state: State = State.FRESH


# Keys are selectors as PromQL writes them, labels sorted: see `series`.
Readings = Mapping[str, Reading]


def series(name: str, **labels: str) -> str:
    """The canonical selector of one series: `name{a="x",b="y"}`, or the bare name."""
    if not labels:
        return name
    pairs = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    return f"{name}{{{pairs}}}"
