"""Score a history and study what happened in it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping

from rich.console import Console
from rich.progress import Progress

from exporter.errors import ConfigError
from scoring.backtest import HistoryError, Result
from scoring.backtest import run as score_history
from scoring.backtest.document import markdown


def run(arguments: Namespace, _: Mapping[str, str]) -> int:
    result = _scored(arguments)
    if arguments.scores_out:
        with arguments.scores_out.open("w", encoding="utf-8", newline="") as stream:
            result.scores_csv(stream)
    if arguments.report:
        arguments.report.mkdir(parents=True, exist_ok=True)
        result.write_report(arguments.report)
    if arguments.json:
        json.dump(result.as_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(markdown(result.document))
    return 0


def _scored(arguments: Namespace) -> Result:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring days")

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        try:
            return score_history(arguments.history, arguments.events, advance)
        except HistoryError as error:
            raise ConfigError(str(error)) from error
