"""The public graph of Lightning."""

from __future__ import annotations

from typing import Final

from scoring.backtest.columns import Recipe, Window, growth_of_medians, maximum, of, same
from scoring.backtest.recipes.windows import MONTH, YEAR
from scoring.backtest.table import Column, Table
from scoring.reading import series

# As live: between medians of three days.
SMOOTHED_DAYS: Final = 3
MONTH_GROWTH: Final = growth_of_medians(MONTH, SMOOTHED_DAYS)

# Bitcoin Visuals has hardly a gap; mempool.space has several. The two never serve one day's comparison together.
_LIGHTNING_COLUMNS: Final = {
    "channels": ("ln_channels_bitcoinvisuals", "ln_channels"),
    "nodes": ("ln_nodes_bitcoinvisuals", "ln_nodes"),
}


def lightning(table: Table) -> dict[str, Recipe]:
    capacity = "ln_capacity_btc"
    found = {
        "btchealth_lightning_capacity_bitcoins": of(same, capacity),
        series("btchealth_lightning_capacity_maximum_bitcoins", window="365d"): of(
            same, capacity, then=(maximum(YEAR),)
        ),
        series("btchealth_lightning_capacity_change_ratio", window="30d"): of(same, capacity, then=(MONTH_GROWTH,)),
    }
    for quantity, names in _LIGHTNING_COLUMNS.items():
        columns = tuple(name for name in names if name in table.columns) or names
        found[f"btchealth_lightning_{quantity}"] = _first_known(columns)
        found[series(f"btchealth_lightning_{quantity}_maximum", window="365d")] = _first_known(columns, maximum(YEAR))
    channels = tuple(name for name in _LIGHTNING_COLUMNS["channels"] if name in table.columns)
    found[series("btchealth_lightning_channels_change_ratio", window="30d")] = _first_known(
        channels or _LIGHTNING_COLUMNS["channels"], MONTH_GROWTH
    )
    return found


def _first_known(columns: tuple[str, ...], window: Window | None = None) -> Recipe:
    """On each day the first column with a value, or a window over that same column."""

    def make(table: Table) -> Column:
        levels = [table.columns[name] for name in columns]
        results = levels if window is None else [window(level) for level in levels]
        found: list[float | None] = []
        for day in range(table.days):
            number = next((number for number, level in enumerate(levels) if level[day] is not None), None)
            found.append(None if number is None else results[number][day])
        return found

    return Recipe(columns, make)
