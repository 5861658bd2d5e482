"""Years of history, from a folder or from the sources' charts, as a file for `promtool tsdb`."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import date

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from exporter import logs
from exporter.backfill.gather import Gathered, gather, sources, yesterday
from exporter.backfill.openmetrics import Scoring, Span, Target, write
from exporter.backfill.table import table
from exporter.clock import Clock
from exporter.collection.poller import Outcome
from exporter.commands.configuration import loader
from exporter.configuration.config import Config
from exporter.errors import ConfigError, RemoteError
from exporter.sources.blockchain_com.history import FIRST_MEMPOOL_YEAR
from exporter.storage.database import Storage
from scoring.backtest import HistoryError
from scoring.backtest.history import History, history, read_history
from scoring.method import customised
from scoring.methodology import METHOD


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    if arguments.since and arguments.until and arguments.until < arguments.since:
        raise ConfigError(f"--to {arguments.until}: expected {arguments.since} (--from) or later")
    config = loader(arguments, environ)()
    known = _folder(arguments) if arguments.history else _asked(arguments, config)
    first, last = known.table.first, known.table.date(known.table.days - 1)
    since, until = arguments.since or first, arguments.until or last
    if until < first or since > last:
        raise ConfigError(
            f"--from {since} --to {until}: expected days between {first} and {last}, which is all there is"
        )
    scoring = Scoring(customised(METHOD, config.scoring.weights), config.scoring.minimum_coverage)
    samples = _written(arguments, known, (since, until), scoring)
    for line in _left_out(known):
        sys.stderr.write(f"{line}\n")
    sys.stderr.write(f"{samples} samples from {max(since, first)} to {min(until, last)}\n")
    return 0


def _written(arguments: Namespace, known: History, span: Span, scoring: Scoring) -> int:
    target = Target(arguments.job, arguments.instance)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring days")

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            with arguments.output.open("wb") as stream:
                return write(stream, known, target, span, advance, scoring)
        except OSError as error:
            raise ConfigError(f"--output {arguments.output}: {error.strerror}") from error


def _left_out(known: History) -> Iterator[str]:
    """Series without a column are expected to be absent for ever; those whose column is missing are not."""
    for selector, columns in known.lacking.items():
        if columns:
            yield f"left out: {selector} (no column {', '.join(columns)})"
    for column, count in known.table.unusable.items():
        yield f"left out: {count} cells of {column} that hold no value, or zero where there cannot be none"


def _folder(arguments: Namespace) -> History:
    try:
        return read_history(arguments.history, METHOD)
    except HistoryError as error:
        raise ConfigError(str(error)) from error


def _asked(arguments: Namespace, config: Config) -> History:
    logs.configure(config.log.level if "log.level" in arguments else "error", config.log.format)
    clock = Clock()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        gathered = runner.run(_gathered(config, clock, arguments.since or date(FIRST_MEMPOOL_YEAR, 1, 1)))
    for missing in gathered.missing:
        sys.stderr.write(f"{missing}\n")
    for one in gathered.answers:
        for column, count in one.refused.items():
            sys.stderr.write(f"{one.source} {one.endpoint}: {count} values of {column} outside their bounds left out\n")
    made = table(gathered.answers, yesterday(clock.wall()))
    if made is None:
        raise RemoteError("no source gave any history; what went wrong stands above")
    return history(made, METHOD)


async def _gathered(config: Config, clock: Clock, first: date) -> Gathered:
    wanted = sources(first, yesterday(clock.wall()))
    storage = Storage(config.storage.path)
    total = sum(len(config.endpoints(source)) for source in wanted)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("asking for years", total=total)

        def advance(source: str, endpoint: str, outcome: Outcome) -> None:
            progress.update(task, advance=1, description=f"{source} {endpoint} {outcome}")

        try:
            return await gather(wanted, config, storage, clock, advance)
        finally:
            await storage.close()
