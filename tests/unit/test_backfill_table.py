"""From bodies of years to columns of days: recorded bodies, preferences, joined columns, refusals."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exporter.backfill.table import Told, blocks_of, heights_of, joined, merged, table, told
from exporter.errors import BodyError
from exporter.sources.blockchain_com.history import CHARTS, history
from exporter.sources.mempool_space.history import HISTORY
from exporter.sources.past import Past
from exporter.spec import DAY
from scoring.quantities import HASHES_PER_DIFFICULTY
from tests.machine import recorded

PASTS = {past.endpoint.name: past for past in (*CHARTS, *HISTORY, *history(2026, 2026))}
MONDAY = 1_767_571_200.0  # 2026-01-05


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def points(*values: float, unit: str = "", step: float = DAY) -> bytes:
    rows = [{"x": MONDAY + number * step, "y": value} for number, value in enumerate(values)]
    return body({"status": "ok", "unit": unit, "values": rows})


@pytest.mark.parametrize(
    ("endpoint", "file", "column", "day", "want"),
    [
        pytest.param(
            "hash_rate_history", "blockchain.info/chart-hash-rate.1-stale.json", "hashrate_chart_eh_s",
            1787702400, 913.069939, id="hash rate in EH/s",
        ),
        pytest.param(
            "difficulty_history", "blockchain.info/chart-difficulty.2.json", "difficulty",
            1787702400, 125807076547198.11, id="difficulty",
        ),
        pytest.param(
            "market_price_history", "blockchain.info/chart-market-price.1.json", "price_usd", None, None, id="price",
        ),
        pytest.param(
            "hashrate_history", "mempool.space/mining-hashrate-3m.1.json", "hashrate_eh_s", None, None,
            id="hash rate of the backend",
        ),
        pytest.param(
            "retargets_history", "mempool.space/mining-difficulty-adjustments-1y.1.json", "height",
            1789801745 // 86400 * 86400, 967680, id="heights",
        ),
        pytest.param(
            "lightning_all_history", "mempool.space/lightning-statistics-3m.1.json", "ln_capacity_btc",
            1788048000, 3753.79668018, id="Lightning capacity in bitcoins",
        ),
        pytest.param(
            "mempool_history", "mempool.space/statistics.1-partial.json", "mempool_vbytes",
            1762231232 // 86400 * 86400, 33487042 + 604469, id="mempool from its fee bands",
        ),
    ],
)  # fmt: skip
def test_recorded_bodies(endpoint: str, file: str, column: str, day: float | None, want: float | None) -> None:
    values = told("s", PASTS[endpoint], (recorded() / file).read_bytes()).columns[column]
    assert values
    if day is not None:
        assert values[day] == pytest.approx(want)
    assert all(start % DAY == 0 for start in values)


def is_thinned(past: Past, file: Path) -> bool:
    with suppress(BodyError):
        return not told("s", past, file.read_bytes()).columns
    return True


def test_recorded_charts_are_read_and_those_made_of_sampled_exports_are_refused() -> None:
    """The files named DERIVED hold a point every fourth day, as the web pages' export of all years has them."""
    read: list[str] = []
    refused: list[str] = []
    for past in PASTS.values():
        slug = past.endpoint.path.removeprefix("/charts/").partition("?")[0]
        for file in sorted(recorded().glob(f"blockchain.info/chart-{slug}.*.json")):
            (refused if is_thinned(past, file) else read).append(file.name)
    assert {"chart-difficulty.1.json", "chart-hash-rate.3.json", "chart-utxo-count.DERIVED.json"} <= set(read)
    assert refused
    assert all("DERIVED" in name for name in refused)


@pytest.mark.parametrize(
    ("endpoint", "sent", "words"),
    [
        pytest.param("hash_rate_history", points(1e9, unit="GH/s"), "unit: expected TH/s, got 'GH/s'", id="unit"),
        pytest.param("difficulty_history", points(), "values: none of 0 points", id="empty"),
        pytest.param(
            "difficulty_history", points(1e14, 1e14, 1e14, step=4 * DAY),
            "values: 3 points in 9 days, expected one a day", id="a sampled chart",
        ),
        pytest.param("mempool_history", body([]), "", id="a failing database"),
    ],
)  # fmt: skip
def test_a_body_that_must_not_be_believed_is_refused(endpoint: str, sent: bytes, words: str) -> None:
    past = PASTS[endpoint]
    if words:
        with pytest.raises(BodyError, match=words.replace("(", r"\(")):
            told("s", past, sent)
    else:
        with pytest.raises(BodyError, match="no dated row"):
            past.endpoint.read(sent)


