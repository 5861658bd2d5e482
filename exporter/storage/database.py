"""What outlives the process: last good bodies, what is remembered between runs, and history.

One connection in one thread, so that statements keep their order and the event loop never waits for a disk. Writing is
done behind the caller's back and tried again while another process has the file; reading sees what still waits.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from exporter.errors import StorageError
from exporter.storage.file import connect_anew, is_busy, is_corrupt, set_aside, unusable

T = TypeVar("T")
Key = tuple[str, ...]

# A file that another process has to itself is left alone for so long before it is tried again.
AGAIN_SECONDS: Final = 1.0
# What still waits at the end of the process is tried for so long.
CLOSE_SECONDS: Final = 0.4
MEMORY: Final = "memory"
# How a transaction begins. In WAL mode reading goes on while another process writes.
READING: Final = "BEGIN"
WRITING: Final = "BEGIN IMMEDIATE"

# ValueError: a text that is no Unicode, which SQLite's driver does not count as an error of its own.
_ERRORS: Final = (sqlite3.Error, StorageError, ValueError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """What waits to be written. `value`: what a reader is to see meanwhile; `settled`: told of the end.

    `settled` is given what `work` returned, None where the write failed for good.
    """

    work: Callable[[sqlite3.Connection], Any]
    value: Any
    settled: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class _Flushed:
    """Results by key of what has been written; `failed` will never be."""

    written: Mapping[Key, Any]
    failed: tuple[Key, ...] = ()


class Storage:
    """After it is open, nothing here raises: a failure is counted and logged, and reading finds nothing.

    `healthy` says whether the last uses of the file, reading and writing, succeeded.
    """

    def __init__(self, path: Path, wall: Callable[[], float] = time.time) -> None:
        """Raises StorageError for a file that cannot be used; one that is only busy is opened later."""
        self.path = path
        self.failures = 0
        self._wall = wall
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage")
        self._damage: Exception | None = None
        self._troubles: set[str] = set()
        # When a use of the file that found it busy may be tried again.
        self._busy_until = {READING: 0.0, WRITING: 0.0}
        self._waiting: dict[Key, Write] = {}
        self._writer: asyncio.Task[None] | None = None
        self._one_flush = asyncio.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = self._open()
        except StorageError as error:
            if not is_busy(error):
                raise
            self._failed(error, READING)

    @property
    def healthy(self) -> bool:
        return not self._troubles

    async def read(self, work: Callable[[sqlite3.Connection], T], default: T, patience: float | None = None) -> T:
        """`work` in one transaction in the storage thread; `default` where it fails or takes over `patience` seconds.

        What still waits to be written is not seen.
        """
        if self._is_busy(READING):
            return default
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, work, default)
        except TimeoutError:
            return default

    def write(
        self,
        key: Key,
        work: Callable[[sqlite3.Connection], Any],
        value: Any = None,
        settled: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """Do `work` soon, in place of what still waits under the same key; see `Write`."""
        self._waiting[key] = Write(work, value, settled)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_behind())

    def waiting(self, key: Key) -> Write | None:
        return self._waiting.get(key)

    async def written(self) -> None:
        """Until nothing waits: for as long as another process has the file."""
        if self._writer is not None:
            await self._writer

    async def load(self, room: str) -> dict[str, Any]:
        """Everything remembered in `room`, by key."""

        def select(connection: sqlite3.Connection) -> dict[str, Any]:
            rows = connection.execute("SELECT key, value FROM memory WHERE room = ?", (room,))
            return {key: _decoded(value) for key, value in rows}

        nothing: dict[str, Any] = {}
        found = await self.read(select, nothing)
        late = {key[2]: one.value for key, one in self._waiting.items() if key[:2] == (MEMORY, room)}
        return {key: value for key, value in {**found, **late}.items() if not (key in late and value is None)}

    def save(self, room: str, key: str, value: Any) -> None:
        """Remember a JSON value; None forgets it."""
        text = None if value is None else json.dumps(value)
        self.write((MEMORY, room, key), lambda connection: remember(connection, room, key, text), value)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
        end = time.monotonic() + CLOSE_SECONDS
        await self._flush()
        while self._waiting and time.monotonic() < end:
            await asyncio.sleep(CLOSE_SECONDS / 10)
            await self._flush()
        if self._waiting:
            _log.error("storage closed with unwritten values", path=str(self.path), values=len(self._waiting))
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _write_behind(self) -> None:
        while self._waiting:
            await self._flush()
            if self._is_busy(WRITING):
                await asyncio.sleep(AGAIN_SECONDS)

    async def _flush(self) -> None:
        async with self._one_flush:
            batch = dict(self._waiting)
            if not batch:
                return
            flushed = await asyncio.get_running_loop().run_in_executor(self._thread, self._write_all, batch)
            results = {**flushed.written, **dict.fromkeys(flushed.failed)}
            for key, result in results.items():
                if self._waiting[key] is batch[key]:
                    del self._waiting[key]
                batch[key].settled(result)

    def _is_busy(self, begin: str) -> bool:
        return time.monotonic() < self._busy_until[begin]

    def _write_all(self, batch: Mapping[Key, Write]) -> _Flushed:
        """In one transaction; where that fails one by one, so that none holds up the others."""
        try:
            return _Flushed(self._transaction(lambda connection: _all(connection, batch), WRITING))
        except _ERRORS as error:
            self._failed(error, WRITING)
            if is_busy(error):
                return _Flushed({})
            if len(batch) == 1:
                return _Flushed({}, tuple(batch))
        single = [self._write_all({key: one}) for key, one in batch.items()]
        written = {key: result for one in single for key, result in one.written.items()}
        return _Flushed(written, tuple(key for one in single for key in one.failed))

    def _guarded(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        try:
            return self._transaction(work, READING)
        except _ERRORS as error:
            self._failed(error, READING)
            return default

    def _transaction(self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        was_troubled = not self.healthy
        if self._connection is None:
            self._connection = self._open()
        with self._connection:
            self._connection.execute(begin)
            result = work(self._connection)
        self._troubles.discard(begin)
        if was_troubled and self.healthy:
            _log.info("storage works again", path=str(self.path))
        return result

    def _failed(self, error: Exception, begin: str) -> None:
        self.failures += 1
        if self.healthy:
            _log.error("storage failed", path=str(self.path), error=str(error))
        self._troubles.add(begin)
        if is_busy(error):
            self._busy_until[begin] = time.monotonic() + AGAIN_SECONDS
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


def _all(connection: sqlite3.Connection, batch: Mapping[Key, Write]) -> dict[Key, Any]:
    return {key: one.work(connection) for key, one in batch.items()}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def remembered(connection: sqlite3.Connection, room: str, key: str) -> Any:
    """One JSON value, None where there is none or nobody can read it."""
    row = connection.execute("SELECT value FROM memory WHERE room = ? AND key = ?", (room, key)).fetchone()
    return _decoded(row[0]) if row else None


def remember(connection: sqlite3.Connection, room: str, key: str, text: str | None) -> None:
    """`text` is JSON; None forgets."""
    if text is None:
        connection.execute("DELETE FROM memory WHERE room = ? AND key = ?", (room, key))
    else:
        connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (room, key, text))
