"""Daily history as a file for `promtool tsdb create-blocks-from openmetrics`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping

from rich.console import Console
from rich.progress import Progress

from exporter.backfill import Target, write
from exporter.errors import ConfigError
from scoring.backtest import HistoryError
from scoring.backtest.history import History, history
from scoring.backtest.table import read
from scoring.methodology import METHOD


def run(arguments: Namespace, _: Mapping[str, str]) -> int:
    known = _history(arguments)
    since = arguments.since or known.table.first
    until = arguments.until or known.table.date(known.table.days - 1)
    if until < since:
        raise ConfigError(f"--to {until}: expected {since} (--from) or later")
    target = Target(arguments.job, arguments.instance)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring days")

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            with arguments.output.open("wb") as stream:
                samples = write(stream, known, target, (since, until), advance)
        except OSError as error:
            raise ConfigError(f"--output {arguments.output}: {error.strerror}") from error
    sys.stderr.write(f"{samples} samples from {since} to {until}\n")
    return 0


def _history(arguments: Namespace) -> History:
    try:
        return history(read(arguments.history), METHOD)
    except HistoryError as error:
        raise ConfigError(str(error)) from error
