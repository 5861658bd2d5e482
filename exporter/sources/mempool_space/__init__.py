"""mempool.space, or any backend that speaks its interface."""

from __future__ import annotations

from exporter.spec import Budget, Source

SOURCE = Source(
    name="mempool_space",
    title="mempool.space",
    base_urls=("https://mempool.space",),
    budget=Budget(burst=40, every=1.0, spacing=0.25),
    modules=("exporter.sources.mempool_space",),
)
