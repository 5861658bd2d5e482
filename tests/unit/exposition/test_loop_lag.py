"""How late timers fire, with a clock that says so."""

import asyncio
from collections.abc import Iterator

import pytest

from exporter.exposition.loop_lag import INTERVAL, LoopLag


class EndedError(Exception):
    """The clock has no more to tell."""


async def observed(*late: float) -> dict[str, float]:
    """The family after timers that fired as many seconds late each; negative is early."""
    now, lags = 1000.0, iter(late)

    async def sleep(seconds: float) -> None:
        nonlocal now
        try:
            now += seconds + next(lags)
        except StopIteration:
            raise EndedError from None

    lag = LoopLag(lambda: now, sleep)
    with pytest.raises(EndedError):
        await lag.run()
    return dict(_pairs(lag))


def _pairs(lag: LoopLag) -> Iterator[tuple[str, float]]:
    for series in lag.family().series:
        yield (dict(series.labels).get("le") or series.suffix.removeprefix("_")), series.value


async def test_each_timer_counts_by_how_late_it_was() -> None:
    found = await observed(0.0, 0.002, 0.03, 0.7)
    assert [found[bound] for bound in ("0.001", "0.005", "0.025", "0.1", "0.5", "+Inf")] == [1, 2, 2, 3, 3, 4]
    assert found["count"] == 4
    assert found["sum"] == pytest.approx(0.732)


async def test_a_timer_that_fires_early_is_no_lag() -> None:
    assert (await observed(-0.001))["sum"] == 0


async def test_a_loop_that_something_holds_up_is_late() -> None:
    """On the real loop: a timer cannot fire while another callback keeps it busy."""
    loop, seen, asked = asyncio.get_running_loop(), asyncio.Event(), iter((True, False))

    def hold_up() -> None:
        until = loop.time() + INTERVAL
        while loop.time() < until:
            pass

    async def sleep(seconds: float) -> None:
        if next(asked):
            loop.call_later(seconds / 2, hold_up)
            await asyncio.sleep(seconds)
        else:
            seen.set()
            await asyncio.Event().wait()

    lag = LoopLag(loop.time, sleep)
    task = asyncio.create_task(lag.run())
    await seen.wait()
    task.cancel()
    assert dict(_pairs(lag))["sum"] > INTERVAL / 4
