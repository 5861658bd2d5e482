"""Columns become the series that scoring reads, by the same formulas, and never from a later day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scoring.backtest.columns import each, growth, growth_of_medians, maximum, mean, median, of
from scoring.backtest.history import FRESH_DAYS, History, history
from scoring.backtest.recipes import OTHER_LEVEL, recipes
from scoring.backtest.table import Column, Table, read
from scoring.methodology import METHOD
from scoring.reading import State, series
from tests.unit.scoring.backtest.folders import FIRST, daily, span, write


def test_each_needs_every_column() -> None:
    assert each(lambda a, b: a + b, [1.0, None, 3.0], [1.0, 1.0, None]) == [2.0, None, None]


@pytest.mark.parametrize(
    ("window", "column", "want"),
    [
        pytest.param(mean(2), [1.0, 3.0, 5.0], [None, 2.0, 4.0], id="a mean starts when its window is full"),
        pytest.param(mean(5), [1.0, 1.0, 1.0, 6.0, None], [None, None, None, 2.25, 2.25], id="or nearly so"),
        pytest.param(median(3), [9.0, 1.0, 2.0, 3.0], [None, None, 2.0, 2.0], id="a median"),
        pytest.param(maximum(5), [1.0, 4.0, 2.0, 1.0, None], [None, None, None, 4.0, 4.0], id="a maximum"),
        pytest.param(growth(2, 0), [1.0, 2.0, 3.0, 1.0], [None, None, 2.0, -0.5], id="growth since two days ago"),
        pytest.param(growth(2, 1), [1.0, None, 3.0, 4.0], [None, None, 2.0, 3.0], id="or from a day beside it"),
        pytest.param(growth(1, 1), [None, None, 2.0, 4.0], [None, None, None, 1.0], id="never from the day itself"),
        pytest.param(
            growth_of_medians(3, 3), [1.0, 2.0, 9.0, 4.0, 4.0, 4.0], [None] * 5 + [1.0], id="growth of medians"
        ),
        pytest.param(
            growth_of_medians(1, 2), [1.0, None, 1.0, 1.0, 3.0], [None] * 4 + [1.0], id="no median over a gap"
        ),
        pytest.param(growth(1, 0), [1.0, None, 3.0], [None, None, None], id="no growth without both ends"),
    ],
)
def test_windows_look_back_only(window: object, column: Column, want: list[float | None]) -> None:
    assert window(column) == want  # type: ignore[operator]  # a table of windows


def folder_table(folder: Path, days: int, changes: dict[str, dict[int, float | None]] | None = None) -> Table:
    return read(daily(folder, days, changes))


def made(table: Table, selector: str) -> Column:
    return recipes(table)[selector].make(table)


def test_an_ordinary_year_gives_ratios_of_one(tmp_path: Path) -> None:
    table = folder_table(tmp_path, 365)
    known = history(table, METHOD).readings(364)
    for over, under in (
        ("btchealth_hashrate_hashes_per_second", "btchealth_hashrate_maximum_hashes_per_second"),
        ("btchealth_miner_revenue_usd", "btchealth_miner_revenue_median_usd"),
        ("btchealth_fee_mean_usd", "btchealth_fee_mean_median_usd"),
        ("btchealth_daily_transactions_mean", "btchealth_daily_transactions_median"),
    ):
        short, long = ("24h" if "mean_usd" in over or "revenue" in over else "7d"), "365d"
        assert known[series(over, window=short)].value == pytest.approx(known[series(under, window=long)].value)
    assert known[series("btchealth_blocks_found_expected_ratio", window="7d")].value == pytest.approx(1)
    assert known[series("btchealth_fee_share_ratio", window="30d")].value == pytest.approx(0.1)
    assert known[series("btchealth_fee_density_satoshis_per_vbyte", window="144_blocks")].value == pytest.approx(
        100e8 / 144e6
    )
    assert known["btchealth_confirmation_median_seconds"].value == 540
    assert known["btchealth_mempool_chart_bytes"].value == 5e6


def test_hashprice_follows_from_the_difficulty(tmp_path: Path) -> None:
    table = folder_table(tmp_path, 1)
    want = 1000 / 144 * 1000 * 86400e15 / (1e13 * 2**32)
    assert made(table, "btchealth_hashprice_usd_per_petahash_day")[0] == pytest.approx(want)


LOWER: list[float | None] = [100.0, 100.0, 90.0, 90.0]
FALL = [None, None, None, -0.1]


@pytest.mark.parametrize(
    ("difficulties", "want"),
    [
        pytest.param(
            [100.0, 100.0, 95.0, 90.0, 90.0, 90.0, None, 99.0, 99.0],
            [None, None, None, None, -0.1, -0.1, None, -0.1, 0.1],
            id="the day of the retarget shows a mean of both levels",
        ),
        pytest.param([*LOWER, *[None] * 20], [*FALL, *[None] * 20], id="a column that ends tells nothing more"),
        pytest.param([*LOWER, *[None] * 4, 99.0, 99.0], [*FALL, *[None] * 4, -0.1, 0.1], id="a gap of one retarget"),
        pytest.param(
            [*LOWER, *[None] * 20, 120.0, 120.0, 108.0, 108.0],
            [*FALL, *[None] * 20, None, None, None, -0.1],
            id="levels before and after a long gap are not neighbours",
        ),
        pytest.param([*LOWER, 0.0, 0.0, 90.0, 90.0], [*FALL, None, None, -0.1, -0.1], id="zero is no difficulty"),
        pytest.param([0.0, 0.0, *LOWER], [None, None, *FALL], id="nor where a column begins"),
        pytest.param([*LOWER, *[None, 80.0] * 6], [*FALL, *[None, -0.1] * 3, *[None] * 6], id="never settled"),
    ],
)
def test_the_last_retarget_needs_two_levels_that_lasted(
    difficulties: list[float | None], want: list[float | None]
) -> None:
    table = Table(FIRST, len(difficulties), {"difficulty": difficulties})
    found = made(table, "btchealth_difficulty_last_change_ratio")
    assert [None if change is None else round(change, 9) for change in found] == want


def test_a_week_with_a_gap_has_no_pace(tmp_path: Path) -> None:
    table = folder_table(tmp_path, 9, {"blocks": {0: 72, 8: None}})
    assert made(table, series("btchealth_blocks_found_expected_ratio", window="7d")) == [
        *[None] * 6,
        pytest.approx(1 - 0.5 / 7),
        pytest.approx(1),
        None,
    ]


def pools(folder: Path, days: int, blocks: dict[str, float], missing: int | None = None) -> None:
    rows = [
        [date.fromordinal(date(2016, 1, 1).toordinal() + day), pool, count]
        for day in range(days)
        if day != missing
        for pool, count in blocks.items()
    ]
    write(folder / "pool_blocks_daily.csv", ["date", "pool", "blocks"], rows)


def test_pools_are_merged_by_owner_over_a_week(tmp_path: Path) -> None:
    pools(tmp_path, 9, {"antpool": 20, "btccom": 20, "f2pool": 50, "unknown": 10}, missing=8)
    table = folder_table(tmp_path, 9, {"blocks": span(0, 8, 100)})
    largest = made(table, series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="1", window="7d"))
    two = made(table, series("btchealth_mining_pool_top_share_ratio", grouping="owner", top="2", window="7d"))
    nakamoto = made(table, series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window="7d"))
    index = made(table, series("btchealth_mining_pool_herfindahl_ratio", grouping="owner", window="7d"))
    assert largest == [*[None] * 6, 0.5, 0.5, None]
    assert two[6] == 0.9
    assert nakamoto[6] == 2
    assert index[6] == pytest.approx(0.5**2 + 0.4**2 + 70 / 700**2)


@pytest.mark.parametrize(
    ("found", "known"),
    [
        pytest.param(200.0, True, id="half of the blocks of the day"),
        pytest.param(201.0, False, id="less than half"),
        pytest.param(None, True, id="blocks that nobody counted"),
    ],
)
def test_a_day_of_which_the_pools_tell_too_little_breaks_its_week(found: float | None, known: bool) -> None:
    blocks = [100.0] * 6 + [found]
    table = Table(FIRST, 7, {"blocks": blocks}, [{"f2pool": 60.0, "antpool": 40.0}] * 7)
    nakamoto = made(table, series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window="7d"))
    assert nakamoto == [*[None] * 6, 1 if known else None]


def test_counts_of_other_watchers_do_not_serve_under_the_name_of_the_live_series(tmp_path: Path) -> None:
    """Shares of hosts from two crawlers, stale blocks from a list of volunteers: their levels are others."""
    days = [date.fromordinal(date(2016, 1, 1).toordinal() + day) for day in range(200)]
    nodes = [[day, 1000, 90, 80] for day in days]
    write(tmp_path / "nodes_daily.csv", ["date", "luke_listening_nodes", "asn_a_nodes", "asn_b_nodes"], nodes)
    write(tmp_path / "stale_blocks.csv", ["date", "height", "hash"], [[days[190], 500, "aa"]])
    known = history(folder_table(tmp_path, 200, {"stale_blocks": {190: 1}}), METHOD)
    assert not OTHER_LEVEL.keys() & known.series.keys()
    assert {known.lacking[selector] for selector in OTHER_LEVEL} == {()}
    assert set(OTHER_LEVEL) <= set(METHOD.selectors)


def lightning(folder: Path, days: int, columns: dict[str, list[float | None]]) -> Table:
    rows = [
        [
            date.fromordinal(date(2016, 1, 1).toordinal() + day),
            *("" if c[day] is None else c[day] for c in columns.values()),
        ]
        for day in range(days)
    ]
    write(folder / "lightning_daily.csv", ["date", *columns], rows)
    return folder_table(folder, days)


def test_two_counts_of_channels_are_never_compared_with_one_another(tmp_path: Path) -> None:
    first: list[float | None] = [200.0] * 300
    second: list[float | None] = [*[100.0] * 250, *[90.0] * 50]
    first[299] = None
    table = lightning(tmp_path, 300, {"ln_channels_bitcoinvisuals": first, "ln_channels": second})
    level = made(table, "btchealth_lightning_channels")
    top = made(table, series("btchealth_lightning_channels_maximum", window="365d"))
    change = made(table, series("btchealth_lightning_channels_change_ratio", window="30d"))
    assert (level[298], top[298], change[298]) == (200, 200, 0)
    assert (level[299], top[299]) == (90, 100)
    assert change[299] == pytest.approx(0.0)


def test_a_folder_without_lightning_names_the_columns_it_lacks(tmp_path: Path) -> None:
    known = history(folder_table(tmp_path, 3), METHOD)
    assert known.lacking["btchealth_lightning_channels"] == ("ln_channels_bitcoinvisuals", "ln_channels")
    assert known.lacking["btchealth_lightning_capacity_bitcoins"] == ("ln_capacity_btc",)
    assert known.lacking[series("btchealth_mining_pool_nakamoto_pools", grouping="owner", window="7d")] == (
        "pool_blocks_daily.csv",
    )
    assert known.lacking[series("btchealth_invalid_blocks", window="30d")] == ()


def test_every_series_of_the_method_is_made_or_named_as_lacking(tmp_path: Path) -> None:
    known = history(folder_table(tmp_path, 3), METHOD)
    assert known.series.keys() | known.lacking.keys() == set(METHOD.selectors)
    assert not known.series.keys() & known.lacking.keys()


def test_a_value_stays_fresh_for_two_days_with_its_own_time(tmp_path: Path) -> None:
    table = folder_table(tmp_path, 6, {"mempool_size_bytes": {2: None, 4: None, 5: None}})
    known = history(table, METHOD)
    name = "btchealth_mempool_chart_bytes"
    assert FRESH_DAYS == 2
    assert [name in known.readings(day) for day in range(6)] == [True, True, True, True, True, False]
    reading = known.readings(2)[name]
    assert (reading.state, reading.data_time) == (State.FRESH, table.end_of_day(1))


def cut(known: History, days: int) -> dict[str, Column]:
    return {selector: column[:days] for selector, column in known.series.items()}


def test_a_later_day_changes_nothing_about_an_earlier_one(tmp_path: Path) -> None:
    shock = {name: span(400, 449, 1.0) for name in ("hashrate_eh_s", "price_usd", "fees_btc", "tx_count", "difficulty")}
    (tmp_path / "short").mkdir()
    (tmp_path / "long").mkdir()
    short = history(folder_table(tmp_path / "short", 400), METHOD)
    long = history(folder_table(tmp_path / "long", 450, shock), METHOD)
    assert cut(long, 400) == dict(short.series)


def test_a_recipe_names_what_it_needs() -> None:
    assert of(lambda a: a, "x").needs == ("x",)
