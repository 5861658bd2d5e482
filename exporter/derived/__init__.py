"""Quantities made of others: of two sources, or of one and constants of the protocol.

Formulas are in `scoring.quantities`. A derived series is absent while any of its inputs is, is as old as the oldest of
them, and leaves with the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.consensus import agree
from exporter.derived import mining, usage
from exporter.derived.declaration import Derived, FromDays
from exporter.snapshot import Accepted, EndpointKey, Observation, Snapshot, View, combined
from exporter.spec import Facts, Group, Metric, Unit

DERIVED: Final[tuple[Derived, ...]] = (*mining.DERIVED, *usage.DERIVED)
FROM_DAYS: Final[tuple[FromDays, ...]] = mining.FROM_DAYS

# Of sources whose hosts count differently: which host it was, for as long as anything it said is shown.
NODES_PROVIDER: Final = Metric(
    "btchealth_nodes_provider_info",
    "Hosts that the values about nodes come from. Crawlers count differently, so another host is another meaning. "
    "Always 1.",
    Unit.INFO,
    bounds=(0.0, 1.0),
    labels={"host": Facts(2)},
    group=Group.DECENTRALIZATION,
)
PROVIDERS: Final[Mapping[str, Metric]] = {"bitnodes": NODES_PROVIDER}


def enrich(snapshot: Snapshot, view: View) -> View:
    """`view` with agreed values, derived quantities, and providers."""
    whole = dict(view)
    for agreed in agree(view):
        whole[agreed.sample.key] = agreed
    for declared in DERIVED:
        _add(whole, _derive(declared, whole))
    for joined in FROM_DAYS:
        _add(whole, _join(joined, whole, snapshot.accepted))
    for accepted in snapshot.accepted.values():
        _add(whole, _provider(accepted, view))
    return whole


def _add(view: dict[str, Observation], observation: Observation | None) -> None:
    """The first declaration of a series that has its inputs wins; the later ones are its fallbacks."""
    if observation:
        view.setdefault(observation.sample.key, observation)


def _derive(declared: Derived, view: View) -> Observation | None:
    inputs = _inputs(declared.inputs, view)
    return _observed(declared, declared.formula(*(one.sample.value for one in inputs)), inputs) if inputs else None


def _inputs(choices: Sequence[Sequence[str]], view: View) -> list[Observation]:
    """The first of each choice that is shown; empty where one choice has none."""
    found = [next((view[selector] for selector in choice if selector in view), None) for choice in choices]
    present = [one for one in found if one]
    return present if len(present) == len(found) else []


def _join(joined: FromDays, view: View, accepted: Mapping[EndpointKey, Accepted]) -> Observation | None:
    witnesses = _inputs([(selector,) for selector in joined.witnesses], view)
    days = [dict(accepted[key].daily) for key in joined.endpoints if key in accepted]
    if not witnesses or len(days) < len(joined.endpoints):
        return None
    return _observed(joined, joined.statistic(*days), witnesses)


def _observed(declared: Derived | FromDays, value: float | None, inputs: Sequence[Observation]) -> Observation | None:
    low, high = declared.metric.bounds
    sample = declared.metric(value, None, **declared.labels)
    return combined(sample, inputs) if sample and low <= sample.value <= high else None


def _provider(accepted: Accepted, view: View) -> Observation | None:
    metric = PROVIDERS.get(accepted.source.name)
    shown = [one for one in accepted.observations if view.get(one.sample.key) is one]
    sample = metric(1.0, None, host=accepted.host) if metric and shown else None
    return combined(sample, shown) if sample else None


def declarations() -> tuple[Derived | FromDays, ...]:
    return (*DERIVED, *FROM_DAYS)