def test_values_outside_their_bounds_are_counted_and_left_out() -> None:
    one = told("s", PASTS["market_price_history"], points(50_000, 2e9, 51_000, unit="USD"))
    assert list(one.columns["price_usd"].values()) == [50_000, 51_000]
    assert one.refused == {"price_usd": 1}


def test_zero_where_no_day_can_have_none_is_left_out() -> None:
    for endpoint, unit in (("market_price_history", "USD"), ("hash_rate_history", "TH/s")):
        one = told("s", PASTS[endpoint], points(*[50_000] * 9, 0, unit=unit))
        assert [(len(values), 0 in values.values()) for values in one.columns.values()] == [(9, False)]


def test_moments_become_the_last_value_of_their_day() -> None:
    one = told("s", PASTS["mempool_size_2026_history"], points(*range(1, 201), step=900))
    assert one.columns["mempool_size_bytes"] == {MONDAY: 96, MONDAY + DAY: 192, MONDAY + 2 * DAY: 200}


BANDS = [5e6, *[1e5] * 38]


@pytest.mark.parametrize(
    ("row", "paid", "whole"),
    [
        pytest.param({"vsizes": BANDS}, 3.8e6, 8.8e6, id="with a band below 1 satoshi"),
        pytest.param({"vsizes": BANDS[1:]}, 3.8e6, 3.8e6, id="before there was one"),
        pytest.param({"vsizes": BANDS, "mempool_byte_weight": 4e7}, 3.8e6, 1e7, id="the weight tells the whole"),
        pytest.param({"vsizes": [1.0, "x"], "mempool_byte_weight": 4e6}, None, 1e6, id="a band that cannot be read"),
    ],
)
def test_what_waits_and_pays(row: dict[str, Any], paid: float | None, whole: float) -> None:
    one = told("s", PASTS["mempool_history"], body([{"added": MONDAY, **row}]))
    assert list(one.columns["mempool_paid_vbytes"].values()) == ([] if paid is None else [paid])
    assert list(one.columns["mempool_vbytes"].values()) == [whole]


def week(end: float, **shares: float) -> list[dict[str, Any]]:
    return [{"timestamp": end, "avgHashrate": 1e20, "share": share, "poolName": name} for name, share in shares.items()]


def test_a_week_of_pools_becomes_its_days_unless_too_much_of_it_is_unknown() -> None:
    rows = [
        *week(MONDAY, **{"Foundry USA": 0.5, "BTC.com": 0.3}),
        *week(MONDAY + 7 * DAY, **{"Foundry USA": 0.6, "BTC.com": 0.3, "Unknown": 0.08}),
    ]
    pools = told("s", PASTS["pools_history"], body(rows)).pools
    assert sorted(pools) == [MONDAY + day * DAY for day in range(14)], "days since the newest week are as that week"
    assert pools[MONDAY] == pytest.approx({"foundryusa": 86.4, "btccom": 43.2, "unknown": 14.4})


def test_a_column_comes_from_the_first_source_that_tells_it_and_from_all_its_pages() -> None:
    answers = [
        Told("first", "empty", {"x": {}}, {}, {}),
        Told("second", "page 1", {"x": {1.0: 1.0}}, {}, {}),
        Told("third", "other", {"x": {1.0: 9.0, 3.0: 9.0}, "y": {1.0: 5.0}}, {}, {}),
        Told("second", "page 2", {"x": {2.0: 2.0}}, {}, {}),
    ]
    assert merged(answers) == {"x": {1.0: 1.0, 2.0: 2.0}, "y": {1.0: 5.0}}


def exahashes(blocks: float, difficulty: float) -> float:
    return blocks * difficulty * HASHES_PER_DIFFICULTY / DAY / 1e18


