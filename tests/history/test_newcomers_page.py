"""The numbers in docs/reading-the-score.md are those of the replayed history."""

from __future__ import annotations

from datetime import date

import pytest

from scoring.backtest import Result
from scoring.backtest.days import scorecards
from scoring.methodology import METHOD
from scoring.scorecard import Scorecard
from tests.machine import ROOT

PAGE = (ROOT / "docs" / "reading-the-score.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cards(result: Result) -> dict[date, Scorecard]:
    days = (date(2020, 2, 20), date(2020, 3, 20))
    wanted = {(day - result.history.table.first).days: day for day in days}
    last = max(wanted)
    return {
        wanted[number]: card
        for number, card in zip(range(last + 1), scorecards(result.history, METHOD), strict=False)
        if number in wanted
    }


def test_quantiles(result: Result) -> None:
    known = sorted(day.overall for day in result.days if day.overall is not None)
    quarter, three_quarters, twentieth, hundredth = (known[int(part * len(known))] for part in (0.25, 0.75, 0.05, 0.01))
    assert f"half of all days lay between {quarter:.0f} and {three_quarters:.0f}" in PAGE
    assert f"A day at {twentieth:.0f} was among the\nworst twentieth" in PAGE
    assert f"{hundredth:.0f} among the worst hundredth; the lowest was {known[0]:.0f}" in PAGE
    lowest = min((day.overall, day.date) for day in result.days if day.overall is not None)[1]
    assert (lowest.year, lowest.month) == (2017, 12)
    assert f"How far from {known[len(known) // 2]:.0f}?" in PAGE


def test_the_worked_example(cards: dict[date, Scorecard]) -> None:
    before, after = cards.values()
    assert f"## What {after.overall:.0f} means" in PAGE
    assert f"A month before it had been {before.overall:.0f}" in PAGE
    for pillar in after.pillars:
        lost = sum(one.points_lost or 0 for one in pillar.indicators)
        assert f"| {pillar.title} | {pillar.weight:.2f} | {pillar.score:.0f} | {lost:.1f} |" in PAGE


def test_what_it_says_about_security(cards: dict[date, Scorecard]) -> None:
    before, after = cards.values()
    values = {one.id: one.value or 0 for one in after.pillars[0].indicators}
    before_lost = sum(one.points_lost or 0 for one in before.pillars[1].indicators)
    assert f"had lost {before_lost:.1f} a month before" in PAGE
    assert f"Security had gone from {before.pillars[0].score:.0f} to\n{after.pillars[0].score:.0f}" in PAGE
    assert f"({values['hashrate_quarter']:.0%} of its 90-day maximum)".replace("%", " %") in PAGE
    assert f"a hash earned {values['hashprice']:.0%} of what".replace("%", " %") in PAGE


def test_the_rules_it_states_are_those_of_the_method(result: Result) -> None:
    assert f"never more than {METHOD.cap:.0f} points above the worst pillar" in PAGE
    for pillar in METHOD.pillars:
        assert f"| {pillar.title} | {pillar.question} |" in PAGE
    own, _ = result.tallies(result.episode_results)
    assert 0.7 <= own.seen_with_trace / own.with_trace < 0.85
