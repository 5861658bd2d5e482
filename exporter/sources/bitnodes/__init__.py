"""Bitnodes and the crawlers that took over its interface: reachable nodes by network, operator and software."""

from __future__ import annotations

from exporter.spec import Budget, Source

SOURCE = Source(
    name="bitnodes",
    title="Bitnodes",
    base_urls=("https://bitnodes.io", "https://btcnodes.io"),
    # The successor allows ten requests a day and address: a full bucket plus a day's refill are exactly ten.
    budget=Budget(burst=4, every=14_400.0, spacing=10.0),
    modules=("exporter.sources.bitnodes.summary", "exporter.sources.bitnodes.snapshot"),
    hosts=("bitnodes.io", "btcnodes.io"),
)
