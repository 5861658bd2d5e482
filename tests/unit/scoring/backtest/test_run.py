"""The whole backtest on made-up years: the live score day by day, what was seen, and the report."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from defusedxml import ElementTree

from scoring.backtest import HistoryError, Result, run
from scoring.backtest.aggregation import ALTERNATIVES, capped, combined, mean, power
from scoring.backtest.comparison import AggregateResult, choose
from scoring.backtest.days import scorecards
from scoring.backtest.document import Heading, Paragraph, Picture, Table, html, markdown
from scoring.backtest.fitted import equally_weighted
from scoring.backtest.frozen import CURVES, LAST_DAY, LEFT_OUT, frozen
from scoring.backtest.result import FallCount
from scoring.backtest.study import Track
from scoring.backtest.svg import plot
from scoring.backtest.tally import Tally
from scoring.memory import Memory
from scoring.method import customised
from scoring.methodology import METHOD
from scoring.score import score
from tests.unit.scoring.backtest.folders import FIRST, daily, episodes, span
from tests.unit.scoring.worlds import method

DAYS = 800
CRASH = (700, 720)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ordinary years in which, once, half of the hash rate leaves for three weeks."""
    crash = {"hashrate_eh_s": span(*CRASH, 50.0), "blocks": span(*CRASH, 72.0)}
    return daily(tmp_path_factory.mktemp("history"), DAYS, crash)


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    events = episodes(
        folder,
        (*CRASH, "The crash", "Security & Mining Economics", "down"),
        (500, 520, "Nothing happened", "security", "down"),
        (505, 525, "No pools", "decentralization", "down"),
        (500, 505, "CVE-2018-17144 inflation bug disclosed", "security", "down"),
        (790, 900, "Beyond the history", "security", "down"),
        (900, 910, "After the history", "security", "down"),
        (-5, 3, "Before the history", "security", "down"),
        (400, 410, "Both ways", "security", "mixed"),
    )
    seen: list[tuple[int, int]] = []
    found = run(folder, events, lambda done, total: seen.append((done, total)))
    assert seen[0] == (1, 3 * DAYS)
    assert seen[-1] == (3 * DAYS, 3 * DAYS)
    return found


def test_the_days_are_scored_as_live(result: Result) -> None:
    """The scorecard of a day is that of `score` with the readings of the day and the memory of the day before."""
    history = result.history
    memory = Memory()
    for day, card in zip(range(200), scorecards(history, METHOD), strict=False):
        again = score(history.readings(day), history.table.end_of_day(day), memory)
        assert again == card
        assert result.days[day].overall == card.overall
        memory = again.memory


def test_the_crash_is_seen_and_the_quiet_month_is_not(result: Result) -> None:
    by_name = {one.episode.name: one for one in result.episode_results}
    crash = by_name["The crash"].judgement
    quiet = by_name["Nothing happened"].judgement
    assert crash is not None
    assert crash.seen
    assert crash.move.points > 15
    assert crash.rank == 1
    assert quiet is not None
    assert not quiet.seen
    assert by_name["No pools"].judgement is None
    assert by_name["Beyond the history"].judgement is None


def test_the_tally_counts_with_and_without_traces(result: Result) -> None:
    own, overall = result.tallies(result.episode_results)
    assert (own.seen, own.evaluable, own.seen_with_trace, own.with_trace) == (1, 3, 1, 2)
    assert overall.evaluable == 0


def test_no_fall_is_unexplained(result: Result) -> None:
    counts = result.fall_counts()
    assert counts["security"].unexplained == ()
    assert counts["security"].unexplained_per_year == 0
    assert counts["decentralization"].unexplained_per_year is None
    assert FallCount(1, ((FIRST, FIRST),), 731).unexplained_per_year == pytest.approx(0.4997, abs=1e-4)


def test_the_table_has_a_row_a_day_and_empty_cells_where_withheld(result: Result) -> None:
    stream = io.StringIO()
    result.scores_csv(stream)
    rows = list(csv.reader(io.StringIO(stream.getvalue())))
    assert rows[0] == [
        "date",
        "overall",
        "security",
        "decentralization",
        "throughput",
        "adoption",
        "lightning",
        "coverage",
    ]
    assert len(rows) == DAYS + 1
    last = dict(zip(rows[0], rows[-1], strict=True))
    assert last["date"] == "2018-03-10"
    assert (last["decentralization"], last["lightning"]) == ("", "")
    assert float(last["security"]) > 50
    assert 0 < float(last["coverage"]) < 0.6
    assert last["overall"] == ""


