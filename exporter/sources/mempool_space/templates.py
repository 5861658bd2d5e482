"""Which mining pools hand out the block templates of another pool: what is mined is decided once for all of them.

Evidence is equal work sent to miners, not ownership; that is `scoring.owners`. Published by 0xB10C, "Block Template
Similarities between Mining Pools" (b10c.me/observations/12-template-similarity, 2024-09-16), and kept up to date as
"AntPool & friends" at mainnet.observer/charts/mining-pools-centralization-index-with-proxy-pools. The author calls the
list an assumption: membership is not announced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoring.owners import UNKNOWN

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "antpool-and-friends": (
        "antpool",
        "binancepool",
        "braiinspool",
        "btccom",
        "cloverpool",
        "luxor",
        "miningsquared",
        "poolin",
        "rawpool",
        "rawpoolcom",
        "secpool",
        "sigmapool",
        "sigmapoolcom",
        "ultimuspool",
    ),
}
_GROUP_OF: Final = {pool: group for group, pools in GROUPS.items() for pool in pools}


def by_template(blocks: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Blocks by origin of the template, and apart from them the blocks whose finder is unknown."""
    merged: dict[str, float] = {}
    for pool, count in blocks.items():
        if pool != UNKNOWN:
            group = _GROUP_OF.get(pool, pool)
            merged[group] = merged.get(group, 0.0) + count
    return merged, blocks.get(UNKNOWN, 0.0)
