"""One SQLite file: its schema, how it is opened, and what is done when it is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import structlog

from exporter.errors import StorageError

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


def is_busy(error: BaseException | None) -> bool:
    """Whether another process has the file to itself at present."""
    busy = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return error is not None and (getattr(error, "sqlite_errorcode", 0) & 0xFF in busy or is_busy(error.__cause__))


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
