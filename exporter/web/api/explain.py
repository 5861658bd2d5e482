"""`/api/v2/score/explain`: what lost points, what changed since a time, what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cachetools import LRUCache

from exporter.errors import StorageError
from exporter.scorecards import movers
from exporter.storage.archive import COARSE, STEP, Archive
from exporter.web.answer import Answer, Ask
from exporter.web.api.explain_models import Explanation
from exporter.web.api.queries import ExplainQuery, read
from exporter.web.api.render import packed
from exporter.web.packed import Packed
from exporter.world import World
from scoring.explain import YEAR_DAYS, leave_one_out, moved, unusual
from scoring.reading import State
from scoring.scorecard import Scorecard

# The last card at or before a time is no older than this, while the exporter ran.
LOOK_BACK: Final = COARSE + 2 * STEP
MOST_REMEMBERED: Final = 64
DAY: Final = 86_400


@dataclass(slots=True)
class Explain:
    """Remembers answers for the present world, by the minute asked for."""

    world: Callable[[], World]
    archive: Archive
    wall: Callable[[], float]
    _of: World | None = field(init=False, default=None)
    _kept: LRUCache[int, Packed] = field(init=False)
    _one_maker: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _year: tuple[int, dict[str, list[float]]] = field(init=False, default=(0, {}))

    def __post_init__(self) -> None:
        self._kept = LRUCache(MOST_REMEMBERED)

    async def __call__(self, ask: Ask) -> Answer:
        since = read(ExplainQuery, ask.parameters()).moment(self.wall())
        world, minute = self.world(), int(since) // STEP * STEP
        if world is not self._of:
            self._of = world
            self._kept.clear()
        if (found := self._kept.get(minute)) is not None:
            return found.answer(ask)
        async with self._one_maker:
            kept = self._kept.get(minute)
            found = kept or await self._made(world, minute)
        return replace(found.answer(ask), kept=kept is not None)

    async def _made(self, world: World, minute: int) -> Packed:
        try:
            cards = await self.archive.scorecards(minute - LOOK_BACK, minute)
            values = await self._daily_values()
        except StorageError as error:
            return await asyncio.to_thread(_body, world.scorecard, str(error), {})
        kept = cards[-1] if cards else "no scorecard of that time is kept"
        found = await asyncio.to_thread(_body, world.scorecard, kept, values)
        if world is self._of:
            self._kept[minute] = found
        return found

    async def _daily_values(self) -> dict[str, list[float]]:
        """Of each indicator, over the last year; read once a day."""
        today = int(self.wall()) // DAY
        if self._year[0] != today:
            cards = await self.archive.daily_scorecards((today - YEAR_DAYS) * DAY, today * DAY - 1)
            self._year = today, values_by_indicator(card for _, card in cards)
        return self._year[1]


def values_by_indicator(cards: Iterable[Any]) -> dict[str, list[float]]:
    """From scorecards in compact form, oldest first."""
    values: dict[str, list[float]] = {}
    for card in cards:
        known = card.get("indicators", {}) if isinstance(card, Mapping) else {}
        for name, one in known.items():
            if one["value"] is not None:
                values.setdefault(name, []).append(one["value"])
    return values


def _body(card: Scorecard, kept: tuple[int, Any] | str, values: Mapping[str, Sequence[float]]) -> Packed:
    return packed(Explanation, {**explanation(card, kept), "unusual": unusual(card, values)})


def explanation(card: Scorecard, kept: tuple[int, Any] | str) -> dict[str, Any]:
    """`kept`: time and compact form of an earlier scorecard, or why there is none."""
    changed = _changed(card, kept)
    return {
        "overall": card.overall,
        "bounds": {"lower": card.lower, "upper": card.upper},
        "coverage": card.coverage,
        "capped_by": card.capped_by,
        "lost": list(_lost(card)),
        "changed": None if isinstance(changed, str) else changed,
        "changed_reason": changed if isinstance(changed, str) else None,
        "missing": list(_missing(card)),
        "sensitivity": list(leave_one_out(card)),
        "as_of": card.as_of,
        "methodology": card.methodology,
    }


def _lost(card: Scorecard) -> Iterator[dict[str, Any]]:
    for pillar, one, points in movers(card):
        yield {
            "pillar": pillar.id,
            "indicator": one.id,
            "title": one.title,
            "state": one.state,
            "score": one.score,
            "value": one.value,
            "quantity": one.quantity,
            "points_lost": points,
        }


def _missing(card: Scorecard) -> Iterator[dict[str, Any]]:
    for pillar, one in card.indicators():
        if one.state is not State.FRESH:
            yield {
                "pillar": pillar.id,
                "indicator": one.id,
                "title": one.title,
                "state": one.state,
                "weight": pillar.weight * one.weight,
                "fresh_at": one.fresh_at,
                "absent_inputs": [given.selector for given in one.inputs if given.reading is None],
            }


def _changed(card: Scorecard, kept: tuple[int, Any] | str) -> dict[str, Any] | str:
    """The change, or why it is not known."""
    if isinstance(kept, str):
        return kept
    before = restored(card, kept[1])
    if before is None:
        return "the scorecard of that time was kept by another release or method"
    movements = moved(before, card)
    if movements is None or before.overall is None or card.overall is None:
        return "the overall score is withheld now" if card.overall is None else "the overall score was withheld then"
    return {
        "since": kept[0],
        "overall_before": before.overall,
        "overall_now": card.overall,
        "points": card.overall - before.overall,
        "movements": [movement for movement in movements if movement.points or movement.by_score],
    }


def restored(card: Scorecard, kept: Any) -> Scorecard | None:
    """An earlier scorecard from its compact form, in the shape of the present one; None where they do not match."""
    if not isinstance(kept, Mapping) or kept.get("methodology") != card.methodology:
        return None
    try:
        pillars = tuple(
            replace(
                pillar,
                score=kept["pillars"][pillar.id]["score"],
                effective_weight=kept["pillars"][pillar.id]["effective_weight"],
                indicators=tuple(
                    replace(
                        one,
                        score=kept["indicators"][one.id]["score"],
                        value=kept["indicators"][one.id]["value"],
                        points_lost=kept["indicators"][one.id]["points_lost"],
                        effective_weight=kept["indicators"][one.id]["effective_weight"],
                    )
                    for one in pillar.indicators
                ),
            )
            for pillar in card.pillars
        )
        return replace(card, overall=kept["overall"], pillars=pillars)
    except (KeyError, TypeError):
        return None
