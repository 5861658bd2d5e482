"""What one endpoint must make of bodies that we wrote ourselves.

Each source keeps a module `tests.unit.sources.<source>.examples` with `EXAMPLES`: endpoint name to Example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.errors import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A body that must not be believed as a whole, and why."""

    body: str | bytes
    reason: Reason


@dataclass(frozen=True, slots=True)
class Example:
    """One good body with everything it says, and bodies to refuse.

    `samples` is complete; its keys are selectors without the prefix, labels sorted. `data_time` is that of the body,
    `times` those of samples that have their own. `refused` maps a sentence to a body.
    """

    body: str | bytes
    samples: Mapping[str, float]
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    data_time: float | None = None
    times: Mapping[str, float] = field(default_factory=dict)
    read_at: float | None = None


def encoded(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()
