"""fork-observer: chain tips of many nodes, stale blocks, forks."""

from __future__ import annotations

from exporter.spec import Budget, Source

SOURCE = Source(
    name="fork_observer",
    title="fork-observer",
    base_urls=("https://fork.observer",),
    budget=Budget(burst=10, every=10.0, spacing=2.0),
    modules=("exporter.sources.fork_observer",),
)
