"""Where answers come from: the simulated world, or a folder of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.answers import (
    bitnodes,
    blockchain_com,
    coingecko,
    fork_observer,
    forkmonitor,
    mempool_blocks,
    mempool_fees,
    mempool_lightning,
    mempool_mining,
    mempool_misc,
    mempool_years,
)
from simulator.answers.answer import Answer
from simulator.incidents import Effects
from simulator.scenario import Stage
from simulator.view import World

ROUTES = {
    "mempool_space": (
        mempool_fees.routes,
        mempool_mining.routes,
        mempool_blocks.routes,
        mempool_lightning.routes,
        mempool_misc.routes,
        mempool_years.routes,
    ),
    "coingecko": (coingecko.routes,),
    "blockchain_com": (blockchain_com.routes,),
    "bitnodes": (bitnodes.routes,),
    "forkmonitor": (forkmonitor.routes,),
    "fork_observer": (fork_observer.routes,),
}


class Upstream(Protocol):
    def answer(self, source: str, path: str, query: Mapping[str, str], time: float, stage: Stage) -> Answer | None:
        """The source's answer at a time; None where it has nothing under this path."""

    def recordings(self) -> list[dict[str, object]]:
        """What is replayed, one row an endpoint."""


@dataclass(frozen=True, slots=True)
class Simulated:
    world: World

    def answer(self, source: str, path: str, query: Mapping[str, str], time: float, stage: Stage) -> Answer | None:
        return world_answer(self.world, source, path, query, time, stage.effects(time, self.world.chain))

    def recordings(self) -> list[dict[str, object]]:
        return []


def world_answer(
    world: World, source: str, path: str, query: Mapping[str, str], time: float, effects: Effects
) -> Answer | None:
    for routes in ROUTES[source]:
        if found := routes.find(path):
            handler, args = found
            return handler(world.view(time, effects), args, query)
    return None