def test_the_json_tells_the_same(result: Result) -> None:
    told = json.loads(json.dumps(result.as_json()))
    assert told["own_pillar"] == {"seen": 1, "evaluable": 3, "seen_with_trace": 1, "with_trace": 2}
    crash = next(one for one in told["episodes"] if one["name"] == "The crash")
    assert crash["own_pillar"]["seen"] is True
    assert crash["own_pillar"]["extreme_on"] > "2017-12-01"
    assert crash["overall"] is None
    assert told["lacking"]["btchealth_lightning_capacity_bitcoins"] == ["ln_capacity_btc"]
    assert told["false_falls"]["security"]["unexplained"] == []


def test_the_report_is_written_with_its_pictures(result: Result, tmp_path: Path) -> None:
    result.write_report(tmp_path / "out")
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "| own pillar | 1 of 3 (33%) | 1 of 2 (50%) |" in text
    assert "| CVE-2018-17144 inflation bug disclosed | a defect of code" in text
    assert "| No pools | the pillar has no score on enough days" in text
    assert "| Beyond the history | not over at the end of the history |" in text
    assert "| After the history | outside the history |" in text
    assert "| Before the history | begun before the history |" in text
    assert "| Both ways | not evaluable: no direction |" in text
    assert "| security | - | - | - | - | - | - | - | not evaluable |" in text
    assert "Anchors of 2017, windows of: from 2018-01-01" in text
    assert "`" not in text
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 6
    for name in ("overall", *(pillar.id for pillar in METHOD.pillars)):
        ElementTree.parse(tmp_path / "out" / f"{name}.svg")
        assert f"({name}.svg)" in text


def test_a_history_that_ends_before_2018_has_no_walk_forward(tmp_path: Path) -> None:
    found = run(daily(tmp_path, 60), episodes(tmp_path, (40, 45, "Early", "security", "down")))
    found.write_report(tmp_path)
    assert "Anchors frozen" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_the_report_counts_the_cells_that_hold_no_value(tmp_path: Path) -> None:
    found = run(daily(tmp_path, 60, {"tx_count": {3: 0}}), episodes(tmp_path, (40, 45, "Early", "security", "down")))
    assert "| column | cells |\n| --- | --- |\n| tx_count | 1 |" in markdown(found.document)
    assert found.as_json()["unusable_cells"] == {"tx_count": 1}


def test_the_cap_is_judged_against_the_windows_that_the_episodes_are(result: Result) -> None:
    """One list of what is not ordinary, with what runs over the edges of the history."""
    plain = next(one for one in result.comparison if one.name == "K = 100")
    assert plain.tally == result.tallies(result.episode_results)[1]
    assert [one for one, _ in result.spans] == list(result.episodes)


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"daily\.csv: no such file"):
        run(tmp_path, episodes(tmp_path, (1, 2, "x", "security", "down")))


class TestAggregation:
    @pytest.mark.parametrize(
        ("name", "want"),
        [
            pytest.param("K = 100", 60.0, id="no cap"),
            pytest.param("K = 20", 40.0, id="a cap"),
            pytest.param("geometric mean", 20 ** (1 / 3) * 80 ** (2 / 3), id="geometric"),
            pytest.param("power mean, exponent -1", 1 / (1 / 3 / 20 + 2 / 3 / 80), id="harmonic"),
        ],
    )
    def test_ways_to_make_one_number(self, name: str, want: float) -> None:
        assert ALTERNATIVES[name]([(1 / 3, 20.0), (2 / 3, 80.0)]) == pytest.approx(want)

    def test_the_cap_is_the_one_of_the_method(self, result: Result) -> None:
        days = [day for day in result.days if day.counted["security"] is not None]
        for day in days[::100]:
            values = {name: value for name, value in day.counted.items() if value is not None}
            want = score_from(values)
            assert combined(METHOD, day.counted, capped(METHOD.cap)) == pytest.approx(want)

    def test_no_pillar_makes_no_number(self) -> None:
        assert combined(method(), {"first": None, "second": None}, mean) is None

    def test_a_pillar_at_zero_does_not_make_a_geometric_mean_zero(self) -> None:
        assert power(0.0)([(0.5, 0.0), (0.5, 100.0)]) == pytest.approx(10)


def score_from(values: dict[str, float]) -> float:
    weights = {pillar.id: pillar.weight for pillar in METHOD.pillars if pillar.id in values}
    average = sum(weights[name] * values[name] for name in values) / sum(weights.values())
    return min(average, min(values.values()) + METHOD.cap)


