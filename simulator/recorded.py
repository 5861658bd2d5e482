"""Replay of a folder of recorded bodies, their moments moved so that they look as fresh as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.answers.answer import Answer
from simulator.moved_times import DatedBody
from simulator.recording import Recording
from simulator.recordings import RECORDINGS
from simulator.scenario import Stage


class RecordingError(ValueError):
    """A folder that holds no recordings, or a body that is not what it should be; the message names it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    bodies: tuple[tuple[Recording, DatedBody], ...]

    @classmethod
    def load(cls, folder: Path) -> Recorded:
        """Every known recording that the folder has."""
        if not folder.is_dir():
            raise RecordingError(f"recordings: {folder} is not a folder")
        found = [
            (recording, folder / recording.file) for recording in RECORDINGS if (folder / recording.file).is_file()
        ]
        if not found:
            raise RecordingError(f"recordings: {folder} has none of the known files, such as {RECORDINGS[0].file}")
        return cls(tuple((recording, _read(recording, path)) for recording, path in found))

    def answer(self, source: str, path: str, query: Mapping[str, str], time: float, stage: Stage) -> Answer | None:  # noqa: ARG002 - incidents of the network do not change recordings
        for recording, body in self.bodies:
            if recording.matches(source, path, query):
                text = body.moved(_shift(recording, body, time)) if body.moments else body.text
                return Answer(text.encode(), recording.content_type, revalidates=recording.revalidates)
        return None

    def recordings(self) -> list[dict[str, object]]:
        return [
            {
                "source": recording.source,
                "endpoint": recording.path,
                "query": dict(recording.query),
                "file": recording.file,
                "trimmed": bool(recording.trimmed),
                "note": recording.remarks,
            }
            for recording, _ in self.bodies
        ]


def _read(recording: Recording, path: Path) -> DatedBody:
    text = path.read_text(encoding="utf-8")
    if not recording.times:
        return DatedBody(text, {}, 0.0)
    try:
        return DatedBody.of(text, recording.times)
    except ValueError as error:
        raise RecordingError(f"recordings: {path}: {error}") from error


def _shift(recording: Recording, body: DatedBody, now: float) -> float:
    return (now - recording.lag - body.newest) // recording.grid * recording.grid
