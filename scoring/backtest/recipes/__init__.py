"""How each series that scoring reads follows from the columns of a history folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from scoring.backtest.columns import Recipe
from scoring.backtest.recipes.lightning import lightning
from scoring.backtest.recipes.mining import MINING
from scoring.backtest.recipes.pools import pools
from scoring.backtest.recipes.usage import ADOPTION, THROUGHPUT
from scoring.backtest.table import Table
from scoring.reading import series

_STALE_LIST: Final = (
    "a list that volunteers keep, dense until 2016 and thin since, has another level than the tips of a node"
)

# What columns seem to tell, but not at the level of the live series: it would be another quantity under its name.
OTHER_LEVEL: Final[Mapping[str, str]] = {
    series("btchealth_stale_blocks_ratio", window="30d"): _STALE_LIST,
    series("btchealth_chain_fork_length_maximum_blocks", window="30d"): _STALE_LIST,
    series("btchealth_nodes_autonomous_system_top_share_ratio", top="1"): (
        "nodes of some companies by one crawler and all nodes by another have another level than the share in one crawl"
    ),
}


def recipes(table: Table) -> Mapping[str, Recipe]:
    """By selector. Which columns serve for Lightning depends on the folder."""
    return {**MINING, **pools(table), **THROUGHPUT, **ADOPTION, **lightning(table)}


def columns() -> frozenset[str]:
    """All that any recipe may read."""
    nothing = Table(date.min, 0, {})
    return frozenset(name for recipe in recipes(nothing).values() for name in recipe.needs)
