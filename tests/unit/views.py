"""Observations for tests of what is made of them."""

from __future__ import annotations

from exporter.catalogue import metric
from exporter.snapshot import Observation
from exporter.spec import Sample


def observation(
    name: str, value: float, data_time: float = 1000.0, *, fetched_at: float | None = None, **labels: str
) -> Observation:
    """One series, an hour to live; `name` without the prefix."""
    family = metric(f"btchealth_{name}")
    sample = Sample(family, tuple(labels[label] for label in family.labels), value)
    fetched = data_time + 1 if fetched_at is None else fetched_at
    return Observation(sample, data_time, fetched, data_time + 3600, f"{labels.get('source', 'made_up')}/endpoint@host")


def view(*observations: Observation) -> dict[str, Observation]:
    return {one.sample.key: one for one in observations}
