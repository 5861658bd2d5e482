"""Tier on disk: the last good body of every endpoint, so that a restart shows yesterday's truth with its age."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Final

from exporter.cache import CachedBody
from exporter.errors import StorageError
from exporter.snapshot import EndpointKey
from exporter.storage.database import Storage

_SELECT = """
    SELECT url, host, body, fetched_at, body_time, etag, last_modified, expires_at
    FROM bodies WHERE source = ? AND endpoint = ?
"""
_WRITE = "INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM bodies WHERE source = ? AND endpoint = ?"


# Where writes of this tier wait.
BODIES: Final = "bodies"


class SqliteTier:
    name = "sqlite"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, key: EndpointKey) -> CachedBody | None:
        if (late := self._storage.waiting((BODIES, *key))) is not None:
            found: CachedBody | None = late.value
            return found
        return await self._storage.read(lambda connection: _select(connection, key), None)

    async def put(self, body: CachedBody) -> None:
        self._storage.write((BODIES, *body.key), lambda connection: _write(connection, body), body)

    async def delete(self, key: EndpointKey) -> None:
        self._storage.write((BODIES, *key), lambda connection: connection.execute(_DELETE, key))


def _select(connection: sqlite3.Connection, key: EndpointKey) -> CachedBody | None:
    row = connection.execute(_SELECT, key).fetchone()
    if row is None:
        return None
    url, host, packed, *rest = row
    try:
        body = zlib.decompress(packed)
    except zlib.error as error:
        raise StorageError(f"body of {'/'.join(key)}: {error}") from error
    return CachedBody(*key, url, host, body, *rest)


def _write(connection: sqlite3.Connection, body: CachedBody) -> None:
    times = (body.fetched_at, body.body_time)
    validators = (body.etag, body.last_modified, body.expires_at)
    packed = zlib.compress(body.body, level=1)
    connection.execute(_WRITE, (*body.key, body.url, body.host, packed, *times, *validators))
