"""A consistent copy of the SQLite file while the exporter runs, and the way back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from exporter.errors import StorageError
from exporter.storage.file import APPLICATION_ID, VERSION, connect_anew, pragma


def backup(path: Path, target: Path) -> None:
    """Copy the database at `path` to `target`, which is replaced only by a complete copy."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        with closing(_existing(path)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
            # The copy is one file that may be moved about; a write-ahead log beside it would be left behind.
            copy.execute("PRAGMA journal_mode = DELETE")
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"backup of '{path}' to '{target}': {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(copy: Path, path: Path, wall: Callable[[], float] = time.time) -> None:
    """Put the content of `copy` into the database at `path`; a running exporter sees it after its next start."""
    try:
        with closing(_existing(copy)) as source:
            _check(source, copy)
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(connect_anew(path, wall())) as target:
                source.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"restore of '{copy}' to '{path}': {error}") from error


def _existing(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise StorageError(f"'{path}': no such file; expected a database written by btc-health")
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _check(source: sqlite3.Connection, path: Path) -> None:
    if pragma(source, "application_id") != APPLICATION_ID or pragma(source, "user_version") > VERSION:
        raise StorageError(f"'{path}': expected a database written by this or an older release of btc-health")
    if (found := pragma(source, "quick_check")) != "ok":
        raise StorageError(f"'{path}' is damaged: {found}")
