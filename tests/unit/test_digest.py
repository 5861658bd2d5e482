"""Bodies of every size are read without stopping the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from exporter.collection.digest import INLINE, LARGEST, PIECE, Digest
from exporter.errors import BodyError, Reason
from exporter.payload import Notes
from exporter.spec import Endpoint, Metric, Sample

SIZE = Metric("btchealth_size", "Characters of a body.")


@pytest.fixture
async def digest() -> AsyncIterator[Digest]:
    made = Digest()
    yield made
    made.close()


def endpoint(reducer: Any = None) -> tuple[Endpoint, list[str]]:
    """An endpoint, and the names of the threads in which it parses."""
    threads: list[str] = []

    def parse(body: str) -> tuple[Sample | None, ...]:
        threads.append(threading.current_thread().name)
        return (SIZE(len(body)),)

    return Endpoint("a", "/a", str, {SIZE: "body"}, parse, 60, 60, reducer=reducer), threads


@pytest.mark.parametrize(("size", "inline"), [(10, True), (INLINE, True), (INLINE + 1, False), (LARGEST, False)])
async def test_small_bodies_are_read_at_once_and_larger_ones_in_a_thread(
    size: int, inline: bool, digest: Digest
) -> None:
    one, threads = endpoint()
    parsed = await digest.read(one, b"x" * size, 0.0)
    assert [sample.value for sample in parsed.samples] == [size]
    assert [name == threading.main_thread().name for name in threads] == [inline]


async def test_a_body_too_large_for_one_go_is_refused_where_nothing_reads_it_in_pieces(digest: Digest) -> None:
    with pytest.raises(BodyError, match=f"{LARGEST + 1} bytes .* at most {LARGEST}") as caught:
        await digest.read(endpoint()[0], b"x" * (LARGEST + 1), 0.0)
    assert caught.value.reason is Reason.TOO_LARGE


async def test_a_reducer_is_fed_in_pieces_outside_the_event_loop(digest: Digest) -> None:
    fed: list[tuple[int, str]] = []

    class Reducer:
        def feed(self, piece: bytes) -> None:
            fed.append((len(piece), threading.current_thread().name))

        def finish(self, notes: Notes) -> str:
            notes.reject("body")
            return "x" * sum(size for size, _ in fed)

    parsed = await digest.read(endpoint(Reducer)[0], b"x" * (LARGEST + PIECE + 1), 0.0)
    assert max(size for size, _ in fed) == PIECE
    assert threading.main_thread().name not in {name for _, name in fed}
    assert [sample.value for sample in parsed.samples] == [LARGEST + PIECE + 1]
    assert parsed.rejected == {"body": 1}


async def test_reading_ends_at_the_next_piece_when_the_process_stops(digest: Digest) -> None:
    reached, go_on = threading.Event(), threading.Event()
    fed: list[int] = []

    class Reducer:
        def feed(self, piece: bytes) -> None:
            fed.append(len(piece))
            reached.set()
            go_on.wait()

        def finish(self, _: Notes) -> str:
            return ""

    task = asyncio.create_task(digest.read(endpoint(Reducer)[0], b"x" * 100 * PIECE, 0.0))
    await asyncio.to_thread(reached.wait)
    digest.close()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(fed) == 1
