"""What is alive at a moment."""

from __future__ import annotations

import pytest

from exporter.collection.accept import Arrival, accept
from exporter.snapshot import Accepted, Snapshot
from exporter.sources import mempool_space
from exporter.sources.mempool_space.lightning import lightning_latest
from exporter.sources.mempool_space.lightning_places import lightning_isps
from exporter.spec import DAY, Endpoint, Parsed
from tests.unit.sources.mempool_space.examples import EXAMPLES

NOW = 1_750_000_000.0
PROVIDERS = "btchealth_lightning_providers"


def accepted(endpoint: Endpoint, position: int, data_time: float | None) -> Accepted:
    body = endpoint.read(str(EXAMPLES[endpoint.name].body).encode())
    samples = tuple(one for one in body.samples if one.data_time is None)
    arrival = Arrival(mempool_space.SOURCE, endpoint, position, "h", NOW, NOW)
    return accept(arrival, Parsed(samples, data_time, {}, 0), None)


@pytest.mark.parametrize(
    ("witness", "later", "shown"),
    [
        pytest.param(None, 0.0, False, id="no row tells how old the graph is"),
        pytest.param((0, NOW - DAY), 0.0, True, id="a row of yesterday by the same server"),
        pytest.param((1, NOW - DAY), 0.0, False, id="a row of another server"),
        pytest.param((0, NOW - 2 * DAY), 3 * 3600.0, False, id="the row has grown too old meanwhile"),
    ],
)
def test_rankings_of_the_lightning_graph_are_as_old_as_its_newest_row(
    witness: tuple[int, float] | None, later: float, shown: bool
) -> None:
    snapshot = Snapshot().with_accepted(accepted(lightning_isps, 0, None))
    if witness is not None:
        snapshot = snapshot.with_accepted(accepted(lightning_latest, *witness))
    assert (PROVIDERS in snapshot.view(NOW + later)) is shown
