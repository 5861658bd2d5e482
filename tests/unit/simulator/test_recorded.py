from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simulator.answers.answer import Answer
from simulator.moved_times import DatedBody
from simulator.recorded import Recorded, RecordingError
from simulator.recording import Recording
from simulator.recordings import RECORDINGS
from simulator.scenario import SOURCES, Stage
from tests.unit.simulator.endpoints import NOW


def _answer(recorded: Recorded, source: str, path: str, now: float = NOW, **query: str) -> Answer | None:
    return recorded.answer(source, path, query, now, Stage())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bodies = {
        "mempool.space/prices.1.json": '{"time":1600000000,"USD":9000}',
        "mempool.space/blocks-tip-height.1.txt": "700001",
        "blockchain.info/chart-difficulty.1.json": '{"values":[{"x":1599868800,"y":1},{"x":1599955200,"y":2.5E13}]}',
        "bitnodes/successor-snapshots-latest-top.1.json": '{"timestamp":1600000000,"top":{}}',
        "bitnodes/snapshots-latest.3-DERIVED.json": '{"timestamp":1600000000,"nodes":{"a":[1,"b",1599990000]}}',
    }
    for name, text in bodies.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_body_is_served_with_its_newest_moment_at_the_lag_of_its_api(folder: Path) -> None:
    answer = _answer(Recorded.load(folder), "mempool_space", "/api/v1/prices")
    assert answer is not None
    assert answer.body == b'{"time":%d,"USD":9000}' % (NOW - 300)


def test_a_daily_series_moves_by_whole_days_and_ends_yesterday(folder: Path) -> None:
    answer = _answer(Recorded.load(folder), "blockchain_com", "/charts/difficulty", timespan="1year")
    assert answer is not None
    assert answer.body == b'{"values":[{"x":1789776000,"y":1},{"x":1789862400,"y":2.5E13}]}'


def test_text_without_a_moment_is_served_as_it_is(folder: Path) -> None:
    answer = _answer(Recorded.load(folder), "mempool_space", "/api/blocks/tip/height")
    assert answer is not None
    assert (answer.body, answer.content_type) == (b"700001", "text/plain; charset=utf-8")


def test_the_query_chooses_between_two_recordings_of_one_path(folder: Path) -> None:
    recorded = Recorded.load(folder)
    top = _answer(recorded, "bitnodes", "/api/v1/snapshots/latest/", field="top")
    full = _answer(recorded, "bitnodes", "/api/v1/snapshots/latest/")
    assert top is not None
    assert full is not None
    assert b'"top"' in top.body
    assert full.body == b'{"timestamp":%d,"nodes":{"a":[1,"b",%d]}}' % (NOW - 300, NOW - 10_300)


def test_an_endpoint_without_a_recording_has_no_answer(folder: Path) -> None:
    assert _answer(Recorded.load(folder), "mempool_space", "/api/v1/mining/pools/24h") is None


def test_a_missing_folder_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere is not a folder"):
        Recorded.load(tmp_path / "nowhere")
    with pytest.raises(RecordingError, match=r"has none of the known files, such as mempool.space/mempool.1.json"):
        Recorded.load(tmp_path)


def test_a_body_without_its_moment_is_named(folder: Path) -> None:
    path = folder / "mempool.space/prices.1.json"
    path.write_text('{"USD":9000}')
    with pytest.raises(RecordingError, match=rf"{re.escape(str(path))}: no moment under 'time'"):
        Recorded.load(folder)


def test_each_source_has_recordings_and_no_two_answer_the_same_question() -> None:
    assert {recording.source for recording in RECORDINGS} == set(SOURCES)
    questions = [(recording.source, recording.path, tuple(recording.query.items())) for recording in RECORDINGS]
    assert len(set(questions)) == len(questions)


def test_a_derived_or_reconstructed_body_says_so() -> None:
    for recording in RECORDINGS:
        if "DERIVED" in recording.file or "RECONSTRUCTED" in recording.file or "shape" in recording.file:
            assert recording.remarks, recording.file


def test_the_folder_of_this_project_has_every_recording_of_the_table(recorded: Path) -> None:
    assert len(Recorded.load(recorded).bodies) == len(RECORDINGS)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.file)
def test_each_real_recording_looks_as_fresh_as_its_api_keeps_it(recorded: Path, recording: Recording) -> None:
    replayed = Recorded.load(recorded)
    original = (recorded / recording.file).read_text(encoding="utf-8")
    for now in (NOW, NOW + 40_000):
        answer = _answer(replayed, recording.source, recording.path, now, **recording.query)
        assert answer is not None
        text = answer.body.decode()
        if not recording.times:
            assert text == original
            continue
        served = DatedBody.of(text, recording.times)
        age = now - served.newest
        assert recording.lag <= age <= recording.lag + recording.grid
        assert _without_moments(served) == _without_moments(DatedBody.of(original, recording.times))


def _without_moments(body: DatedBody) -> str:
    return re.sub("|".join(re.escape(literal) for literal in sorted(body.moments, reverse=True)), "T", body.text)


def test_recordings_are_listed_with_what_was_left_out(recorded: Path) -> None:
    rows = {row["endpoint"]: row for row in Recorded.load(recorded).recordings()}
    assert rows["/api/mempool"]["trimmed"] is True
    assert "fee_histogram" in str(rows["/api/mempool"]["note"])
    assert rows["/api/v1/prices"]["trimmed"] is False
    assert json.dumps(rows)
