"""A finished backtest: scores of every day and what they did in each episode."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TextIO

from scoring.backtest import report
from scoring.backtest.aggregation import ALTERNATIVES
from scoring.backtest.comparison import AggregateResult, compare
from scoring.backtest.days import DayScore
from scoring.backtest.document import Block
from scoring.backtest.episodes import Episode
from scoring.backtest.history import History
from scoring.backtest.study import FALL_LEVEL, FALL_POINTS, Judgement, Span, Track, falls, judge, unexplained
from scoring.backtest.tally import Tally, tally
from scoring.method import Method

OVERALL: Final = "overall"
DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """`judgement` of the episode's own pillar, `overall` of the overall score; None where it cannot be made."""

    episode: Episode
    judgement: Judgement | None
    overall: Judgement | None


@dataclass(frozen=True, slots=True)
class FallCount:
    """Deep falls of one score: their number, those without an episode of their pillar, and the days with a score."""

    falls: int
    unexplained: tuple[tuple[date, date], ...]
    days: int

    @property
    def unexplained_per_year(self) -> float | None:
        return len(self.unexplained) * DAYS_PER_YEAR / self.days if self.days else None


@dataclass(frozen=True)
class Result:
    """The same days scored with the anchors of the end of 2017, and with equal weights: `frozen_days`, `equal_days`."""

    method: Method
    history: History
    days: Sequence[DayScore]
    frozen_days: Sequence[DayScore]
    equal_days: Sequence[DayScore]
    episodes: Sequence[Episode]

    def track(self, name: str) -> Track:
        return self._track(self.days, name)

    def span(self, episode: Episode) -> Span:
        first = self.history.table.first
        return (episode.start - first).days, (episode.end - first).days

    @cached_property
    def episode_results(self) -> list[EpisodeResult]:
        return self._judged(self.days, from_day=0)

    @staticmethod
    def tallies(results: Sequence[EpisodeResult]) -> tuple[Tally, Tally]:
        """Of the episodes' own pillars, and of the overall score."""
        return (
            tally((result.episode, result.judgement) for result in results),
            tally((result.episode, result.overall) for result in results),
        )

    def walk_forward(self, first: date, *, past: bool, whole: bool) -> list[EpisodeResult]:
        """Episodes from `first` on. `past`: anchors of the end of 2017. `whole`: ordinary windows of all years."""
        day = 0 if whole else max(0, (first - self.history.table.first).days)
        if whole and not past:
            judged = self.episode_results
        else:
            judged = self._judged(self.frozen_days if past else self.days, day)
        return [one for one in judged if one.episode.start >= first]

    @cached_property
    def equal_results(self) -> list[EpisodeResult]:
        """With equal weights."""
        return self._judged(self.equal_days, from_day=0)

    def fall_counts(self, points: float = FALL_POINTS, level: float = FALL_LEVEL) -> dict[str, FallCount]:
        """By pillar id, and of the overall score, which any episode explains."""
        table = self.history.table
        found = {}
        for name in (OVERALL, *(pillar.id for pillar in self.method.pillars)):
            track = self.track(name)
            reasons = [self.span(one) for one in self.episodes if not one.upward and name in (OVERALL, one.pillar)]
            deep = falls(track, points, level)
            odd = tuple((table.date(first), table.date(last)) for first, last in unexplained(deep, reasons))
            found[name] = FallCount(len(deep), odd, track.known(0, len(track) - 1))
        return found

    @cached_property
    def comparison(self) -> list[AggregateResult]:
        """The overall score as it would be under each alternative."""
        return [
            compare(name, aggregate, self.method, self.days, self.spans) for name, aggregate in ALTERNATIVES.items()
        ]

    @cached_property
    def document(self) -> tuple[Block, ...]:
        """The report, made once for all forms it is written in."""
        return tuple(report.contents(self))

    def write_report(self, folder: Path) -> None:
        """`report.md` with its pictures, and `report.html`, complete in itself."""
        report.write(self, folder)

    def scores_csv(self, stream: TextIO) -> None:
        """One row a day; an empty cell where a score is withheld."""
        writer = csv.writer(stream, lineterminator="\n")
        ids = [pillar.id for pillar in self.method.pillars]
        writer.writerow(["date", OVERALL, *ids, "coverage"])
        for day in self.days:
            scores = [day.overall, *(day.pillars[name] for name in ids)]
            cells = ["" if value is None else f"{value:.4f}" for value in scores]
            writer.writerow([day.date.isoformat(), *cells, f"{day.coverage:.4f}"])

    def as_json(self) -> dict[str, Any]:
        own, overall = self.tallies(self.episode_results)
        return {
            "methodology": self.method.version,
            "from": self.days[0].date.isoformat(),
            "to": self.days[-1].date.isoformat(),
            "days": len(self.days),
            "own_pillar": asdict(own),
            "overall": asdict(overall),
            "episodes": [_episode_json(result, self.history.table.date) for result in self.episode_results],
            "false_falls": {name: _falls_json(count) for name, count in self.fall_counts().items()},
            "lacking": {selector: list(names) for selector, names in self.history.lacking.items()},
            "unusable_cells": dict(self.history.table.unusable),
        }

    @cached_property
    def spans(self) -> list[tuple[Episode, Span]]:
        """All episodes, also those that the history does not hold whole."""
        return [(one, self.span(one)) for one in self.episodes]

    def beyond(self, episode: Episode, from_day: int = 0) -> str | None:
        """Why an episode cannot be judged from day `from_day` on, whatever the scores are."""
        first, last = self.span(episode)
        if last < from_day or first >= len(self.days):
            return "outside the history"
        if first < from_day:
            return "begun before the history"
        return "not over at the end of the history" if last >= len(self.days) else None

    def _judged(self, days: Sequence[DayScore], from_day: int) -> list[EpisodeResult]:
        def judged(episode: Episode, name: str) -> Judgement | None:
            if episode.upward is None or self.beyond(episode, from_day):
                return None
            busy = [span for other, span in self.spans if name in (OVERALL, other.pillar)]
            return judge(self._track(days, name, from_day), self.span(episode), upward=episode.upward, busy=busy)

        return [EpisodeResult(one, judged(one, one.pillar), judged(one, OVERALL)) for one in self.episodes]

    @cached_property
    def _tracks(self) -> dict[tuple[int, str, int], Track]:
        return {}

    def _track(self, days: Sequence[DayScore], name: str, from_day: int = 0) -> Track:
        key = (id(days), name, from_day)
        if key not in self._tracks:
            values = [day.overall if name == OVERALL else day.pillars[name] for day in days]
            self._tracks[key] = Track([*[None] * from_day, *values[from_day:]])
        return self._tracks[key]


