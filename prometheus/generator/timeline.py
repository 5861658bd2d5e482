"""Levels over time as promtool writes series: one sample a minute, sample i belongs to evaluation i."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from prometheus.generator.model import DeclarationError, Level, Levels

# A millisecond short of a minute: no sample lies on the left edge of a range, which only Prometheus 2 counts in.
INTERVAL = "59s999ms"


class Silence(Enum):
    """Why there are no samples: the exporter shows the series no more, or scrapes were missed."""

    GONE = auto()
    MISSED = auto()


# Minutes, and the levels that hold.
Phase = tuple[int, Levels | Silence]


def render(level: Level, phases: Sequence[Phase], behind: float = 0.0) -> str:
    """One series in the notation of promtool; `level` is its number or the name of the variable it follows.

    `behind` is the share by which a lagging replica shows less.
    """
    value = 0.0
    parts: list[str] = []
    for minutes, state in phases:
        now = state if isinstance(state, Silence) else _now(level, state)
        if isinstance(now, Silence):
            parts.append(_absent(minutes, mark=now is Silence.GONE and bool(parts)))
            continue
        start, slope = _line(now, value)
        value = start + slope * (minutes - 1)
        parts.append(f"{_number(start, behind)}+{_number(slope, behind)}x{minutes - 1}")
    return " ".join(parts)


def _number(value: float, behind: float) -> str:
    text = repr(value) if behind == 0 else f"{value - behind * abs(value):.12g}"
    return text.removesuffix(".0")


def _absent(minutes: int, *, mark: bool) -> str:
    if not mark:
        return f"_x{minutes}"
    return "stale" if minutes == 1 else f"stale _x{minutes - 1}"


def _now(level: Level, state: Mapping[str, Level]) -> float | str | Silence:
    if isinstance(level, str) and not level.endswith("/min"):
        if level not in state:
            raise DeclarationError(f"test: no level for {level!r} among {sorted(state)}")
        level = state[level]
    return Silence.GONE if level is None else level


def _line(level: float | str, value: float) -> tuple[float, float]:
    """(first value, growth a minute) of a phase that follows `value`."""
    if not isinstance(level, str):
        return float(level), 0.0
    if not level.endswith("/min"):
        raise DeclarationError(f"test: level {level!r}: expected a number, or a growth such as 60/min")
    slope = float(level.removesuffix("/min"))
    return value + slope, slope
