"""The set of pillars, weights and cap that a score is made with, and how an operator's own weights change it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from scoring.indicator import Indicator, Pillar

# Below this share of fresh weight a score is withheld.
MINIMUM_COVERAGE: Final = 0.6

# Weights are shares of a sum: beyond a thousand to one, nothing else would count.
LARGEST_WEIGHT: Final = 1000.0


@dataclass(frozen=True)
class Method:
    """Weights of pillars sum to 1, weights of indicators sum to 1 inside their pillar.

    `cap`: the overall score is at most the worst pillar's plus this many points; 100 never binds.
    """

    version: str
    pillars: tuple[Pillar, ...]
    cap: float

    def __post_init__(self) -> None:
        names = [*(pillar.id for pillar in self.pillars), *(indicator.id for indicator in self.indicators())]
        if len(set(names)) != len(names):
            raise ValueError(f"method {self.version}: expected every pillar and indicator id once, got {sorted(names)}")
        for what, weights in self._weights():
            if not math.isclose(math.fsum(weights), 1.0, abs_tol=1e-9) or min(weights) < 0:
                raise ValueError(
                    f"method {self.version}: expected weights of {what} from 0 that sum to 1, got {weights}"
                )

    def _weights(self) -> Iterator[tuple[str, list[float]]]:
        yield "pillars", [pillar.weight for pillar in self.pillars]
        for pillar in self.pillars:
            yield pillar.id, [indicator.weight for indicator in pillar.indicators]

    def indicators(self) -> Iterator[Indicator]:
        for pillar in self.pillars:
            yield from pillar.indicators

    @cached_property
    def selectors(self) -> tuple[str, ...]:
        """Every series that may be read, in order of the pillars."""
        return tuple(dict.fromkeys(selector for indicator in self.indicators() for selector in indicator.selectors))

    @cached_property
    def base_version(self) -> str:
        """Without the mark of an operator's own weights."""
        return self.version.partition("+")[0]

    @property
    def weight_names(self) -> tuple[str, ...]:
        return (*(pillar.id for pillar in self.pillars), *(indicator.id for indicator in self.indicators()))


def mistakes(method: Method, weights: Mapping[str, float]) -> list[str]:
    """What is wrong with an operator's weights, one sentence each; empty when they can be used."""
    found = [
        f"weight {name!r}: unknown; expected one of {', '.join(method.weight_names)}"
        for name in weights
        if name not in method.weight_names
    ]
    found += [
        f"weight {name!r}: expected a number from 0 to {LARGEST_WEIGHT:g}, got {weight!r}"
        for name, weight in weights.items()
        if not 0 <= weight <= LARGEST_WEIGHT
    ]
    if not found:
        groups = {"pillars": method.pillars} | {pillar.id: pillar.indicators for pillar in method.pillars}
        found += [
            f"weights of {group}: expected at least one above 0"
            for group, members in groups.items()
            if not any(weights.get(member.id, member.weight) > 0 for member in members)
        ]
    return found


def customised(method: Method, weights: Mapping[str, float]) -> Method:
    """`method` with some weights replaced and each group brought back to a sum of 1.

    Names are pillar and indicator ids. Raises ValueError with every mistake; the version tells custom weights.
    """
    if found := mistakes(method, weights):
        raise ValueError("; ".join(found))
    if not weights:
        return method
    digest = hashlib.sha256(json.dumps({name: float(weights[name]) for name in sorted(weights)}).encode()).hexdigest()[
        :8
    ]
    pillars = tuple(
        replace(pillar, weight=weight, indicators=_reweighted(pillar, weights))
        for pillar, weight in zip(method.pillars, _shares(method.pillars, weights), strict=True)
    )
    return replace(method, version=f"{method.version}+custom.{digest}", pillars=pillars)


def _reweighted(pillar: Pillar, weights: Mapping[str, float]) -> tuple[Indicator, ...]:
    shares = _shares(pillar.indicators, weights)
    return tuple(replace(indicator, weight=share) for indicator, share in zip(pillar.indicators, shares, strict=True))


def _shares(members: tuple[Pillar, ...] | tuple[Indicator, ...], weights: Mapping[str, float]) -> list[float]:
    wanted = [weights.get(member.id, member.weight) for member in members]
    total = math.fsum(wanted)
    return [weight / total for weight in wanted]
