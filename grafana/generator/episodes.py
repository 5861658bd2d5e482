"""Days that the history dashboard marks: facts of the chain, and the episodes that the method is studied with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from scoring import quantities

_TABLE: Final = Path(__file__).resolve().parents[2] / "docs" / "backtest-episodes.md"
_ROW: Final = re.compile(r"\| (\d{4}-\d\d-\d\d) \| (\d{4}-\d\d-\d\d) \| ([^|]+) \| (\w+) \| (\w+) \|")


class Day(NamedTuple):
    at: float
    name: str


def _midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


# Header times of the blocks 210,000, 420,000 and 630,000.
HALVINGS: Final = (
    Day(1354116278, "Halving to 25 BTC"),
    Day(1468082773, "Halving to 12.5 BTC"),
    Day(1589225023, "Halving to 6.25 BTC"),
)
# New coins of a block after the last of them.
LAST_SUBSIDY: Final = quantities.subsidy_bitcoins(len(HALVINGS) * quantities.HALVING_INTERVAL_BLOCKS)


def _episodes() -> Iterator[Day]:
    for start, _end, name, pillar, _direction in _ROW.findall(_TABLE.read_text()):
        yield Day(_midnight(start), f"{name.strip()} ({pillar})")


EPISODES: Final = tuple(_episodes())
