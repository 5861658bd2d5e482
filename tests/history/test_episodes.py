"""What the score does in known episodes, that it was not fitted to them, and what the documents say of it.

All in one file, so that one worker replays the decade once.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from scoring.backtest import Result
from scoring.backtest.document import Picture, markdown
from scoring.backtest.fitted import NO_CAP, caps_since, chosen_by
from scoring.memory import Memory
from scoring.method import MINIMUM_COVERAGE
from scoring.methodology import METHOD
from scoring.score import score
from scoring.scorecard import Scorecard
from tests.machine import ROOT

FIXED_LIST = ROOT / "docs" / "backtest-episodes.md"
PAGE = ROOT / "docs" / "backtest.md"
ROW = re.compile(
    r"^\| (\d{4}-\d\d-\d\d) \| (\d{4}-\d\d-\d\d) \| (.*) \| (\w+) \| (down|up) \| (yes|no) \| (yes|no) \|$"
)


def test_the_list_fixed_before_any_tuning_is_the_one_that_is_judged(result: Result) -> None:
    rows = [
        match.groups() for line in FIXED_LIST.read_text(encoding="utf-8").splitlines() if (match := ROW.match(line))
    ]
    found = [
        (
            one.episode.start.isoformat(),
            one.episode.end.isoformat(),
            one.episode.name,
            one.episode.pillar,
            one.episode.direction,
            "yes" if one.judgement is not None else "no",
            "yes" if one.episode.traceless is None else "no",
        )
        for one in result.episode_results
    ]
    assert rows == found


def test_three_of_four_episodes_with_a_trace_move_their_own_pillar(result: Result) -> None:
    own, _ = result.tallies(result.episode_results)
    assert own.with_trace == 20
    assert own.seen_with_trace >= 0.75 * own.with_trace


def test_half_of_the_episodes_move_the_overall_score(result: Result) -> None:
    _, overall = result.tallies(result.episode_results)
    assert overall.evaluable >= 20
    assert overall.seen >= 0.5 * overall.evaluable


def test_deep_falls_without_a_reason_are_rarer_than_one_a_year(result: Result) -> None:
    rates = {name: count.unexplained_per_year for name, count in result.fall_counts().items()}
    assert {name: rate for name, rate in rates.items() if rate is None or rate > 1} == {}


def test_the_cap_is_what_its_rule_gives_at_the_end_of_2017(result: Result) -> None:
    """No later episode had a say in it; the page states what all years would give."""
    assert chosen_by(result)[1] == METHOD.cap


def test_the_cap_sees_more_than_the_mean_and_no_less_than_other_kinds_of_mean(result: Result) -> None:
    compared = {one.name: one for one in result.comparison}
    ours, plain = compared[f"K = {METHOD.cap:g}"], compared["K = 100"]
    means = [one for name, one in compared.items() if "mean" in name]
    assert len(means) == 3
    assert ours.tally.seen_with_trace >= max(one.tally.seen_with_trace for one in means)
    assert ours.tally.seen_with_trace > plain.tally.seen_with_trace
    assert ours.in_crisis is not None
    assert plain.in_crisis is not None
    assert ours.in_crisis < plain.in_crisis - 3
    assert ours.ordinary_fall is not None
    assert plain.ordinary_fall is not None
    assert ours.ordinary_fall <= plain.ordinary_fall + 0.05


def test_equal_weights_are_judged_on_the_same_days(result: Result) -> None:
    own, overall = result.tallies(result.equal_results)
    assert (own.evaluable, overall.evaluable) == tuple(one.evaluable for one in result.tallies(result.episode_results))
    assert own.seen >= 0.75 * result.tallies(result.episode_results)[0].seen


def test_anchors_of_2017_see_the_later_years_as_well_as_those_of_today(result: Result) -> None:
    first = date(2018, 1, 1)
    past = result.tallies(result.walk_forward(first, past=True, whole=True))
    present = result.tallies(result.walk_forward(first, past=False, whole=True))
    assert past[0].evaluable == present[0].evaluable >= 15
    assert past[0].seen >= present[0].seen - 1
    assert past[1].seen >= present[1].seen - 1


def test_the_page_in_the_documentation_tells_the_same(result: Result, request: pytest.FixtureRequest) -> None:
    blocks = [block for block in result.document if not isinstance(block, Picture)]
    text = introduction(result) + markdown(blocks[1:])
    if request.config.getoption("--refresh-golden"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "if that is meant: pytest tests/history --refresh-golden"


INTRODUCTION = """\
# Backtest

**What is met and what is not.** The aim was that at least 75 % of the evaluable episodes move their own pillar further
than nine of ten ordinary windows. Of all evaluable episodes {all_seen} do: that misses the aim. Of those that leave a
trace in the data {traced_seen} do: that meets it. Which have a trace was judged by reading, before any score was
seen; the first count is the stricter one. The overall score sees {overall_seen} of those it can be computed for (the
aim was half). False falls stay below one a year for every pillar.

What speaks against it:

- Of the episodes of 2018-2022, against ordinary windows of the same years, {stricter} move their own pillar.
- An episode is seen by its rank among ordinary windows, however small its move; a false fall needs 15 points and a
  level of at most 50. Falls of 7 points to any level come without an episode this often a year:
  {shallow}.
- On 2018-2022, with the anchors of 2017, the cap of {cap:g} detects nothing more than no cap (each {late_seen}); it
  only deepens falls, from a median of {plain_fall:.1f} to {capped_fall:.1f}.

This is the report of `btc-health backtest` on daily history of 2012-2022 and thirty known episodes, without its
pictures. A test compares this page with a new run. Which episodes count was fixed beforehand:
[the list](backtest-episodes.md). Thirty overlapping windows of one history rank scores; they do not prove them.

