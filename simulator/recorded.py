"""Replay of a folder of recorded bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.answers.answer import Answer
from simulator.scenario import Stage


@dataclass(frozen=True, slots=True)
class Recorded:
    folder: Path

    @classmethod
    def load(cls, folder: Path) -> Recorded:
        return cls(folder)

    def answer(self, source: str, path: str, query: Mapping[str, str], time: float, stage: Stage) -> Answer | None:
        return None

    def recordings(self) -> list[dict[str, object]]:
        return []