def test_the_method_of_2017_has_the_same_weights_and_other_anchors() -> None:
    past, known = frozen(METHOD), customised(METHOD, dict.fromkeys(LEFT_OUT, 0.0))
    assert past.version.endswith("anchors-of-2017")
    for now, then in zip(known.indicators(), past.indicators(), strict=True):
        assert (now.id, now.weight) == (then.id, then.weight)
        assert then.curve == CURVES.get(now.id, now.curve)
    assert {one.id for one in past.indicators() if one.weight == 0} == set(LEFT_OUT)
    assert set(CURVES) <= {one.id for one in METHOD.indicators()}


@pytest.mark.parametrize("name", [one.id for one in frozen(METHOD).indicators() if one.id not in LEFT_OUT])
def test_no_anchor_of_2017_rests_on_anything_later(name: str) -> None:
    """No fact of the frozen method names a later year."""
    (curve,) = (one.curve for one in frozen(METHOD).indicators() if one.id == name)
    years = [int(year) for anchor in curve.anchors for year in re.findall(r"(?:19|20)\d\d", anchor.fact)]
    assert max(years, default=0) <= LAST_DAY.year
    assert "yearly medians of 2012-2022" not in str(curve)


def test_what_rests_on_later_years_has_other_anchors_or_is_left_out() -> None:
    later = {
        one.id
        for one in METHOD.indicators()
        for anchor in one.curve.anchors
        for year in re.findall(r"(?:19|20)\d\d", anchor.fact)
        if int(year) > LAST_DAY.year
    }
    assert later
    assert later <= CURVES.keys() | set(LEFT_OUT)


BLOCKS = (
    Heading(2, "A & B"),
    Paragraph("Less < more"),
    Table(["x"], [["a | b"]]),
    Picture("p.svg", "<svg/>", "A picture"),
)


def test_equal_weights_count_only_what_the_history_can_tell(result: Result) -> None:
    equal = equally_weighted(METHOD, result.history)
    weights = {pillar.id: {one.id: one.weight for one in pillar.indicators} for pillar in equal.pillars}
    assert {round(weight, 9) for weight in weights["adoption"].values()} == {0.0, round(1 / 3, 9)}
    assert weights["decentralization"] == {one.id: one.weight for one in METHOD.pillars[1].indicators}
    assert [day.overall for day in result.equal_days] == [None] * DAYS, (
        "where the method has no score, nothing is judged"
    )


def aggregate(seen: int, ordinary_fall: float | None) -> AggregateResult:
    return AggregateResult("x", Tally(seen, 10, seen, 10), 1.0, ordinary_fall, 1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("caps", "want"),
    [
        pytest.param({100: (5, 3.0), 30: (6, 3.0), 20: (6, 4.0)}, 30, id="the lowest that is calm and sees most"),
        pytest.param({100: (5, 3.0), 30: (5, 2.0), 20: (4, 2.0)}, 30, id="one that sees less is not taken"),
        pytest.param({100: (5, 3.0), 30: (9, 9.0)}, 100, id="no cap where all others are restless"),
        pytest.param({100: (5, None)}, None, id="nothing to judge by"),
    ],
)
def test_the_rule_for_the_cap(caps: dict[int, tuple[int, float | None]], want: int | None) -> None:
    compared = {float(cap): aggregate(*figures) for cap, figures in caps.items()}
    assert choose(compared, compared[100.0]) == want


def test_a_document_as_markdown() -> None:
    want = "## A & B\n\nLess < more\n\n| x |\n| --- |\n| a &#124; b |\n\n![A picture](p.svg)\n"
    assert markdown(BLOCKS) == want


def test_a_document_as_html() -> None:
    page = html("T & U", BLOCKS)
    assert "<title>T &amp; U</title>" in page
    assert "<h2>A &amp; B</h2>\n<p>Less &lt; more</p>" in page
    assert '<td class="short">a | b</td>' in page
    assert "<svg/>" in page


def test_a_plot_has_a_line_for_each_stretch_and_a_band_for_each_episode() -> None:
    track = Track([*[50.0] * 100, *[None] * 50, *[60.0] * 300])
    drawing = plot("A & B", track, FIRST, [((10, 20), False, "bad <news>"), ((30, 40), True, "good")])
    root = ElementTree.fromstring(drawing)
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert (kinds.count("polyline"), kinds.count("rect")) == (2, 2)
    assert ">2017</text>" in drawing