"""


def introduction(result: Result) -> str:
    own, overall = result.tallies(result.episode_results)
    first = date(2018, 1, 1)
    stricter, _ = result.tallies(result.walk_forward(first, past=False, whole=False))
    shallow = result.fall_counts(points=7, level=100)
    caps = caps_since(result, first, [NO_CAP, METHOD.cap])
    plain, capped = caps[NO_CAP], caps[METHOD.cap]
    assert plain.tally.seen == capped.tally.seen, "the page says that the cap detects nothing more"
    return INTRODUCTION.format(
        stricter=f"{stricter.seen} of {stricter.evaluable} ({stricter.seen / stricter.evaluable:.0%})",
        shallow=", ".join(f"{name} {count.unexplained_per_year or 0:.1f}" for name, count in shallow.items()),
        cap=METHOD.cap,
        late_seen=f"{plain.tally.seen} of {plain.tally.evaluable}",
        plain_fall=plain.fall,
        capped_fall=capped.fall,
        all_seen=f"{own.seen} of {own.evaluable} ({own.seen / own.evaluable:.0%})",
        traced_seen=f"{own.seen_with_trace} of {own.with_trace} ({own.seen_with_trace / own.with_trace:.0%})",
        overall_seen=f"{overall.seen} of {overall.evaluable}",
    )


def test_the_table_of_scores_covers_every_day(result: Result, tmp_path: Path) -> None:
    with (tmp_path / "scores.csv").open("w", encoding="utf-8") as stream:
        result.scores_csv(stream)
    lines = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + (date(2022, 12, 31) - date(2012, 1, 1)).days + 1
    assert lines[0] == "date,overall,security,decentralization,throughput,adoption,lightning,coverage"


NEWCOMERS = (ROOT / "docs" / "reading-the-score.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cards(result: Result) -> dict[date, Scorecard]:
    """After two months of memory, longer than anything is held."""
    found, memory = {}, Memory()
    first = (date(2020, 1, 1) - result.history.table.first).days
    for day in range(first, first + 84):
        card = score(result.history.readings(day), result.history.table.end_of_day(day), memory)
        memory = card.memory
        found[result.history.table.date(day)] = card
    return {day: found[day] for day in (date(2020, 3, 7), date(2020, 3, 24))}


def test_quantiles_on_the_newcomers_page(result: Result) -> None:
    known = sorted(day.overall for day in result.days if day.overall is not None)
    quarter, three_quarters, twentieth, hundredth = (known[int(part * len(known))] for part in (0.25, 0.75, 0.05, 0.01))
    assert f"half of all days lay between {quarter:.0f} and {three_quarters:.0f}" in NEWCOMERS
    assert f"A day at {twentieth:.0f} was among the\nworst twentieth" in NEWCOMERS
    assert f"{hundredth:.0f} among the worst hundredth; the lowest was {known[0]:.0f}" in NEWCOMERS
    assert "One day in eight was\nat 62 or below" in NEWCOMERS
    assert round(len(known) / sum(score < 62.5 for score in known)) == 8
    assert f"below {twentieth:.0f} something is badly wrong" in NEWCOMERS
    lowest = min((day.overall, day.date) for day in result.days if day.overall is not None)[1]
    assert (lowest.year, lowest.month) == (2017, 12)
    assert f"How far from {known[len(known) // 2]:.0f}?" in NEWCOMERS


def test_its_worked_example(cards: dict[date, Scorecard]) -> None:
    before, after = cards.values()
    assert after.overall is not None
    assert f"## What {after.overall:.0f} means" in NEWCOMERS
    assert f"On 7 March it had been\n{before.overall:.0f}" in NEWCOMERS
    assert before.basis_changed_at == after.basis_changed_at, "one basis"
    assert f"the {100 - after.overall:.0f} missing points" in NEWCOMERS
    assert f"Coverage was {after.coverage:.2f}" in NEWCOMERS
    assert f"the bounds were {after.lower:.0f} and {after.upper:.0f}" in NEWCOMERS
    for pillar in after.pillars:
        lost = sum(one.points_lost or 0 for one in pillar.indicators)
        assert f"| {pillar.title} | {pillar.weight:.2f} | {pillar.score:.0f} | {lost:.1f} |" in NEWCOMERS


def test_what_it_says_about_security(cards: dict[date, Scorecard]) -> None:
    before, after = cards.values()
    values = {one.id: one.value or 0 for one in after.pillars[0].indicators}
    before_lost = sum(one.points_lost or 0 for one in before.pillars[1].indicators)
    assert f"had lost {before_lost:.1f} on 7 March already" in NEWCOMERS
    assert f"Security had gone from\n{before.pillars[0].score:.0f} to {after.pillars[0].score:.0f}" in NEWCOMERS
    assert f"({values['hashrate_quarter']:.0%} of its 90-day maximum)".replace("%", " %") in NEWCOMERS
    assert f"a hash earned {values['hashprice']:.0%} of what".replace("%", " %") in NEWCOMERS


def test_the_rules_it_states_are_those_of_the_method(result: Result) -> None:
    assert f"never more than {METHOD.cap:.0f} points above the worst pillar that counts" in NEWCOMERS
    assert f"Each of {len(list(METHOD.indicators()))} numbers" in NEWCOMERS
    assert NEWCOMERS.count(f"{MINIMUM_COVERAGE:.0%}".replace("%", " %")) == 5
    for pillar in METHOD.pillars:
        assert f"| {pillar.title} | {pillar.question} |" in NEWCOMERS
    own, _ = result.tallies(result.episode_results)
    assert "it saw three in four, of all that\n  can be judged two in three" in NEWCOMERS
    assert 0.7 <= own.seen_with_trace / own.with_trace < 0.85
    assert 0.6 <= own.seen / own.evaluable < 0.72
