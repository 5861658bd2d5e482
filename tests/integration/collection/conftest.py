from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from exporter.storage.database import Storage
from tests.integration.collection.stage import FakeClock, Upstream, serve


@pytest.fixture(autouse=True)
def log() -> Iterator[list[MutableMapping[str, Any]]]:
    """Log lines as values: structlog's own console draws a trace with all variables, which takes seconds."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def storage() -> AsyncIterator[Storage]:
    opened = Storage(Path(":memory:"))
    yield opened
    await opened.close()


@pytest.fixture
async def upstream(clock: FakeClock) -> AsyncIterator[Upstream]:
    async with serve(clock) as running:
        yield running


@pytest.fixture
async def second(clock: FakeClock) -> AsyncIterator[Upstream]:
    async with serve(clock) as running:
        yield running
