"""ForkMonitor: stale candidates, invalid and inflated blocks, chain tips seen by many nodes."""

from __future__ import annotations

from exporter.spec import Budget, Source

SOURCE = Source(
    name="forkmonitor",
    title="ForkMonitor",
    base_urls=("https://forkmonitor.info",),
    budget=Budget(burst=10, every=10.0, spacing=2.0),
    modules=("exporter.sources.forkmonitor",),
)
