"""Lengths and units that several recipes share."""

from __future__ import annotations

from typing import Final

from scoring.backtest.columns import maximum, mean, median

WEEK: Final = 7
MONTH: Final = 30
QUARTER: Final = 90
YEAR: Final = 365
EXAHASH: Final = 1e18
MINUTE: Final = 60.0

OF_WEEK: Final = (mean(WEEK),)
OF_YEAR: Final = (median(YEAR),)
LARGEST_OF_QUARTER: Final = (*OF_WEEK, maximum(QUARTER))
LARGEST_OF_YEAR: Final = (*OF_WEEK, maximum(YEAR))
