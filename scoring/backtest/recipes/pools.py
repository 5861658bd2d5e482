"""Shares of mining pools, merged by owner, over seven days."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from scoring import quantities
from scoring.backtest.columns import Recipe
from scoring.backtest.recipes.windows import WEEK
from scoring.backtest.table import POOL_BLOCKS, Table
from scoring.owners import by_owner
from scoring.reading import series

# Counts of one day differ around midnight, and shares of a week are told as those of a day of nominal length.
TOLD_RATIO: Final = 0.5

OwnerBlocks = tuple[Mapping[str, float], float]
OwnerFormula = Callable[[Mapping[str, float], float], float | None]


def pools(table: Table) -> dict[str, Recipe]:
    weeks = _owner_weeks(table)

    def recipe(formula: OwnerFormula) -> Recipe:
        return Recipe((POOL_BLOCKS,), lambda _: [None if week is None else formula(*week) for week in weeks])

    return {
        series("btchealth_mining_pool_herfindahl_ratio", grouping="owner", window="7d"): recipe(
            lambda blocks, unknown: quantities.herfindahl(blocks.values(), unknown)
        ),
        series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="1", window="7d"): recipe(
            lambda blocks, unknown: quantities.top_share(blocks.values(), 1, unknown)
        ),
        series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="2", window="7d"): recipe(
            lambda blocks, unknown: quantities.top_share(blocks.values(), 2, unknown)
        ),
        series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window="7d"): recipe(
            lambda blocks, unknown: quantities.nakamoto(blocks.values(), unknown)
        ),
    }


def _owner_weeks(table: Table) -> list[OwnerBlocks | None]:
    """Blocks by owner over seven days, on days whose week has no gap: no day of which much less is told than found."""
    found = table.columns.get("blocks") or [None] * table.days
    days = [by_owner(blocks, table.end_of_day(day)) for day, blocks in enumerate(table.pool_blocks)]
    weeks: list[OwnerBlocks | None] = []
    for end in range(1, len(days) + 1):
        week = days[max(0, end - WEEK) : end]
        full = len(week) == WEEK and all(map(_whole, week, found[max(0, end - WEEK) : end]))
        weeks.append(_summed(week) if full else None)
    return weeks


def _whole(day: OwnerBlocks, found: float | None) -> bool:
    told = math.fsum(day[0].values()) + day[1]
    return told > 0 and (found is None or told >= TOLD_RATIO * found)


def _summed(days: Iterable[OwnerBlocks]) -> OwnerBlocks:
    total: Counter[str] = Counter()
    unknown = 0.0
    for blocks, nobody in days:
        total.update(blocks)
        unknown += nobody
    return total, unknown
