"""Three exporters behind one Redis make the calls of one, also while the one that is asking is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.machine_room import NOTHING, send, until
from tests.integration.redis.fleet import INTERVAL, POLLED, Fleet, total

FETCHED = r"^btchealth_fetches_total\{"
TIME = 'btchealth_endpoint_last_success_timestamp_seconds{endpoint="mempool",source="mempool_space"}'
MEMPOOL = "/api/mempool"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    three = Fleet(tmp_path)
    try:
        three.start()
        yield three
    finally:
        three.close()


def test_three_processes_make_the_calls_of_one_also_while_the_one_that_asks_is_killed(fleet: Fleet) -> None:
    until(lambda: all(page.value(TIME) for page in fleet.pages()), "every replica shows what one of them fetched")
    start, before = time.monotonic(), fleet.calls()
    NOTHING.wait(3 * INTERVAL)
    at_most = (time.monotonic() - start) / INTERVAL + 1
    assert all(fleet.calls()[path] - before[path] <= at_most for path in before), (before, fleet.calls(), at_most)
    assert sum(fleet.calls().values()) >= total(fleet.pages(), FETCHED)
    assert len(fleet.calls()) == len(POLLED)

    send("POST", f"{fleet.simulator.url}/scenario/slow:mempool_space?seconds=15")
    asking = until(lambda: fleet.holder("mempool"), "one of them asks")
    seen = fleet.calls()[MEMPOOL]
    fleet.kill(asking)
    send("DELETE", f"{fleet.simulator.url}/scenario")
    killed = time.time()
    until(lambda: all((page.value(TIME) or 0) > killed for page in fleet.pages()), "the others show newer data", 30)
    gone = time.time() - killed
    assert len(fleet.pages()) == 2
    assert fleet.calls()[MEMPOOL] - seen <= gone / INTERVAL + 1
