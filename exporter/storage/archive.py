"""Scorecards and scalar samples in the SQLite file: every minute of two days, before that the first of each hour."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from exporter.errors import StorageError
from exporter.storage.database import Storage

T = TypeVar("T")

STEP: Final = 60
FINE: Final = 2 * 86400
COARSE: Final = 3600
# Minutes kept in memory while the file cannot be written.
MOST_LATE: Final = 60
# Where writes of the archive wait.
ARCHIVE: Final = "archive"

_NEW_SERIES = "INSERT OR IGNORE INTO series (selector) VALUES (?)"
_NEW_SAMPLE = "INSERT OR REPLACE INTO samples SELECT id, ?, ? FROM series WHERE selector = ?"
_SAMPLES = """
    WITH one AS (
        SELECT time, value FROM samples JOIN series ON series.id = samples.series
        WHERE selector = :selector AND time BETWEEN :start AND :end)
    SELECT time, value FROM one UNION ALL
    SELECT time, NULL FROM scorecards WHERE time BETWEEN :start AND :end AND time NOT IN (SELECT time FROM one)
    ORDER BY time
"""
_THIN_SCORECARDS = """
    DELETE FROM scorecards WHERE time >= :since AND time < :fine AND EXISTS (
        SELECT 1 FROM scorecards AS first WHERE first.time >= scorecards.time - scorecards.time % :coarse
        AND first.time < scorecards.time)
"""
# Naming every series lets SQLite use the primary key, so that a prune reads one hour and not the whole table.
_THIN_SAMPLES = """
    DELETE FROM samples WHERE series IN (SELECT id FROM series) AND time >= :since AND time < :fine AND EXISTS (
        SELECT 1 FROM samples AS first WHERE first.series = samples.series
        AND first.time >= samples.time - samples.time % :coarse AND first.time < samples.time)
"""
_FORGET = (
    "DELETE FROM scorecards WHERE time < :oldest",
    "DELETE FROM samples WHERE series IN (SELECT id FROM series) AND time < :oldest",
    "DELETE FROM series WHERE id NOT IN (SELECT series FROM samples)",
)


_FIRST_OF_DAYS = """
    SELECT time, scorecard FROM scorecards
    WHERE time IN (SELECT min(time) FROM scorecards WHERE time BETWEEN ? AND ? GROUP BY time / 86400) ORDER BY time
"""


class Archive:
    """`retention` in seconds; times are Unix seconds, rounded down to the minute. Reading raises StorageError."""

    def __init__(self, storage: Storage, retention: float) -> None:
        self._storage = storage
        self._retention = retention
        self._appended = 0
        self._pruned = 0
        # Not yet written, by minute.
        self._late: dict[int, tuple[str, Mapping[str, float]]] = {}

    def append(self, now: float, scorecard: Any, samples: Mapping[str, float]) -> None:
        """Keep a scorecard (a JSON value) and samples by selector; at most once a minute, more often does nothing."""
        minute = int(now) // STEP * STEP
        if minute <= self._appended:
            return
        self._appended = minute
        self._late[minute] = json.dumps(scorecard), samples
        if len(self._late) > MOST_LATE:
            del self._late[min(self._late)]
        late, prune = dict(self._late), minute - self._pruned >= COARSE

        def insert(connection: sqlite3.Connection) -> None:
            for time, (text, values) in late.items():
                connection.execute("INSERT OR REPLACE INTO scorecards VALUES (?, ?)", (time, text))
                connection.executemany(_NEW_SERIES, ((selector,) for selector in values))
                connection.executemany(_NEW_SAMPLE, ((time, value, selector) for selector, value in values.items()))
            if prune:
                self._prune(connection, minute)

        def settled(_: None) -> None:
            self._pruned = minute if prune else self._pruned
            for time in late:
                self._late.pop(time, None)

        self._storage.write((ARCHIVE,), insert, settled=settled)

    def _prune(self, connection: sqlite3.Connection, now: int) -> None:
        since = self._pruned - FINE - COARSE if self._pruned else 0
        for statement in (_THIN_SCORECARDS, _THIN_SAMPLES):
            connection.execute(statement, {"since": since, "fine": now - FINE, "coarse": COARSE})
        for statement in _FORGET:
            connection.execute(statement, {"oldest": now - self._retention})

    async def selectors(self) -> list[str]:
        def select(connection: sqlite3.Connection) -> list[str]:
            return [selector for (selector,) in connection.execute("SELECT selector FROM series ORDER BY selector")]

        return await self._read(select)

    async def samples(self, selector: str, start: float, end: float) -> list[tuple[int, float | None]]:
        """Time and value, oldest first, both ends included; None: kept that minute, and the series was not there."""
        asked = {"selector": selector, "start": start, "end": end}
        return await self._read(lambda connection: connection.execute(_SAMPLES, asked).fetchall())

    async def scorecards(self, start: float, end: float) -> list[tuple[int, Any]]:
        """Time and JSON value, oldest first, both ends included."""
        return await self._scorecards(
            "SELECT time, scorecard FROM scorecards WHERE time BETWEEN ? AND ? ORDER BY time", start, end
        )

    async def daily_scorecards(self, start: float, end: float) -> list[tuple[int, Any]]:
        """The first of each day."""
        return await self._scorecards(_FIRST_OF_DAYS, start, end)

    async def _scorecards(self, query: str, start: float, end: float) -> list[tuple[int, Any]]:
        def select(connection: sqlite3.Connection) -> list[tuple[int, Any]]:
            return [(time, json.loads(text)) for time, text in connection.execute(query, (start, end))]

        return await self._read(select)

    async def _read(self, select: Callable[[sqlite3.Connection], T]) -> T:
        found = await self._storage.read(select, None)
        if found is None:
            raise StorageError("history cannot be read from the SQLite file now")
        return found