def test_blocks_follow_from_a_hash_rate_that_is_made_of_them() -> None:
    rates = {day * DAY: exahashes(140 + day, 1e14) for day in range(10)} | {10 * DAY: exahashes(144.3, 1e14)}
    found = blocks_of(rates, dict.fromkeys(rates, 1e14))
    assert found == {day * DAY: 140.0 + day for day in range(10)} | {10 * DAY: 144.0}


def test_a_hash_rate_that_is_not_made_of_blocks_tells_none() -> None:
    rates = {day * DAY: exahashes(140.37 + day, 1e14) for day in range(10)}
    assert blocks_of(rates, dict.fromkeys(rates, 1e14)) == {}


def test_heights_go_on_at_the_protocols_pace_after_the_last_retarget() -> None:
    blocks = {day * DAY: 150.0 for day in range(30)}
    heights = heights_of({0.0: 2016.0, 14 * DAY: 4032.0}, blocks)
    assert heights[0.0] == 2016 + 72
    assert heights[13 * DAY] == 4032 - 72
    assert heights[29 * DAY] == 4032 + 15 * 144 + 72
    assert heights_of({}, blocks) == {}


def test_new_coins_halve_at_the_halving() -> None:
    days = [day * DAY for day in range(28)]
    columns = joined(
        {
            "hashrate_chart_eh_s": dict.fromkeys(days, exahashes(144, 1e14)),
            "difficulty": dict.fromkeys(days, 1e14),
            "height": {0.0: 840_000 - 2016, 14 * DAY: 840_000, 28 * DAY: 842_016},
        }
    )
    assert columns["hashrate_eh_s"] == columns["hashrate_chart_eh_s"]
    assert columns["issuance_btc"][13 * DAY] == 144 * 6.25
    assert columns["issuance_btc"][14 * DAY] == 144 * 3.125


def test_the_table_ends_with_the_last_day_that_is_over() -> None:
    today = {MONDAY - DAY: 1.0, MONDAY: 2.0, MONDAY + DAY: 3.0}
    made = table([Told("s", "e", {"x": today, "nothing": {}}, {}, {})], date(2026, 1, 5))
    assert made is not None
    assert (made.first, made.days, made.date(made.days - 1)) == (date(2026, 1, 4), 2, date(2026, 1, 5))
    assert made.columns["x"] == [1.0, 2.0]
    assert "nothing" not in made.columns
    assert "pool_blocks_daily.csv" in made.absent


def test_nothing_told_is_no_table() -> None:
    assert table([], date(2026, 1, 5)) is None


def test_every_endpoint_says_what_it_fills() -> None:
    silent = [name for name, past in PASTS.items() if not past.fills]
    assert silent == ["genesis"]
    names = [past.endpoint.name for past in (*HISTORY, *history(2010, 2026))]
    assert len(names) == len(set(names))
    assert isinstance(PASTS["utxo_count_history"], Past)
    assert Path(PASTS["utxo_count_history"].endpoint.path).name.endswith("sampled=false")


@pytest.mark.parametrize(
    ("endpoint", "value", "words"),
    [
        pytest.param(
            "retargets_history", [[MONDAY, 2016, 1e14, 1.0], [MONDAY, 4032, 1e14, 1.0]], "heights do not descend",
            id="heights in the wrong order",
        ),
        pytest.param("retargets_history", [[MONDAY, 4032, 1e14, 9.0]], "retarget by a factor of 9", id="testnet"),
        pytest.param("lightning_all_history", [], "no dated row with a capacity", id="no Lightning"),
        pytest.param("pools_history", [], "no week of blocks by pool", id="no pools"),
        pytest.param(
            "hashrate_history", {"hashrates": [], "difficulty": [], "currentHashrate": 5.0, "currentDifficulty": 1.0},
            "difficulty 1, expected at least", id="another network",
        ),
    ],
)  # fmt: skip
def test_years_of_another_network_or_of_nothing_are_refused(endpoint: str, value: Any, words: str) -> None:
    with pytest.raises(BodyError, match=words):
        PASTS[endpoint].endpoint.read(body(value))
