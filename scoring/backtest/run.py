"""The whole backtest in one call."""

from __future__ import annotations

from pathlib import Path

from scoring.backtest.days import DayScore, Progress, day_scores
from scoring.backtest.episodes import read_episodes
from scoring.backtest.fitted import equally_weighted, where_known
from scoring.backtest.frozen import frozen
from scoring.backtest.history import read_history
from scoring.backtest.result import Result
from scoring.methodology import METHOD


def silent(done: int, total: int) -> None:
    """For a caller that shows no progress."""


def run(folder: Path, events: Path, progress: Progress = silent) -> Result:
    """Score every day of the history in `folder` and study the episodes of the CSV file `events`.

    Raises HistoryError where either cannot be used. `progress` is told the days done and the days in all.
    """
    episodes = read_episodes(events, (pillar.id for pillar in METHOD.pillars))
    known = read_history(folder, METHOD)
    number = known.table.days
    methods = (METHOD, frozen(METHOD), equally_weighted(METHOD, known))

    def scored(turn: int) -> list[DayScore]:
        return day_scores(known, methods[turn], lambda done, _: progress(turn * number + done, len(methods) * number))

    days = scored(0)
    return Result(METHOD, known, days, scored(1), where_known(scored(2), days), episodes)
