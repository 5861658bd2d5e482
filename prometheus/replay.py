"""Years of daily history through the shipped rules, in a real Prometheus: how often each alert would have fired.

`python -m prometheus.replay HISTORY` writes docs/false-alarms.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from prometheus.generator.model import HOME
from prometheus.replaying.firing import Alarm
from prometheus.replaying.server import Grid, ReplayError
from prometheus.replaying.shipped import Outcome, outcomes, record
from scoring.backtest.episodes import Episode, read_episodes
from scoring.backtest.table import read
from scoring.methodology import METHOD

PAGE: Final = HOME.parent / "docs" / "false-alarms.md"
DAY: Final = 86_400

# Alarms of one alert that are no more days apart are one: somebody would still be at work on the first.
APART: Final = 14
# Means of a month and shares of a week show an episode for so many days after it.
ECHO: Final = 30
MOST_A_YEAR: Final = 1.0

# What the history cannot say although it has the series.
ARTEFACTS: Final[Mapping[str, str]] = {
    "BtcHealthScoreCoverageLow": "its coverage is that of the folder's columns, not of live sources",
}


@dataclass(frozen=True, slots=True)
class Row:
    """Alarms of one alert: firings as Prometheus counts them, merged ones, those that an episode explains."""

    name: str
    severity: str
    firings: int
    alarms: int
    explained: int
    years: float

    @property
    def unexplained(self) -> float:
        return (self.alarms - self.explained) / self.years


def grid(history: Path) -> Grid:
    table = read(history)
    return Grid(int(table.end_of_day(0)), int(table.end_of_day(table.days - 1)), DAY)


def replayed(history: Path, folder: Path) -> list[Outcome]:
    """A day's value stands for its whole day: what holds at its end has held as long as `for` asks."""
    days = grid(history)
    command: list[str | Path] = [HOME.parent / "tools" / "backfill", folder / "data", "--history", history]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if done.returncode:
        raise ReplayError(f"tools/backfill: {done.stderr.strip()[-500:]}")
    record(folder / "data", days)
    return outcomes(folder / "data", days, lambda rule: max(rule.wait - DAY, 0))


def rows(found: Sequence[Outcome], episodes: Sequence[Episode], days: Grid) -> Iterator[Row]:
    years = (days.end - days.start) / DAY / 365.25
    for one in found:
        if not one.lacking and one.rule.name not in ARTEFACTS:
            firings = [alarm for alarms in one.alarms.values() for alarm in alarms]
            merged = [alarm for alarms in one.alarms.values() for alarm in joined(alarms)]
            known = [episode for episode in episodes if not episode.upward and episode.pillar in pillars(one)]
            explained = sum(any(explains(episode, alarm) for episode in known) for alarm in merged)
            yield Row(one.rule.name, one.rule.severity, len(firings), len(merged), explained, years)


def pillars(outcome: Outcome) -> frozenset[str]:
    """Those that can explain the alert: its own, or any where it speaks of all."""
    own = outcome.rule.pillar
    return frozenset({own} if own else {pillar.id for pillar in METHOD.pillars})


def joined(alarms: Sequence[Alarm]) -> Iterator[Alarm]:
    current: Alarm | None = None
    for alarm in alarms:
        if current is not None and alarm.start - current.end <= APART * DAY:
            current = Alarm(current.start, alarm.end)
            continue
        if current is not None:
            yield current
        current = alarm
    if current is not None:
        yield current


def explains(episode: Episode, alarm: Alarm) -> bool:
    return _midnight(episode.start) <= alarm.end and alarm.start <= _midnight(episode.end) + (ECHO + 1) * DAY


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def page(found: Sequence[Outcome], episodes: Sequence[Episode], days: Grid) -> str:
    return "\n".join(_page(found, episodes, days)) + "\n"


def _page(found: Sequence[Outcome], episodes: Sequence[Episode], days: Grid) -> Iterator[str]:
    first, last = (datetime.fromtimestamp(moment - DAY, UTC).date() for moment in (days.start, days.end))
    made = list(rows(found, episodes, days))
    yield from ("<!-- Written by `python -m prometheus.replay HISTORY`. -->", "", "# False alarms, measured", "")
    yield f"The shipped rules over the daily history of {first} to {last} ({made[0].years:.1f} years), backfilled into"
    yield "a Prometheus by `btc-health backfill` and evaluated there, records first. How many alerts chance alone gives"
    yield from ("to rules that count blocks is in [alerts.md](alerts.md).", "")
    yield "- A day has one sample, at its end. Each expression is evaluated then; windows shorter than a day see that"
    yield "  one sample, and what holds at the end of a day counts as having held all day: `for` of up to a day is met."
    yield f"- Firings of one alert at most {APART} days apart are one alarm."
    yield "- An alarm is explained where a known episode of its pillar (any pillar for the total), or the"
    yield f"  {ECHO} days after it, overlaps with it. The others are false alarms, or episodes nobody wrote down."
    yield f"- More than {MOST_A_YEAR:g} unexplained alarm a year is not accepted of a critical or warning alert."
    yield from ("", "| alert | severity | firings | alarms | explained | unexplained a year |")
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in made:
        numbers = f"{row.firings} | {row.alarms} | {row.explained} | {row.unexplained:.2f}"
        yield f"| {row.name} | {row.severity} | {numbers} |"
    yield from ("", "## Not evaluable on daily history", "", "| alert | why |", "| --- | --- |")
    for one in found:
        if one.lacking:
            yield f"| {one.rule.name} | no daily history of {', '.join(f'`{name}`' for name in one.lacking)} |"
        elif one.rule.name in ARTEFACTS:
            yield f"| {one.rule.name} | {ARTEFACTS[one.rule.name]} |"


def made(history: Path) -> str:
    """The page. Raises ReplayError or HistoryError."""
    episodes = read_episodes(history / "events.csv", [pillar.id for pillar in METHOD.pillars])
    with tempfile.TemporaryDirectory() as folder:
        return page(replayed(history, Path(folder)), episodes, grid(history))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prometheus.replay", description=(__doc__ or "").strip())
    parser.add_argument("history", type=Path, help="folder of daily CSV files and events.csv")
    parser.add_argument("--output", type=Path, default=PAGE, help=f"default {PAGE.relative_to(HOME.parent)}")
    options = parser.parse_args(arguments)
    try:
        options.output.write_text(made(options.history))
    except ReplayError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
