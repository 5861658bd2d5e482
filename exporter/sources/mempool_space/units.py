"""From the units of the API to base units; nothing in, nothing out."""

from __future__ import annotations

from scoring.quantities import SATOSHIS_PER_BITCOIN


def bitcoins(satoshis: float | None) -> float | None:
    return None if satoshis is None else satoshis / SATOSHIS_PER_BITCOIN


def ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def share(over: float | None, under: float | None) -> float | None:
    return None if over is None or not under else over / under


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
