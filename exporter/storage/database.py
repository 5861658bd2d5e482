"""The SQLite file: last good bodies, what is remembered between runs, and history.

One connection in one thread, so that statements keep their order and the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from exporter.errors import StorageError

T = TypeVar("T")

# "BTCH": marks the file as ours, so that restore refuses anybody else's database.
APPLICATION_ID: Final = 0x42544348
# Our own transactions take milliseconds; whoever holds the file longer must not hold up polling and pages.
BUSY_SECONDS: Final = 0.1

SCHEMA: Final = (
    """
    CREATE TABLE bodies (
        source TEXT NOT NULL, endpoint TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, body BLOB NOT NULL,
        fetched_at REAL NOT NULL, body_time REAL NOT NULL, etag TEXT, last_modified TEXT, expires_at REAL,
        PRIMARY KEY (source, endpoint)
    ) STRICT;
    CREATE TABLE memory (
        room TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (room, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE scorecards (time INTEGER PRIMARY KEY, scorecard TEXT NOT NULL) STRICT;
    CREATE TABLE series (id INTEGER PRIMARY KEY, selector TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE samples (
        series INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (series, time)
    ) STRICT, WITHOUT ROWID;
    """,
)
VERSION: Final = len(SCHEMA)

_log = structlog.get_logger(__name__)


def connect(path: Path) -> sqlite3.Connection:
    """An open database at the present schema. Raises sqlite3.Error, StorageError."""
    with ExitStack() as undo:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        undo.callback(connection.close)
        _refuse_foreign(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection)
        undo.pop_all()
    return connection


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return
    if pragma(connection, "application_id") != APPLICATION_ID:
        raise StorageError(f"'{path}' is a database of another program; expected one written by btc-health")
    if pragma(connection, "user_version") > VERSION:
        raise StorageError(f"'{path}' was written by a newer release; expected schema {VERSION} or older")


def _migrate(connection: sqlite3.Connection) -> None:
    version = pragma(connection, "user_version")
    for number, script in enumerate(SCHEMA[version:], start=version + 1):
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
        connection.executescript(f"BEGIN IMMEDIATE; {script} {marks} COMMIT;")


def unusable(path: Path, error: Exception) -> StorageError:
    return StorageError(f"storage.path: '{path}': {error}; expected an SQLite file that can be written")


def is_corrupt(error: Exception) -> bool:
    """Whether the file itself is damaged, rather than locked, full or out of reach."""
    damaged = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in damaged


def set_aside(path: Path, now: float, damage: Exception) -> Path:
    """Rename a corrupt file and its companions; returns the new path. Nothing is ever deleted."""
    aside = path.with_name(f"{path.name}.corrupt-{int(now)}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    _log.warning("corrupt database set aside", path=str(path), kept_as=str(aside), error=str(damage))
    return aside


def connect_anew(path: Path, now: float) -> sqlite3.Connection:
    """As `connect`, with a new file in place of a corrupt one."""
    try:
        return connect(path)
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        set_aside(path, now, error)
        return connect(path)


class Storage:
    """After it is open, nothing here raises: a failure is counted and logged, and reading finds nothing.

    `healthy` says whether the last use of the file succeeded.
    """

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        self.path = path
        self.failures = 0
        self.healthy = True
        self._wall = wall
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage")
        self._damage: Exception | None = None
        self._connection: sqlite3.Connection | None = self._open()

    async def run(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        """`work` in one transaction in the storage thread; `default` where it fails."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work, default)

    async def load(self, room: str) -> dict[str, Any]:
        """Everything remembered in `room`, by key."""

        def select(connection: sqlite3.Connection) -> dict[str, Any]:
            rows = connection.execute("SELECT key, value FROM memory WHERE room = ?", (room,))
            return {key: _decoded(value) for key, value in rows}

        return await self.run(select, {})

    async def save(self, room: str, key: str, value: Any) -> None:
        """Remember a JSON value; None forgets it."""
        await self.run(lambda connection: _remember(connection, room, key, value), None)

    async def update(self, room: str, key: str, change: Callable[[Any], tuple[Any, T]], default: T) -> T:
        """Replace a remembered value (or None) by what `change` makes of it; safe against other processes.

        `change` returns the new value and the result of this call.
        """

        def exchange(connection: sqlite3.Connection) -> T:
            row = connection.execute("SELECT value FROM memory WHERE room = ? AND key = ?", (room, key)).fetchone()
            value, result = change(_decoded(row[0]) if row else None)
            _remember(connection, room, key, value)
            return result

        return await self.run(exchange, default)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _guarded(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        try:
            result = self._transaction(work)
        except (sqlite3.Error, StorageError) as error:
            self._failed(error)
            return default
        if not self.healthy:
            _log.info("storage works again", path=str(self.path))
            self.healthy = True
        return result

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return work(self._connection)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.healthy:
            _log.error("storage failed", path=str(self.path), error=str(error))
            self.healthy = False
        if is_corrupt(error):
            self._close()
            self._damage = error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._damage is not None:
                set_aside(self.path, self._wall(), self._damage)
                self._damage = None
            return connect_anew(self.path, self._wall())
        except (OSError, sqlite3.Error) as error:
            raise unusable(self.path, error) from error


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _remember(connection: sqlite3.Connection, room: str, key: str, value: Any) -> None:
    if value is None:
        connection.execute("DELETE FROM memory WHERE room = ? AND key = ?", (room, key))
    else:
        connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (room, key, json.dumps(value)))
