"""How many episodes were seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.backtest.episodes import Episode
from scoring.backtest.study import Judgement


@dataclass(frozen=True, slots=True)
class Tally:
    """All evaluable episodes, and those of them with a trace in the data."""

    seen: int
    evaluable: int
    seen_with_trace: int
    with_trace: int


def tally(judged: Iterable[tuple[Episode, Judgement | None]]) -> Tally:
    known = [(episode, judgement) for episode, judgement in judged if judgement is not None]
    traced = [judgement for episode, judgement in known if episode.traceless is None]
    return Tally(
        seen=sum(judgement.seen for _, judgement in known),
        evaluable=len(known),
        seen_with_trace=sum(judgement.seen for judgement in traced),
        with_trace=len(traced),
    )
