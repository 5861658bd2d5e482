"""Nothing that a client sends breaks a promise of the OpenAPI document; `python -m tests.bench.fuzz` sends more."""

from __future__ import annotations

from pathlib import Path

from tests.bench.fuzz import LIMITLESS, fuzz
from tests.blackbox.machine_room import Room


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path)
    try:
        exporter = room.exporter(room.simulator().url, config=LIMITLESS)
        result = fuzz(exporter, 100, tmp_path, 300)
        assert "Traceback" not in exporter.output()
    finally:
        room.close()
    assert result.passed, result.output
    assert result.cases >= 300