def _falls_json(count: FallCount) -> Mapping[str, Any]:
    return {
        "falls": count.falls,
        "unexplained": [[first.isoformat(), last.isoformat()] for first, last in count.unexplained],
        "unexplained_per_year": count.unexplained_per_year,
    }


def _episode_json(result: EpisodeResult, date_of: Callable[[int], date]) -> Mapping[str, Any]:
    episode = result.episode
    return {
        "start": episode.start.isoformat(),
        "end": episode.end.isoformat(),
        "name": episode.name,
        "pillar": episode.pillar,
        "direction": episode.direction,
        "traceless": episode.traceless,
        "own_pillar": _judgement_json(result.judgement, date_of),
        "overall": _judgement_json(result.overall, date_of),
    }


def _judgement_json(judgement: Judgement | None, date_of: Callable[[int], date]) -> Mapping[str, Any] | None:
    if judgement is None:
        return None
    return {
        "seen": judgement.seen,
        "points": judgement.move.points,
        "before": judgement.move.before,
        "extreme": judgement.move.extreme,
        "extreme_on": date_of(judgement.move.day).isoformat(),
        "p_value": judgement.p_value,
        "rank": judgement.rank,
        "ordinary_windows": judgement.windows,
        "threshold": judgement.threshold,
        "warning_days": judgement.warning_days,
    }
