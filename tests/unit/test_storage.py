"""The SQLite file: what survives, what is set aside, what is refused."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from exporter.cache import CachedBody
from exporter.cache.sqlite import SqliteTier
from exporter.errors import StorageError
from exporter.storage.archive import MOST_LATE, Archive
from exporter.storage.backup import backup, restore
from exporter.storage.database import Storage, remembered
from exporter.storage.file import APPLICATION_ID, VERSION, connect, pragma, set_aside

NOW = 1_790_000_000.0
BODY = CachedBody("alpha", "a", "http://h/a", "h", b"body" * 100, NOW, NOW - 1, '"v1"', None, NOW + 60)


@pytest.fixture(autouse=True)
def log() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "x.sqlite"


def opened(path: Path) -> Storage:
    return Storage(path, lambda: NOW)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def spoil(path: Path, first: int, pages: int) -> bytes:
    """Overwrite pages of a database; returns what the file holds then."""
    content = bytearray(path.read_bytes())
    content[4096 * first : 4096 * (first + pages)] = b"\xff" * 4096 * pages
    path.write_bytes(content)
    return bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_everything_survives_closing(path: Path) -> None:
    storage = opened(path)
    storage.save("room", "key", {"a": [1, 2]})
    storage.save("room", "gone", 1)
    storage.save("room", "gone", None)
    await SqliteTier(storage).put(BODY)
    await storage.close()
    again = opened(path)
    assert await again.load("room") == {"key": {"a": [1, 2]}}
    assert await again.load("elsewhere") == {}
    assert await SqliteTier(again).get(BODY.key) == BODY
    await SqliteTier(again).delete(BODY.key)
    assert await SqliteTier(again).get(BODY.key) is None
    await again.close()


async def test_bodies_are_kept_compressed_and_only_the_last_one(path: Path) -> None:
    storage = opened(path)
    await SqliteTier(storage).put(BODY)
    await SqliteTier(storage).put(CachedBody("alpha", "a", "u", "h", b"z" * 100_000, NOW, NOW))
    await storage.written()
    select = "SELECT count(*), max(length(body)) FROM bodies"
    count, size = await storage.read(lambda connection: connection.execute(select).fetchone(), (0, 0))
    assert count == 1
    assert size < 1000
    await storage.close()


@pytest.mark.parametrize(
    "damage", [b"this is not a database, it is a text of some length" * 50, b"SQLite format 3\x00" + b"\xff" * 9000]
)
async def test_a_corrupt_file_is_set_aside_whole_and_a_new_one_started(
    damage: bytes, path: Path, log: list[MutableMapping[str, Any]]
) -> None:
    write(path, damage)
    storage = opened(path)
    storage.save("room", "key", 1)
    assert await storage.load("room") == {"key": 1}
    await storage.close()
    aside = path.with_name(f"x.sqlite.corrupt-{int(NOW)}")
    assert aside.read_bytes() == damage
    assert [(line["log_level"], line["event"]) for line in log] == [("warning", "corrupt database set aside")]
    assert log[0]["kept_as"] == str(aside)


def test_the_companions_of_a_corrupt_file_are_kept_beside_it(tmp_path: Path) -> None:
    for name in ("x", "x-wal", "x-shm", "xylophone"):
        (tmp_path / name).write_text(name)
    assert set_aside(tmp_path / "x", NOW, ValueError("damaged")) == tmp_path / "x.corrupt-1790000000"
    kept = {one.name: one.read_text() for one in tmp_path.iterdir()}
    assert kept == {
        "x.corrupt-1790000000": "x",
        "x.corrupt-1790000000-wal": "x-wal",
        "x.corrupt-1790000000-shm": "x-shm",
        "xylophone": "xylophone",
    }


async def test_damage_found_while_running_is_counted_and_ends_in_a_new_file(path: Path) -> None:
    storage = opened(path)
    for number in range(500):
        storage.save("room", str(number), "x" * 200)
    await storage.close()
    content = spoil(path, first=3, pages=1000)
    storage = opened(path)
    assert await storage.load("room") == {}
    assert storage.failures == 1
    storage.save("room", "key", 1)
    assert await storage.load("room") == {"key": 1}
    assert storage.healthy
    assert path.with_name(f"x.sqlite.corrupt-{int(NOW)}").read_bytes() == content
    await storage.close()


def test_a_path_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for path in (tmp_path, file / "x.sqlite"):
        with pytest.raises(
            StorageError, match=rf"storage\.path: '{path}': .*expected an SQLite file that can be written"
        ):
            opened(path)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="database of another program"):
        opened(path)
    assert path.read_bytes() == before


async def test_a_file_of_a_newer_release_is_left_alone(path: Path) -> None:
    await opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StorageError, match=rf"newer release; expected schema {VERSION} or older"):
        opened(path)


async def test_a_file_of_this_release_says_so(path: Path) -> None:
    await opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert pragma(connection, "application_id") == APPLICATION_ID
        assert pragma(connection, "user_version") == VERSION
        assert pragma(connection, "journal_mode") == "wal"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy file is given up and tried again sooner than in life."""
    monkeypatch.setattr("exporter.storage.file.BUSY_SECONDS", 0.01)
    monkeypatch.setattr("exporter.storage.database.AGAIN_SECONDS", 0.05)


