"""mempool.space, or any backend that speaks its interface."""

from __future__ import annotations

from exporter.spec import Budget, Source

_TOPICS = (
    "network",
    "tips",
    "blocks",
    "mempool",
    "fees",
    "difficulty",
    "retargets",
    "pools",
    "hashrate",
    "rewards",
    "block_rewards",
    "audits",
    "prices",
    "statistics",
    "replacements",
    "lightning",
    "lightning_history",
    "lightning_nodes",
    "lightning_places",
)

SOURCE = Source(
    name="mempool_space",
    title="mempool.space",
    base_urls=("https://mempool.space",),
    # The limits are not published; this is ten to twenty times below what others report to be let through.
    budget=Budget(burst=40, every=1.0, spacing=0.25),
    modules=tuple(f"{__name__}.{topic}" for topic in _TOPICS),
)
