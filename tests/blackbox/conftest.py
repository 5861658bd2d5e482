from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.machine_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    place = Room(tmp_path)
    yield place
    place.close()
