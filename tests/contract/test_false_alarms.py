"""The published rates at which block alerts fire by chance, computed anew from their thresholds."""

from __future__ import annotations

import math

import pytest

from prometheus.generator.model import Alert, load

BLOCKS_A_YEAR = 365 * 144
EXPECTED_IN_4H = 24


def poisson(count: int, mean: float) -> float:
    return math.exp(-mean + count * math.log(mean) - math.lgamma(count + 1))


def published(name: str) -> float:
    found: list[Alert] = [alert for group in load().groups for alert in group.alerts if alert.name == name]
    assert found[0].false_alarms is not None
    return float(found[0].false_alarms.split()[0])


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        ("BlockRateLow", "blocks_4h_low"),
        ("BlockRateCritical", "blocks_4h_critical"),
        ("BlockRateHigh", "blocks_4h_high"),
    ],
)
def test_a_count_in_a_sliding_window_crosses_its_threshold_as_often_as_published(name: str, threshold: str) -> None:
    count = int(load().thresholds[threshold].value)
    # Crossings, not time below: a window of four hours passes the count k at the rate of blocks times P(N = k).
    assert published(name) == pytest.approx(BLOCKS_A_YEAR * poisson(count, EXPECTED_IN_4H), rel=0.03)


def test_gaps_of_two_hours_come_as_often_as_published() -> None:
    gap = load().thresholds["no_block_seconds"].value
    assert published("NoBlockFor2h") == pytest.approx(BLOCKS_A_YEAR * math.exp(-gap / 600), rel=0.03)
