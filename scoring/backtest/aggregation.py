"""Other ways to make one number of five pillars, to compare the cap with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scoring.method import Method

# Weight and score of each pillar that counts; the weights sum to 1.
Shares = Sequence[tuple[float, float]]
Aggregate = Callable[[Shares], float]

# A geometric mean with a pillar at 0 would be 0 whatever the others say.
SMALLEST: Final = 1.0


def capped(cap: float) -> Aggregate:
    """The method's own: the weighted mean, but at most the worst pillar's score plus `cap`."""
    return lambda shares: min(mean(shares), min(score for _, score in shares) + cap)


def mean(shares: Shares) -> float:
    return math.fsum(weight * score for weight, score in shares)


def power(exponent: float) -> Aggregate:
    """Generalised mean: 1 is the mean, 0 the geometric mean; the lower, the more the worst pillar decides."""

    def aggregate(shares: Shares) -> float:
        lifted = [(weight, max(SMALLEST, score)) for weight, score in shares]
        if exponent == 0:
            return math.exp(math.fsum(weight * math.log(score) for weight, score in lifted))
        return float(math.fsum(weight * score**exponent for weight, score in lifted) ** (1 / exponent))

    return aggregate


CAPS: Final = (100.0, 50.0, 40.0, 35.0, 30.0, 25.0, 20.0, 15.0)

ALTERNATIVES: Final[Mapping[str, Aggregate]] = {
    **{f"K = {cap:.0f}": capped(cap) for cap in CAPS},
    "power mean, exponent 0.5": power(0.5),
    "geometric mean": power(0.0),
    "power mean, exponent -1": power(-1.0),
}


def combined(method: Method, counted: Mapping[str, float | None], aggregate: Aggregate) -> float | None:
    """`aggregate` over the pillars that have a counted score, with their weights brought to a sum of 1."""
    known = [
        (pillar.weight, score)
        for pillar in method.pillars
        if pillar.weight > 0 and (score := counted[pillar.id]) is not None
    ]
    total = math.fsum(weight for weight, _ in known)
    return aggregate([(weight / total, score) for weight, score in known]) if known else None
