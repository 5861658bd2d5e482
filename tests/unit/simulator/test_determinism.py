from __future__ import annotations

import pytest

from simulator.clock import DAY
from simulator.scenario import SCENARIOS
from simulator.view import EARLIEST, World
from tests.unit.simulator.endpoints import ALL, NOW, ask

# Fixed by the protocol, by the source, or so coarse that two worlds may agree by chance.
_MAY_BE_ALIKE = {
    ("mempool_space", "/api/v1/fees/recommended"),
    ("mempool_space", "/api/block-height/0"),
    ("mempool_space", "/api/v1/backend-info"),
    ("bitnodes", "/api/v1/snapshots/latest/?field=coordinates"),
    ("forkmonitor", "/api/v1/stale_candidates"),
    *(("forkmonitor", f"/feeds/{kind}.rss") for kind in ("invalid_blocks/btc", "btc/blocks/invalid")),
    *(("forkmonitor", f"/feeds/{kind}.rss") for kind in ("inflated_blocks/btc", "lagging_nodes", "nodes/unreachable")),
    ("fork_observer", "/api/networks.json"),
    ("fork_observer", "/api/2/data.json"),
    *(("fork_observer", f"/rss/1/{kind}.xml") for kind in ("invalid", "lagging", "unreachable")),
}


def test_the_same_seed_and_time_give_the_same_bytes_in_any_order_of_questions(world: World) -> None:
    other = World.of(seed=1, nodes=2_000)
    ask(other, "mempool_space", "/api/v1/blocks", NOW + 90 * DAY)
    backwards = {place: ask(other, *place).body for place in reversed(ALL)}
    assert {place: ask(world, *place).body for place in ALL} == backwards


def test_another_seed_is_another_world(world: World) -> None:
    other = World.of(seed=2, nodes=2_000)
    alike = {place for place in ALL if ask(world, *place).body == ask(other, *place).body}
    assert alike <= _MAY_BE_ALIKE


def test_time_moves_the_world(world: World) -> None:
    alike = {place for place in ALL if ask(world, *place).body == ask(world, *place, NOW + 2 * DAY).body}
    assert ("mempool_space", "/api/mempool") not in alike
    assert {source for source, _ in alike} <= {"mempool_space", "bitnodes", "forkmonitor", "fork_observer"}


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_every_scenario_says_what_it_does_in_one_line(name: str) -> None:
    assert 20 < len(SCENARIOS[name]) <= 120
    assert "\n" not in SCENARIOS[name]


def test_a_time_before_the_world_began_is_refused_by_name(world: World) -> None:
    with pytest.raises(ValueError, match="starts at 1673136000"):
        world.view(EARLIEST - 1)
