from __future__ import annotations

import pytest

from exporter.sources.blockchain_com import rows
from exporter.spec import DAY, HOUR

WEEK = tuple((day * DAY, float(day)) for day in range(1, 8))


@pytest.mark.parametrize(
    ("statistic", "points", "want"),
    [
        pytest.param(rows.newest, WEEK, 7.0, id="the newest value"),
        pytest.param(rows.mean_of(7), WEEK, 4.0, id="mean of a week"),
        pytest.param(rows.mean_of(7), WEEK[:5], None, id="five of seven days are too few"),
        pytest.param(rows.mean_of(7), WEEK[:6], 3.5, id="six of seven days are enough"),
        pytest.param(rows.mean_of(2), WEEK, 6.5, id="only the last days count"),
        pytest.param(rows.median_of(7), WEEK, 4.0, id="median of a week"),
        pytest.param(
            rows.maximum_of(3), ((0.0, 9.0), (5 * DAY, 1.0), (6 * DAY, 2.0), (7 * DAY, 1.5)), 2.0, id="maximum"
        ),
        pytest.param(rows.maximum_of_weekly_means(7), WEEK, 4.0, id="one week has one weekly mean"),
        pytest.param(rows.maximum_of_weekly_means(7), WEEK[:6], None, id="six days have no weekly mean"),
        pytest.param(rows.growth_over(6), WEEK, 6.0, id="growth from 1 to 7"),
        pytest.param(rows.growth_over(8), WEEK, 6.0, id="a point two days off will do"),
        pytest.param(rows.growth_over(9), WEEK, None, id="a point three days off will not"),
        pytest.param(rows.volatility_over(7), tuple((time, 5.0) for time, _ in WEEK), 0.0, id="a still price"),
        pytest.param(rows.volatility_over(1), ((0.0, 5.0),), None, id="one price has no volatility"),
        pytest.param(rows.mean_of(1, HOUR), tuple((hour * HOUR, 1.0) for hour in range(18)), None, id="18 of 24 hours"),
        pytest.param(rows.mean_of(1, HOUR), tuple((hour * HOUR, 1.0) for hour in range(20)), 1.0, id="20 of 24 hours"),
    ],
)
def test_statistics_of_rows(statistic: rows.Statistic, points: rows.Rows, want: float | None) -> None:
    assert statistic(points) == want


def test_volatility_skips_changes_across_a_gap() -> None:
    with_gap = ((0.0, 1.0), (DAY, 1.0), (2 * DAY, 1.0), (4 * DAY, 100.0), (5 * DAY, 100.0))
    assert rows.volatility_over(5)(with_gap) == 0.0
