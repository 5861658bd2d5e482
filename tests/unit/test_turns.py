"""Work that takes turns leaves the event loop to others in between, however much of it there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from exporter.slices import Slices, in_one_go
from exporter.turns import TURN, in_turns


def work(done: list[str], name: str, slices: int) -> Slices[str]:
    for _ in range(slices):
        done.append(name)
        yield
    return name


def clock(step: float) -> Iterator[float]:
    """Read once before each slice, and once when a turn begins."""
    return (number * step for number in count())


@pytest.mark.parametrize(
    ("step", "in_a_row"),
    [(TURN, 1), (TURN / 2, 2), (TURN / 10, 10)],
    ids=["one slice fills a turn", "two slices", "ten slices"],
)
async def test_others_run_after_each_turn(step: float, in_a_row: int) -> None:
    done: list[str] = []

    async def other() -> None:
        while True:
            done.append("other")
            await asyncio.sleep(0)

    others = asyncio.create_task(other())
    assert await in_turns(work(done, "work", 40), clock(step * 1.001).__next__) == "work"
    others.cancel()
    runs = "".join("w" if one == "work" else " " for one in done).split()
    assert sum(map(len, runs)) == 40
    assert max(map(len, runs)) == in_a_row


async def test_two_works_never_have_a_turn_between_the_same_callbacks() -> None:
    done: list[str] = []

    async def other() -> None:
        while True:
            done.append(" ")
            await asyncio.sleep(0)

    others = asyncio.create_task(other())
    await asyncio.gather(*(in_turns(work(done, name, 10), clock(TURN * 1.001).__next__) for name in "abc"))
    others.cancel()
    runs = "".join(done).split()
    assert max(map(len, runs)) == 1
    assert sorted(runs) == sorted("abc" * 10)
    # None waits until another has ended.
    assert {"a", "b", "c"} == set("".join(runs)[:6])


async def test_a_mistake_in_the_work_reaches_who_waits_for_it_and_stops_no_other_work() -> None:
    def broken() -> Slices[None]:
        yield
        raise ValueError("broken")

    done: list[str] = []
    results = await asyncio.gather(in_turns(broken()), in_turns(work(done, "a", 3)), return_exceptions=True)
    assert [str(one) for one in results] == ["broken", "a"]


async def test_work_that_nobody_waits_for_any_more_ends() -> None:
    ended: list[bool] = []

    def endless() -> Slices[None]:
        try:
            while True:
                yield
        finally:
            ended.append(True)

    task = asyncio.create_task(in_turns(endless(), clock(TURN * 1.001).__next__))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


def test_in_one_go_gives_the_same_result() -> None:
    done: list[str] = []
    assert in_one_go(work(done, "a", 3)) == "a"
    assert done == ["a"] * 3
