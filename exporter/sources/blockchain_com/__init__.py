"""Blockchain.com: network statistics of the last 24 hours, daily charts, blocks by pool."""

from __future__ import annotations

from exporter.spec import Budget, Source

SOURCE = Source(
    name="blockchain_com",
    title="Blockchain.com",
    base_urls=("https://api.blockchain.info",),
    # One request in ten seconds is what the older query interface of the same operator states.
    budget=Budget(burst=20, every=10.0, spacing=10.0),
    modules=(
        "exporter.sources.blockchain_com.stats",
        "exporter.sources.blockchain_com.mining",
        "exporter.sources.blockchain_com.usage",
        "exporter.sources.blockchain_com.pools",
    ),
)
