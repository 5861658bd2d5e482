"""What the score does in known episodes, and that it was not fitted to them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from scoring.backtest import Result
from scoring.backtest.document import Picture, markdown
from scoring.backtest.report import contents
from scoring.methodology import METHOD
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
            "up" if one.episode.upward else "down",
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


def test_the_cap_sees_as_much_as_any_other_way_and_adds_no_noise(result: Result) -> None:
    compared = {one.name: one for one in result.comparison}
    chosen = compared.pop(f"K = {METHOD.cap:g}")
    plain = compared["K = 100"]
    assert chosen.tally.seen >= max(other.tally.seen for other in compared.values())
    assert chosen.ordinary_fall is not None
    assert plain.ordinary_fall is not None
    assert chosen.ordinary_fall <= 1.1 * plain.ordinary_fall
    assert chosen.in_crisis is not None
    assert plain.in_crisis is not None
    assert chosen.in_crisis < plain.in_crisis - 5


def test_anchors_of_2017_see_the_later_years_as_well_as_those_of_today(result: Result) -> None:
    first = date(2018, 1, 1)
    past = result.tallies(result.walk_forward(first, past=True, whole=True))
    present = result.tallies(result.walk_forward(first, past=False, whole=True))
    assert past[0].evaluable == present[0].evaluable >= 15
    assert past[0].seen >= present[0].seen - 1
    assert past[1].seen >= present[1].seen - 1


def test_the_page_in_the_documentation_tells_the_same(result: Result, request: pytest.FixtureRequest) -> None:
    blocks = [block for block in contents(result) if not isinstance(block, Picture)]
    text = INTRODUCTION + markdown(blocks[1:])
    if request.config.getoption("--refresh-golden"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "if that is meant: pytest tests/history --refresh-golden"


INTRODUCTION = """\
# Backtest

The report of `btc-health backtest` on daily history of 2012-2022 and thirty known episodes, without its pictures. A
test compares this page with a new run. Which episodes count was fixed beforehand: [the list](backtest-episodes.md).

The cap on the overall score (K points above the worst pillar) was chosen by the table "How the overall score is
combined": K = 30 sees as many episodes as any alternative, moves no more in ordinary months than the plain mean, and
shows a pillar in crisis. Its neighbours 25 and 35 do nearly as well, so the choice does not hang on the exact number.

"""


def test_the_table_of_scores_covers_every_day(result: Result, tmp_path: Path) -> None:
    with (tmp_path / "scores.csv").open("w", encoding="utf-8") as stream:
        result.scores_csv(stream)
    lines = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + (date(2022, 12, 31) - date(2012, 1, 1)).days + 1
    assert lines[0] == "date,overall,security,decentralization,throughput,adoption,lightning,coverage"
