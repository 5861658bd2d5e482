"""`backup` and `restore` of the SQLite file."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping

from exporter.commands.configuration import loader
from exporter.storage import backup as copies


def backup(arguments: Namespace, environ: Mapping[str, str]) -> int:
    path = loader(arguments, environ)().storage.path
    copies.backup(path, arguments.file)
    sys.stdout.write(f"{path} copied to {arguments.file}\n")
    return 0


def restore(arguments: Namespace, environ: Mapping[str, str]) -> int:
    path = loader(arguments, environ)().storage.path
    copies.restore(arguments.file, path)
    sys.stdout.write(f"{arguments.file} put back as {path}\n")
    return 0
