"""Poll every source once and print the score with what moved it."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Final

import uvloop
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from exporter import logs
from exporter.assembly import Gathering, gathering, rules_of
from exporter.clock import Clock
from exporter.collection.poller import Outcome
from exporter.commands.configuration import loader
from exporter.configuration.config import Config
from exporter.scorecards import document, movers
from exporter.service import ROOM, memory_of
from exporter.sources.registry import SOURCES
from exporter.storage.database import Storage
from exporter.world import World
from scoring.scorecard import PillarResult, Scorecard

MOST_MOVERS: Final = 15
# Longer than the spacing of any source's requests, shorter than a breaker stays open: who is down keeps nobody waiting.
PATIENCE_SECONDS: Final = 20.0


def run(arguments: Namespace, environ: Mapping[str, str]) -> int:
    """0, or 1 where the overall score is withheld."""
    config = loader(arguments, environ)()
    # Failures show in the progress bar; lines between its frames only if somebody asked for them.
    logs.configure(config.log.level if "log.level" in arguments else "error", config.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        world = runner.run(_world(config))
    if arguments.json:
        json.dump(document(world.scorecard, world.view), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        show(world.scorecard, Console())
    return 0 if world.scorecard.overall is not None else 1


async def _world(config: Config) -> World:
    storage, clock = Storage(config.storage.path), Clock()
    gathered = gathering(config, storage, clock)
    try:
        await _poll(gathered, config)
        collection = gathered.collection
        memory = memory_of(await storage.load(ROOM))
        return rules_of(config).world(collection.snapshot, collection.figures(), clock.wall(), memory)
    finally:
        await gathered.collection.stop()
        await storage.close()


async def _poll(gathered: Gathering, config: Config) -> None:
    total = sum(len(config.endpoints(source)) for source in SOURCES)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("polling", total=total)
        failed = 0

        def advance(source: str, endpoint: str, outcome: Outcome) -> None:
            nonlocal failed
            failed += outcome is Outcome.FAILED
            progress.update(task, advance=1, description=f"{source} {endpoint} ({failed} failed)")

        await gathered.collection.poll_once(advance, PATIENCE_SECONDS)


def show(card: Scorecard, console: Console) -> None:
    console.print(
        f"Overall score: {_points(card.overall)} (bounds {card.lower:.1f} to {card.upper:.1f})", highlight=False
    )
    console.print(f"Coverage {card.coverage:.0%}, method {card.methodology}", highlight=False)
    console.print(_pillars(card))
    if costs := movers(card)[:MOST_MOVERS]:
        table = _table("What costs points", ("Indicator", "Pillar", "State"), ("Points lost", "Score", "Value"))
        for pillar, one, lost in costs:
            value = "" if one.value is None else f"{one.value:.6g}"
            table.add_row(one.title, pillar.id, one.state, f"{lost:.2f}", _points(one.score), value)
        console.print(table)


def _pillars(card: Scorecard) -> Table:
    table = _table("Pillars", ("Pillar",), ("Score", "Bounds", "Coverage", "Weight"))
    for pillar in card.pillars:
        table.add_row(
            pillar.title, _points(pillar.score), _bounds(pillar), f"{pillar.coverage:.0%}", f"{pillar.weight:.0%}"
        )
    return table


def _table(title: str, words: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in words:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _points(score: float | None) -> str:
    return "withheld" if score is None else f"{score:.1f}"


def _bounds(pillar: PillarResult) -> str:
    return f"{pillar.lower:.1f} to {pillar.upper:.1f}"