@contextmanager
def held(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    """The file in the hands of another process, as far as SQLite can tell."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if how == "exclusive":
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


async def until_failed(storage: Storage) -> None:
    async with asyncio.timeout(10):
        while not storage.failures:
            await storage.read(lambda _: None, None)


@pytest.mark.usefixtures("hasty")
async def test_a_locked_file_keeps_nobody_waiting_and_gets_everything_afterwards(
    path: Path, log: list[MutableMapping[str, Any]]
) -> None:
    storage = opened(path)
    storage.save("room", "key", 1)
    await storage.written()
    with held(path, "immediate"):
        storage.save("room", "key", 2)
        await SqliteTier(storage).put(BODY)
        await until_failed(storage)
        assert storage.failures
        # Reading goes on, and what waits to be written is seen.
        assert await storage.load("room") == {"key": 2}
        assert await SqliteTier(storage).get(BODY.key) is BODY
        stored = await storage.read(lambda connection: remembered(connection, "room", "key"), None)
        assert stored == 1
        storage.save("room", "key", 3)
    await storage.written()
    assert storage.healthy
    assert [line["event"] for line in log] == ["storage failed", "storage works again"]
    await storage.close()
    again = opened(path)
    assert await again.load("room") == {"key": 3}
    assert await SqliteTier(again).get(BODY.key) == BODY
    await again.close()


@pytest.mark.usefixtures("hasty")
async def test_a_file_that_another_process_has_to_itself_is_opened_when_it_is_free(path: Path) -> None:
    await opened(path).close()
    with held(path, "exclusive"):
        storage = opened(path)
        assert (storage.failures, storage.healthy) == (1, False)
        assert await storage.load("room") == {}
        storage.save("room", "key", 1)
        assert await storage.load("room") == {"key": 1}
    await storage.written()
    await storage.close()
    again = opened(path)
    assert await again.load("room") == {"key": 1}
    await again.close()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("released", "want"), [(True, {"key": 1}), (False, {})])
async def test_what_waits_at_the_end_is_written_if_the_file_is_free_in_time_and_else_told(
    path: Path, log: list[MutableMapping[str, Any]], released: bool, want: dict[str, int]
) -> None:
    storage = opened(path)
    with held(path, "immediate") as other:
        storage.save("room", "key", 1)
        await until_failed(storage)
        if released:
            asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")
        await storage.close()
    told = [line["values"] for line in log if line["event"] == "storage closed with unwritten values"]
    assert told == ([] if released else [1])
    again = opened(path)
    assert await again.load("room") == want
    await again.close()


async def test_a_slow_file_is_not_waited_for_longer_than_one_is_willing_to(path: Path) -> None:
    storage, free = opened(path), threading.Event()
    try:
        assert await storage.read(lambda _: free.wait(10), default=False, patience=0.01) is False
    finally:
        free.set()
        await storage.close()


async def test_one_write_that_fails_costs_no_other_and_its_owner_is_told(path: Path) -> None:
    storage = opened(path)
    told: list[Any] = []
    storage.save("room", "before", 1)
    storage.write(("bad",), lambda connection: connection.execute("no SQL"), settled=told.append)
    storage.write(("no text",), lambda connection: connection.execute("SELECT ?", ("\udce9",)), settled=told.append)
    storage.write(("good",), lambda _: "done", settled=told.append)
    storage.save("room", "after", 2)
    await storage.written()
    assert sorted(told, key=str) == [None, None, "done"]
    assert await storage.read(lambda connection: str(connection.execute("SELECT ?", ("\udce9",))), "none") == "none"
    assert await storage.load("room") == {"before": 1, "after": 2}
    await storage.close()


@pytest.mark.usefixtures("hasty")
async def test_minutes_of_history_wait_for_a_locked_file_up_to_an_hour(path: Path) -> None:
    storage = opened(path)
    archive, start = Archive(storage, retention=10 * 86400), int(NOW) // 3600 * 3600
    with held(path, "immediate"):
        for minute in range(MOST_LATE + 5):
            archive.append(start + minute * 60, {}, {"x": minute})
        await until_failed(storage)
    await storage.written()
    assert [value for _, value in await archive.samples("x", start, start + 86400)] == list(range(5, MOST_LATE + 5))
    await storage.close()


async def test_a_full_disk_loses_nothing_that_was_there(path: Path) -> None:
    storage = opened(path)
    storage.save("room", "key", 1)
    await storage.written()
    pages = await storage.read(lambda connection: pragma(connection, "page_count"), 0)
    await storage.read(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}"), None)
    storage.save("room", "large", "x" * 1_000_000)
    await storage.written()
    assert storage.failures == 1
    assert await storage.load("room") == {"key": 1}
    await storage.close()


async def test_values_nobody_can_read_count_as_absent(path: Path) -> None:
    storage = opened(path)
    await storage.read(lambda connection: connection.execute("INSERT INTO memory VALUES ('room', 'key', '{')"), None)
    assert await storage.load("room") == {"key": None}
    tier = SqliteTier(storage)
    await tier.put(BODY)
    await storage.written()
    await storage.read(lambda connection: connection.execute("UPDATE bodies SET body = x'00ff'"), None)
    assert await tier.get(BODY.key) is None
    assert storage.failures == 1
    await storage.close()


async def test_a_backup_of_a_running_file_is_complete_and_can_be_put_back(path: Path, tmp_path: Path) -> None:
    storage, copy = opened(path), tmp_path / "copy.sqlite"
    storage.save("room", "key", "before")
    await storage.written()
    backup(path, copy)
    storage.save("room", "key", "after")
    await storage.written()
    assert names(tmp_path) == ["copy.sqlite", "data"]
    restore(copy, path)
    assert await storage.load("room") == {"key": "before"}
    await storage.close()
    fresh = tmp_path / "new" / "y.sqlite"
    restore(copy, fresh)
    again = opened(fresh)
    assert await again.load("room") == {"key": "before"}
    await again.close()


async def test_a_backup_can_be_put_back_over_a_corrupt_file(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    await opened(path).close()
    backup(path, copy)
    write(path, b"damaged beyond repair" * 500)
    restore(copy, path, lambda: NOW)
    assert f"x.sqlite.corrupt-{int(NOW)}" in names(path.parent)
    await opened(path).close()


def test_backups_and_restores_that_cannot_work_say_why_and_change_nothing(tmp_path: Path) -> None:
    path, foreign, copy = tmp_path / "x.sqlite", tmp_path / "foreign.sqlite", tmp_path / "copy.sqlite"
    connect(path).close()
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    text = write(tmp_path / "text.txt", b"text" * 5000)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"none\.sqlite': no such file"):
        backup(tmp_path / "none.sqlite", copy)
    with pytest.raises(StorageError, match=r"backup of '.*x\.sqlite' to '.*nowhere.copy"):
        backup(path, tmp_path / "nowhere" / "copy")
    with pytest.raises(StorageError, match="expected a database written by this or an older release"):
        restore(foreign, path)
    with pytest.raises(StorageError, match=r"restore of '.*text\.txt'"):
        restore(text, path)
    backup(path, copy)
    with pytest.raises(StorageError, match="another program"):
        restore(copy, foreign)
    with pytest.raises(StorageError, match=r"restore of .* to"):
        restore(copy, text / "below")
    assert path.read_bytes() == before


async def test_a_damaged_backup_is_refused(path: Path, tmp_path: Path) -> None:
    storage, copy = opened(path), tmp_path / "copy.sqlite"
    for number in range(300):
        storage.save("room", str(number), "x" * 200)
    await storage.close()
    backup(path, copy)
    spoil(copy, first=4, pages=2)
    with pytest.raises(StorageError, match=r"copy\.sqlite' .*(damaged|malformed)"):
        restore(copy, path)


async def test_a_backup_that_contradicts_itself_is_refused(path: Path, tmp_path: Path) -> None:
    storage, copy = opened(path), tmp_path / "copy.sqlite"
    await SqliteTier(storage).put(replace(BODY, etag=None))
    await storage.close()
    backup(path, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'etag TEXT', 'etag TEXT NOT NULL')")
    with pytest.raises(StorageError, match=r"copy\.sqlite' is damaged: NULL value in bodies\.etag"):
        restore(copy, path)


async def test_history_keeps_each_minute_of_two_days_and_each_hour_before_that(path: Path) -> None:
    storage = opened(path)
    archive, start = Archive(storage, retention=10 * 86400), int(NOW) // 3600 * 3600
    for minute in range(0, 4 * 1440, 10):
        archive.append(start + minute * 60 + 5, {"overall": minute}, {"x": minute, 'y{a="b"}': -minute})
        await storage.written()
    end = start + 4 * 86400
    fine = await archive.samples("x", end - 86400, end)
    assert (len(fine), fine[-1]) == (144, (end - 600, 4 * 1440 - 10))
    coarse = await archive.samples("x", start, start + 86400 - 1)
    assert [time for time, _ in coarse] == list(range(start, start + 86400, 3600))
    assert [card["overall"] for _, card in await archive.scorecards(start, start + 3 * 3600)] == [0, 60, 120, 180]
    assert await archive.selectors() == ["x", 'y{a="b"}']
    assert {value for _, value in await archive.samples("z", start, end)} == {None}
    await storage.close()


async def test_history_is_appended_at_most_once_a_minute_and_forgotten_after_the_retention(path: Path) -> None:
    storage = opened(path)
    archive, start = Archive(storage, retention=86400), int(NOW) // 60 * 60
    for second in (0, 20, 59, 60):
        archive.append(start + second, {}, {"old": second})
    await storage.written()
    assert await archive.samples("old", 0, NOW * 2) == [(start, 0), (start + 60, 60)]
    archive.append(start + 2 * 86400, {}, {"new": 1})
    await storage.written()
    assert await archive.selectors() == ["new"]
    assert len(await archive.scorecards(0, NOW * 2)) == 1
    await storage.close()
