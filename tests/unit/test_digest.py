"""Bodies of every size are read without stopping the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from typing import Annotated, Any

import pytest

from exporter.collection.digest import AT_ONCE, LARGEST, Digest
from exporter.errors import BodyError, Reason
from exporter.payload import Count, Notes, Part, Payload
from exporter.spec import PIECE, Endpoint, Metric, Sample
from exporter.turns import TURN, in_turns

SIZE = Metric("btchealth_size", "Characters of a body.")


class Row(Payload):
    size: Count = None


ROWS = list[Annotated[Row | None, Part()]]


@pytest.fixture
async def digest(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Digest]:
    """With a clock by which every slice takes a whole turn."""
    clock = (number * TURN * 1.001 for number in count())
    monkeypatch.setattr("exporter.collection.digest.in_turns", partial(in_turns, clock=clock.__next__))
    made = Digest()
    yield made
    made.close()


def endpoint(payload: Any = str, reducer: Any = None) -> tuple[Endpoint, list[str]]:
    """An endpoint, and the names of the threads in which it parses."""
    threads: list[str] = []

    def parse(body: Any) -> tuple[Sample | None, ...]:
        threads.append(threading.current_thread().name)
        return (SIZE(len(body)),)

    return Endpoint("a", "/a", payload, {SIZE: "body"}, parse, 60, 60, reducer=reducer), threads


@pytest.mark.parametrize(("size", "inline"), [(10, True), (AT_ONCE, True), (AT_ONCE + 1, False), (LARGEST, False)])
async def test_what_is_read_in_one_go_is_read_in_a_thread_if_it_is_large(
    size: int, inline: bool, digest: Digest
) -> None:
    one, threads = endpoint()
    parsed = await digest.read(one, b"x" * size, 0.0)
    assert [sample.value for sample in parsed.samples] == [size]
    assert [name == threading.main_thread().name for name in threads] == [inline]


async def test_a_body_too_large_for_one_go_is_refused_where_nothing_reads_it_in_pieces(digest: Digest) -> None:
    for payload in (str, ROWS):
        with pytest.raises(BodyError, match=f"{LARGEST + 1} bytes .* at most {LARGEST}") as caught:
            await digest.read(endpoint(payload)[0], b"x" * (LARGEST + 1), 0.0)
        assert caught.value.reason is Reason.TOO_LARGE


async def counted(reading: Any) -> tuple[Any, int]:
    """What is read, and how often the event loop came round meanwhile."""
    task, rounds = asyncio.create_task(reading), 0
    while not task.done():
        rounds += 1
        await asyncio.sleep(0)
    return await task, rounds


async def test_a_reducer_is_fed_in_pieces_between_which_the_event_loop_goes_on(digest: Digest) -> None:
    fed: list[int] = []

    class Reducer:
        def feed(self, piece: bytes) -> None:
            fed.append(len(piece))

        def finish(self, notes: Notes) -> str:
            notes.reject("body")
            return "x" * sum(fed)

    parsed, rounds = await counted(digest.read(endpoint(reducer=Reducer)[0], b"x" * (20 * PIECE + 1), 0.0))
    assert max(fed) == PIECE
    assert len(fed) == 21
    assert rounds > 21
    assert [sample.value for sample in parsed.samples] == [20 * PIECE + 1]
    assert parsed.rejected == {"body": 1}


async def test_a_list_is_read_by_rows_between_which_the_event_loop_goes_on(digest: Digest) -> None:
    one, threads = endpoint(ROWS)
    parsed, rounds = await counted(digest.read(one, b"[" + b", ".join([b'{"size": 1}'] * 2_000) + b"]", 0.0))
    assert [sample.value for sample in parsed.samples] == [2_000]
    assert threads == [threading.main_thread().name]
    assert rounds > 50
