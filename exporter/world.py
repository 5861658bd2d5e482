"""Everything known at one moment, made in one go from what was collected; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.collection.statistics import SourceFigures
from exporter.slices import Slices, in_one_go
from exporter.snapshot import Snapshot, View
from exporter.spec import Metric
from scoring.memory import Memory
from scoring.method import Method
from scoring.score import score
from scoring.scorecard import Scorecard

# The view with what follows from it: consensus of several sources, quantities made of two.
Enrich = Callable[[Snapshot, View], View]


@dataclass(frozen=True, slots=True)
class World:
    """`at` in Unix seconds; `view` holds upstream, consensus and derived series."""

    at: float
    snapshot: Snapshot
    view: View
    scorecard: Scorecard
    figures: tuple[SourceFigures, ...]

    def next_expiry(self) -> float | None:
        """The first moment at which something must leave the page."""
        return min((observation.expires_at for observation in self.view.values()), default=None)

    def untried(self) -> tuple[str, ...]:
        """Sources of which nothing is known yet, not even that they fail."""
        return tuple(one.name for one in self.figures if not one.tried)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a world is made: what follows from the readings, how they are scored, and HELP of each metric."""

    enrich: Enrich
    method: Method
    minimum_coverage: float
    help_texts: Mapping[Metric, str]

    def world(self, snapshot: Snapshot, figures: Sequence[SourceFigures], now: float, memory: Memory) -> World:
        return in_one_go(self.making(snapshot, figures, now, memory))

    def making(self, snapshot: Snapshot, figures: Sequence[SourceFigures], now: float, memory: Memory) -> Slices[World]:
        alive = snapshot.view(now)
        yield
        view = self.enrich(snapshot, alive)
        yield
        readings = {selector: observation.reading() for selector, observation in view.items()}
        yield
        scorecard = score(readings, now, memory, self.method, self.minimum_coverage)
        return World(now, snapshot, view, scorecard, tuple(figures))
