"""One recorded body and the endpoint it answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.answers.answer import JSON, RSS, TEXT
from simulator.moved_times import TimeField

_ORIGINS = {
    "DERIVED": "real values in an envelope written after the documentation",
    "RECONSTRUCTED": "written after the source code of the service",
    "shape": "the shape only, numbers invented",
}
_TYPES = {"json": JSON, "rss": RSS, "xml": RSS, "txt": TEXT}


@dataclass(frozen=True, slots=True)
class Recording:
    """One endpoint's body.

    `lag`: seconds from the newest moment of the first time field to the moment of recording.
    `grid`: series that stand on midnights, or on any other grid, are moved by whole steps of it.
    """

    source: str
    path: str
    file: str
    times: tuple[TimeField, ...] = ()
    lag: float = 0
    grid: float = 1
    trimmed: str = ""
    note: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return _TYPES[self.file.rpartition(".")[2]]

    @property
    def remarks(self) -> str:
        """All that is not simply a recorded body, in one line."""
        origin = next((words for mark, words in _ORIGINS.items() if mark in self.file), "")
        return "; ".join(part for part in (origin, self.trimmed, self.note) if part)

    @property
    def revalidates(self) -> bool:
        return self.source in ("forkmonitor", "fork_observer")

    def matches(self, source: str, path: str, query: Mapping[str, str]) -> bool:
        return (source, path) == (self.source, self.path) and self.query.items() <= query.items()
