"""Levels over time as promtool writes series: one sample a minute, sample i belongs to evaluation i."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus.generator.model import DeclarationError, Level, Levels

# A millisecond short of a minute: no sample lies on the left edge of a range, which only Prometheus 2 counts in.
INTERVAL = "59s999ms"

# Seconds of levels, or why there are none: the series is gone ("stale"), or scrapes were missed ("missed").
Phase = tuple[int, Levels | str]


def render(level: Level, phases: Sequence[Phase]) -> str:
    """One series in the notation of promtool; `level` is its number or the name of the variable it follows."""
    value = 0.0
    parts = []
    for minutes, state in phases:
        if isinstance(state, str):
            parts.append(_absent(minutes, state))
            continue
        start, slope = _level(level, state, value)
        parts.append(f"{start:.12g}+{slope:.12g}x{minutes - 1}")
        value = start + slope * (minutes - 1)
    return " ".join(parts)


def _absent(minutes: int, state: str) -> str:
    if state == "missed":
        return f"_x{minutes}"
    return "stale" if minutes == 1 else f"stale _x{minutes - 1}"


def _level(level: Level, state: Mapping[str, Level], value: float) -> tuple[float, float]:
    """(first value, growth a minute) of a phase that follows `value`."""
    if isinstance(level, str) and not level.endswith("/min"):
        if level not in state:
            raise DeclarationError(f"test: no level for {level!r} among {sorted(state)}")
        level = state[level]
    if isinstance(level, str):
        if not level.endswith("/min"):
            raise DeclarationError(f"test: level {level!r}: expected a number, or a growth such as 60/min")
        slope = float(level.removesuffix("/min"))
        return value + slope, slope
    return float(level), 0.0
