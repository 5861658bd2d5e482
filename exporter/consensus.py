"""Where several sources mean the same thing: one agreed value, and how far they are apart.

Sources are compared that were read at about the same time. With fewer than a quorum there is nothing to agree on: both
values are absent. Sources further than the tolerance from the middle have no say, and the agreed value needs a quorum
of the others.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.snapshot import Observation, View, combined
from exporter.sources import quantities
from exporter.spec import HOUR, MINUTE, Metric, Sample, Unit


@dataclass(frozen=True, slots=True)
class Agreement:
    """`tolerance` in the unit of `quantity`, or a ratio of the middle if `disagreement` is one; `skew` in seconds."""

    quantity: Metric
    value: Metric
    disagreement: Metric
    tolerance: float
    skew: float
    quorum: int = 2
    middle: Callable[[Sequence[float]], float] = statistics.median

    @property
    def relative(self) -> bool:
        return self.disagreement.unit is Unit.RATIO


AGREEMENTS: Final = (
    # The higher of two middle ones: a source that lags is ordinary, one that leads is news.
    Agreement(
        quantities.TIP_HEIGHT,
        quantities.TIP_HEIGHT_CONSENSUS,
        quantities.TIP_HEIGHT_DISAGREEMENT_BLOCKS,
        tolerance=3.0,
        skew=20 * MINUTE,
        middle=statistics.median_high,
    ),
    # Prices of one source are an hour old by design.
    Agreement(
        quantities.PRICE, quantities.PRICE_CONSENSUS, quantities.PRICE_DISAGREEMENT, tolerance=0.03, skew=2 * HOUR
    ),
    # A retarget moves it by percents; sources differ in rounding only.
    Agreement(
        quantities.DIFFICULTY,
        quantities.DIFFICULTY_CONSENSUS,
        quantities.DIFFICULTY_DISAGREEMENT,
        tolerance=1e-6,
        skew=HOUR,
    ),
    # A hundred bitcoins are half a day of blocks.
    Agreement(
        quantities.CIRCULATING_SUPPLY,
        quantities.CIRCULATING_SUPPLY_CONSENSUS,
        quantities.CIRCULATING_SUPPLY_DISAGREEMENT,
        tolerance=5e-6,
        skew=2 * HOUR,
    ),
)


def agree(view: View) -> Iterator[Observation]:
    for agreement in AGREEMENTS:
        present = [view[selector] for selector in agreement.quantity.selectors() if selector in view]
        near = _contemporaries(present, agreement.skew)
        if len(near) >= agreement.quorum:
            yield from _agree(agreement, near)


def _contemporaries(present: Sequence[Observation], skew: float) -> list[Observation]:
    """The largest group whose data times lie within `skew`; of equal groups the newest."""
    groups = (
        [one for one in present if 0 <= newest.data_time - one.data_time <= skew]
        for newest in sorted(present, key=lambda one: one.data_time, reverse=True)
    )
    return max(groups, key=len, default=[])


def _agree(agreement: Agreement, near: Sequence[Observation]) -> Iterator[Observation]:
    values = [one.sample.value for one in near]
    middle = agreement.middle(values)
    scale = middle if agreement.relative else 1.0
    yield combined(Sample(agreement.disagreement, (), (max(values) - min(values)) / scale), near)
    trusted = [one for one in near if abs(one.sample.value - middle) <= agreement.tolerance * scale]
    if len(trusted) >= agreement.quorum:
        agreed = agreement.middle([one.sample.value for one in trusted])
        yield combined(Sample(agreement.value, (), agreed), trusted)
