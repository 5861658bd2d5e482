"""Daily history as OpenMetrics: the series of the live page, one sample a day, in an order that promtool takes."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.assembly import rules_of
from exporter.backfill import openmetrics as backfill
from exporter.catalogue import resolve
from exporter.cli import main
from exporter.configuration.configfile import load
from exporter.exposition import families
from scoring.backtest.days import scorecards
from scoring.backtest.history import History, history
from scoring.backtest.recipes import columns
from scoring.backtest.run import silent
from scoring.backtest.table import read
from scoring.methodology import METHOD
from tests.unit.scoring.backtest.folders import FIRST, daily
from tests.unit.scoring.worlds import DAY

DAYS = 420
Sample = tuple[tuple[tuple[str, str], ...], float, float]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> History:
    return history(read(daily(tmp_path_factory.mktemp("history"), DAYS)), METHOD)


def written(known: History, first: int, last: int) -> tuple[str, int]:
    stream = io.BytesIO()
    span = (FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    count = backfill.write(stream, known, backfill.Target("j", "i:1"), span, silent)
    return stream.getvalue().decode(), count


def samples(text: str) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]  # the parser has no types
        for sample in family.samples:
            assert sample.timestamp is not None
            found[sample.name].append((tuple(sorted(sample.labels.items())), sample.value, float(sample.timestamp)))
    return found


def test_every_score_of_the_day_is_there_with_the_labels_of_the_target(known: History) -> None:
    text, count = written(known, 400, 419)
    found = samples(text)
    assert sum(map(len, found.values())) == count
    cards = list(scorecards(known, METHOD))[400:420]
    target = (("instance", "i:1"), ("job", "j"))
    for family in families.scores(cards[-1]):
        for series in family.series:
            labels = tuple(sorted((*series.labels, *target)))
            assert (labels, series.value, cards[-1].as_of) in found[family.name], family.name
    security = [row for row in found["btchealth_pillar_score"] if ("pillar", "security") in row[0]]
    assert [value for _, value, _ in security] == [card.pillars[0].score for card in cards]
    assert [time for _, _, time in security] == [card.as_of for card in cards]


def test_what_is_shown_beside_the_scores_is_read_from_the_folder() -> None:
    assert {name for recipe in backfill.BESIDE.values() for name in recipe.needs} <= columns()


def test_raw_series_have_the_names_and_labels_of_the_catalogue(known: History) -> None:
    found = samples(written(known, 400, 419)[0])
    assert found["btchealth_price_consensus_usd"][0][1] == 1000
    windows = {dict(labels)["window"] for labels, _, _ in found["btchealth_hashrate_hashes_per_second"]}
    assert windows == {"7d", "24h"}
    known_names = {resolve(selector).name for selector in (*known.series, *backfill.BESIDE)}
    scores = {declared.name for declared in families.SCORES}
    assert set(found) <= known_names | scores


@pytest.mark.parametrize(
    ("coins", "blocks", "want"),
    [
        (7650, 153, 50),
        (900, 144, 6.25),
        (450, 144, 3.125),
        (800, 144, 6.25),
        (560, 144, 3.125),
        (900, 0, None),
        (0, 9, None),
        (-5, 9, None),
    ],
)
def test_a_block_earns_what_most_blocks_of_the_day_earned(coins: float, blocks: float, want: float | None) -> None:
    assert backfill.subsidy(coins, blocks) == want


def test_all_samples_of_a_series_stand_together_in_order_of_time(known: History) -> None:
    text, _ = written(known, 380, 419)
    seen: dict[str, float] = {}
    closed: set[str] = set()
    last = ""
    for line in text.splitlines():
        if not line.startswith("#"):
            series, _, time = line.rsplit(" ", 2)
            assert series not in closed
            assert float(time) > seen.get(series, 0)
            seen[series] = float(time)
            if last not in {"", series}:
                closed.add(last)
            last = series
    assert text.endswith("# EOF\n")


def test_a_day_is_scored_and_dated_at_the_midnight_that_ends_it(known: History) -> None:
    """What a chart says of a day is not known before the day is over."""
    over = datetime.combine(FIRST + timedelta(days=401), time(), UTC).timestamp()
    found = samples(written(known, 400, 400)[0])
    assert {moment for rows in found.values() for _, _, moment in rows} == {over}
    read_at = {selector: reading.data_time for selector, reading in known.readings(400).items()}
    assert max(read_at.values()) == over, "of the day itself, known at its end"
    assert min(read_at.values()) >= over - DAY


def test_only_the_days_asked_for_are_written_but_earlier_ones_count(known: History) -> None:
    """The median of a year needs the year before."""
    found = samples(written(known, 419, 419)[0])
    assert {len(rows) for name, rows in found.items() if name == "btchealth_overall_coverage_ratio"} == {1}
    assert "btchealth_fee_mean_median_usd" in found


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.om"
    daily(tmp_path, 30)
    assert main(["backfill", "--history", str(tmp_path), "--output", str(output)], {}) == 0
    assert re.search(r"\d+ samples from 2016-01-01 to 2016-01-30", capsys.readouterr().err)
    assert 'instance="127.0.0.1:9833",job="btc-health"' in output.read_text(encoding="utf-8")


def test_the_command_counts_the_cells_it_leaves_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    daily(tmp_path, 30, {"tx_count": {3: 0, 4: 0}, "issuance_btc": {5: -5}, "difficulty": {7: 0}})
    assert main(["backfill", "--history", str(tmp_path), "--output", str(tmp_path / "out.om")], {}) == 0
    told = capsys.readouterr().err
    assert "left out: 2 cells of tx_count that hold no value" in told
    assert "left out: 1 cells of difficulty that" in told


def test_history_is_scored_with_the_weights_and_the_minimum_of_the_configuration(tmp_path: Path) -> None:
    """As the live exporter does, so that old and new samples are one series."""
    (tmp_path / "config.yml").write_text(
        "scoring: {weights: {security: 0.9, lightning: 0, hashprice: 0.7}, minimum_coverage: 0.3}", encoding="utf-8"
    )
    output = tmp_path / "out.om"
    daily(tmp_path, 400)
    given = ["--history", str(tmp_path), "--output", str(output), "--config.file", str(tmp_path / "config.yml")]
    assert main(["backfill", *given, "--from", "2017-02-01"], {}) == 0
    config = load(tmp_path / "config.yml", {}, {})
    rules = rules_of(config)
    *_, card = scorecards(history(read(tmp_path), METHOD), rules.method, rules.minimum_coverage)
    found = samples(output.read_text(encoding="utf-8"))
    assert card.overall is not None
    assert {declared.name for declared in families.SCORES} <= found.keys()
    for family in families.scores(card):
        last = {
            tuple(one for one in labels if one[0] not in {"job", "instance"}): value
            for labels, value, time in found[family.name]
            if time == card.as_of
        }
        assert last == {tuple(sorted(series.labels)): series.value for series in family.series}, family.name
    versions = {dict(labels)["version"] for labels, _, _ in found["btchealth_methodology_info"]}
    assert versions == {rules.method.version} != {METHOD.version}


def test_own_weights_that_cannot_be_used_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    daily(tmp_path, 10)
    given = ["backfill", "--history", str(tmp_path), "--output", str(tmp_path / "out.om")]
    assert main(given, {"BTC_HEALTH_SCORING__WEIGHTS": '{"nobody": 1}'}) == 2
    assert "nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["--from", "2016-01-05", "--to", "2016-01-04"], "--to 2016-01-04: expected 2016-01-05", id="reversed"
        ),
        pytest.param(["--from", "2030-01-01"], "expected days between 2016-01-01 and 2016-01-10", id="beyond"),
        pytest.param(["--output", "/nowhere/out.om"], "--output /nowhere/out.om: No such file", id="output"),
        pytest.param(["--history", "/nowhere"], "daily.csv: no such file", id="history"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    daily(tmp_path, 10)
    given = ["backfill", "--history", str(tmp_path), "--output", str(tmp_path / "out.om"), *arguments]
    assert main(given, {}) == 2
    assert words in capsys.readouterr().err


def test_a_day_is_a_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["backfill", "--history", str(tmp_path), "--output", "x", "--from", "yesterday"], {})
    assert "--from" in capsys.readouterr().err
    assert date.fromisoformat("2016-01-01") == FIRST


def test_sources_of_which_none_answers_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {
        f"BTC_HEALTH_SOURCES__{name}__BASE_URLS": '["http://127.0.0.1:1"]'
        for name in ("MEMPOOL_SPACE", "BLOCKCHAIN_COM")
    }
    file = str(tmp_path / "x.sqlite")
    given = ["backfill", "--output", str(tmp_path / "out.om"), "--storage.path", file, "--from", "2026-01-01"]
    assert main(given, nobody) == 2
    told = capsys.readouterr().err
    assert "mempool_space hashrate_history: connect: " in told
    assert "; left out: hashrate_eh_s" in told
    assert "error: no source gave any history" in told
    assert not (tmp_path / "out.om").exists()
