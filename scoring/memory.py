"""What a score remembers from one evaluation to the next, so that a vanished input does not move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Remembered:
    """The newest fresh value of one indicator, which of its alternatives gave it, and when (Unix seconds)."""

    value: float
    alternative: int
    fresh_at: float


@dataclass(frozen=True, slots=True)
class Memory:
    """`method`: base version whose indicators these are; `basis` names what counted in the newest score, and how."""

    method: str = ""
    indicators: Mapping[str, Remembered] = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    basis_changed_at: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "indicators": {name: asdict(entry) for name, entry in self.indicators.items()},
            "basis": list(self.basis),
            "basis_changed_at": self.basis_changed_at,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Memory:
        """The inverse of `as_json`; raises KeyError, TypeError or ValueError for anything else."""
        changed = data["basis_changed_at"]
        return cls(
            method=str(data["method"]),
            indicators={
                str(name): Remembered(float(entry["value"]), int(entry["alternative"]), float(entry["fresh_at"]))
                for name, entry in data["indicators"].items()
            },
            basis=tuple(str(name) for name in data["basis"]),
            basis_changed_at=None if changed is None else float(changed),
        )
