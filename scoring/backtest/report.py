"""The report of a backtest: what was seen, what was not and why, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scoring.backtest import document
from scoring.backtest.document import Block, Heading, Paragraph, Picture, Table
from scoring.backtest.fitted import NO_CAP, caps_since, chosen_by, chosen_in
from scoring.backtest.frozen import LAST_DAY, LEFT_OUT
from scoring.backtest.recipes import OTHER_LEVEL
from scoring.backtest.study import Judgement
from scoring.backtest.svg import plot
from scoring.backtest.tally import Tally
from scoring.backtest.wording import DEFINITIONS, LACKING, RULE, UNUSABLE

if TYPE_CHECKING:
    from scoring.backtest.comparison import AggregateResult
    from scoring.backtest.result import EpisodeResult, Result

OVERALL: Final = "overall"
NONE: Final = "-"


def write(result: Result, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    blocks = result.document
    for block in blocks:
        if isinstance(block, Picture):
            (folder / block.name).write_text(block.svg, encoding="utf-8")
    (folder / "report.md").write_text(document.markdown(blocks), encoding="utf-8")
    (folder / "report.html").write_text(document.html("Backtest", blocks), encoding="utf-8")


def contents(result: Result) -> Iterator[Block]:
    yield Heading(1, "Backtest")
    yield from _summary(result)
    yield from _episodes(result)
    yield from _false_falls(result)
    yield from _aggregation(result)
    yield from _walk_forward(result)
    yield from _fitted(result)
    yield from _pictures(result)
    yield from _lacking(result)
    yield Heading(2, "How it was judged")
    yield Paragraph(DEFINITIONS)


def _summary(result: Result) -> Iterator[Block]:
    own, overall = result.tallies(result.episode_results)
    yield Paragraph(
        f"Method {result.method.version}, {result.days[0].date} to {result.days[-1].date}, {len(result.days)} days, "
        f"{len(result.episodes)} episodes."
    )
    yield Table(
        ["moved further than in nine of ten ordinary windows", "evaluable", "of those, with a trace in the data"],
        [["own pillar", *_tally_cells(own)], ["overall score", *_tally_cells(overall)]],
    )


def _tally_cells(count: Tally) -> list[str]:
    return [
        _share(count.seen, count.evaluable),
        _share(count.seen_with_trace, count.with_trace),
    ]


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "0 of 0"


def _episodes(result: Result) -> Iterator[Block]:
    yield Heading(2, "Episodes")
    yield Table(
        ["from", "to", "episode", "pillar", "stated", *_JUDGEMENT_HEAD, "overall: move", "p", "seen"],
        [
            [
                *_episode_cells(one),
                *_judgement_cells(one.judgement),
                *_brief_cells(one.overall),
            ]
            for one in result.episode_results
        ],
    )
    yield Heading(3, "What cannot be seen, and why")
    yield Table(
        ["episode", "why"],
        [[one.episode.name, why] for one in result.episode_results if (why := _why(one, result.beyond(one.episode)))],
    )


_JUDGEMENT_HEAD: Final = ("before", "extreme", "move", "rank", "p", "warning", "seen")


def _episode_cells(one: EpisodeResult) -> list[str]:
    episode = one.episode
    return [str(episode.start), str(episode.end), episode.name, episode.pillar, episode.direction or NONE]


def _judgement_cells(judgement: Judgement | None) -> list[str]:
    if judgement is None:
        return [NONE] * (len(_JUDGEMENT_HEAD) - 1) + ["not evaluable"]
    move = judgement.move
    return [
        f"{move.before:.1f}",
        f"{move.extreme:.1f}",
        f"{move.points:.1f}",
        f"{judgement.rank} of {judgement.windows + 1}",
        f"{judgement.p_value:.3f}",
        NONE if judgement.warning_days is None else f"{judgement.warning_days} d",
        "yes" if judgement.seen else "no",
    ]


def _brief_cells(judgement: Judgement | None) -> list[str]:
    if judgement is None:
        return [NONE, NONE, NONE]
    return [f"{judgement.move.points:.1f}", f"{judgement.p_value:.3f}", "yes" if judgement.seen else "no"]


def _why(one: EpisodeResult, beyond: str | None) -> str | None:
    if one.episode.direction is None:
        return "not evaluable: no direction"
    if beyond is not None:
        return beyond
    if one.episode.traceless is not None:
        chance = "; it moved by coincidence" if one.judgement is not None and one.judgement.seen else ""
        return f"{one.episode.traceless}{chance}"
    if one.judgement is None:
        return "the pillar has no score on enough days: its inputs are not in the history"
    if not one.judgement.seen:
        move = one.judgement.move
        return (
            f"moved {move.points:.1f} points from {move.before:.1f}; "
            f"one ordinary window in ten moves more than {one.judgement.threshold:.1f}"
        )
    return None


def _false_falls(result: Result) -> Iterator[Block]:
    yield Heading(2, "False falls")
    yield Table(
        ["score", "years", "deep falls", "without an episode", "a year", "when"],
        [
            [
                name,
                f"{count.days / 365.25:.1f}",
                str(count.falls),
                str(len(count.unexplained)),
                NONE if count.unexplained_per_year is None else f"{count.unexplained_per_year:.2f}",
                ", ".join(str(first) for first, _ in count.unexplained) or NONE,
            ]
            for name, count in result.fall_counts().items()
        ],
    )


def _aggregation(result: Result) -> Iterator[Block]:
    yield Heading(2, "How the overall score is combined")
    yield Paragraph(
        f"The method uses K = {result.method.cap:g}. In crisis: mean on days with a pillar below 30. "
        "Lowered: share of days on which the score is below the weighted mean."
    )
    yield _aggregates(result.comparison)


def _aggregates(compared: Iterable[AggregateResult]) -> Table:
    return Table(
        [
            "overall score", "seen", "with a trace", "median fall", "ordinary fall", "ratio", "daily change",
            "in crisis", "lowered",
        ],
        [
            [
                one.name,
                _share(one.tally.seen, one.tally.evaluable),
                _share(one.tally.seen_with_trace, one.tally.with_trace),
                _number(one.fall),
                _number(one.ordinary_fall),
                _number(one.fall / one.ordinary_fall if one.fall and one.ordinary_fall else None, 2),
                _number(one.daily_change, 2),
                _number(one.in_crisis),
                NONE if one.lowered is None else f"{one.lowered:.0%}",
            ]
            for one in compared
        ],
    )  # fmt: skip


def _number(value: float | None, digits: int = 1) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def _walk_forward(result: Result) -> Iterator[Block]:
    first = LAST_DAY + timedelta(days=1)
    if result.days[-1].date < first or result.history.table.first > LAST_DAY:
        return
    yield Heading(2, f"Anchors frozen at the end of {LAST_DAY.year}")
    yield Paragraph(
        f"Anchors that rest on what happened after {LAST_DAY} are replaced by what the same rule gave then; what could "
        f"not have been anchored then is left out ({', '.join(LEFT_OUT)}). "
        f"Both methods are judged on the episodes from {first} on: against ordinary windows of the whole history, and, "
        "stricter, against those of the same years, which are fewer and hold many unlisted troubles."
    )
    runs = {
        (anchors, windows): result.walk_forward(first, past=past, whole=whole)
        for anchors, past in (("anchors of 2017", True), ("anchors of the method", False))
        for windows, whole in (("whole history", True), (f"from {first}", False))
    }
    yield Table(
        ["anchors", "ordinary windows", "own pillar", "with a trace", "overall", "with a trace"],
        [[*names, *(cell for count in result.tallies(judged) for cell in _tally_cells(count))]
         for names, judged in runs.items()],
    )  # fmt: skip
    for (anchors, windows), judged in runs.items():
        yield Heading(3, f"{anchors.capitalize()}, windows of: {windows}")
        yield Table(
            ["from", "to", "episode", "pillar", "stated", *_JUDGEMENT_HEAD],
            [[*_episode_cells(one), *_judgement_cells(one.judgement)] for one in judged],
        )


def _fitted(result: Result) -> Iterator[Block]:
    first = LAST_DAY + timedelta(days=1)
    if result.days[-1].date < first or result.history.table.first > LAST_DAY:
        return
    yield Heading(2, "K and weights without hindsight")
    caps, past = chosen_by(result)
    yield Paragraph(
        f"The rule for K: {RULE} On what was over by {LAST_DAY}, with the anchors of then, it gives {_cap(past)}; the "
        f"method has K = {result.method.cap:g}, so that no later episode had a say. With all years in view, and the "
        f"anchors of the method, it would give {_cap(chosen_in(result))}. On the years up to {LAST_DAY.year}:"
    )
    yield _aggregates(caps.values())
    if past is not None:
        yield Paragraph(f"The same K on the episodes from {first} on, with the anchors of {LAST_DAY.year}:")
        yield _aggregates(caps_since(result, first, sorted({NO_CAP, past, result.method.cap}, reverse=True)).values())
    yield Heading(3, "Equal weights")
    yield Paragraph(
        "Weights are judgements and were set with all years in view; what equal weights do not see is owed to them. "
        "Every indicator that the history can tell counts the same inside its pillar, on the days on which the method "
        "has a score."
    )
    runs = {"weights of the method": result.episode_results, "equal weights": result.equal_results}
    yield Table(
        ["weights", "episodes", "own pillar", "with a trace", "overall", "with a trace"],
        [
            [name, since, *(cell for count in result.tallies(judged) for cell in _tally_cells(count))]
            for name, whole in runs.items()
            for since, judged in (
                ("all", whole),
                (f"from {first}", [one for one in whole if one.episode.start >= first]),
            )
        ],
    )


def _cap(cap: float | None) -> str:
    return "none, because nothing could be judged" if cap is None else f"K = {cap:g}"


def _pictures(result: Result) -> Iterator[Block]:
    yield Heading(2, "Scores over the years")
    yield Paragraph("7-day means. Bands are the listed episodes: red for bad news, green for good.")
    names = {OVERALL: "Overall", **{pillar.id: pillar.title for pillar in result.method.pillars}}
    for name, title in names.items():
        bands = [(result.span(one), one.upward, one.name) for one in result.episodes if name in (OVERALL, one.pillar)]
        yield Picture(f"{name}.svg", plot(title, result.track(name), result.history.table.first, bands), title)


def _lacking(result: Result) -> Iterator[Block]:
    yield Heading(2, "What the history lacks")
    yield Paragraph(LACKING)
    users = {
        selector: ", ".join(one.id for one in result.method.indicators() if selector in one.selectors)
        for selector in result.history.lacking
    }
    yield Table(
        ["series", "indicators", "lacking"],
        [
            [selector, users[selector], OTHER_LEVEL.get(selector) or ", ".join(names) or NONE]
            for selector, names in result.history.lacking.items()
        ],
    )
    if unusable := result.history.table.unusable:
        yield Paragraph(UNUSABLE)
        yield Table(["column", "cells"], [[column, str(count)] for column, count in unusable.items()])
