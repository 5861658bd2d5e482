"""Folders of daily CSV files: aligned by day, and refused with the place of the mistake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scoring.backtest.table import NEVER_ZERO, POOL_BLOCKS, HistoryError, read
from tests.unit.scoring.backtest.folders import daily, write


def text(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_columns_are_aligned_by_day_and_days_left_out_are_empty(tmp_path: Path) -> None:
    table = read(text(tmp_path, "daily.csv", "date,a,b\n2020-01-03,3,\n2020-01-01,1,10\n"))
    assert (table.first, table.days) == (date(2020, 1, 1), 3)
    assert table.columns == {"a": [1.0, None, 3.0], "b": [10.0, None, None]}
    assert table.date(2) == date(2020, 1, 3)
    assert table.end_of_day(0) == 1577836800 + 86400
    assert table.absent == ("lightning_daily.csv", "pool_blocks_daily.csv")


def test_other_files_add_columns_inside_the_days_of_the_first(tmp_path: Path) -> None:
    text(tmp_path, "daily.csv", "date,a,ln_nodes\n2020-01-01,1,\n2020-01-02,2,7\n")
    text(tmp_path, "lightning_daily.csv", "date,ln_nodes\n2019-12-31,4\n2020-01-01,5\n2020-01-02,6\n")
    table = read(tmp_path)
    assert table.columns["ln_nodes"] == [5.0, 7.0]


def test_rows_flagged_bad_are_left_out(tmp_path: Path) -> None:
    text(tmp_path, "daily.csv", "date,a\n2020-01-01,1\n2020-01-02,2\n")
    text(tmp_path, "lightning_daily.csv", "date,ln_nodes,ln_flagged_bad\n2020-01-01,5,1\n2020-01-02,6,0\n")
    assert read(tmp_path).columns["ln_nodes"] == [None, 6.0]


def test_pools_are_gathered_by_day(tmp_path: Path) -> None:
    daily(tmp_path, 2)
    pools = [
        ["2016-01-01", "f2pool", 5],
        ["2016-01-01", "f2pool", 1],
        ["2016-01-02", "antpool", 2],
        ["2015-01-01", "x", 1],
    ]
    write(tmp_path / "pool_blocks_daily.csv", ["date", "pool", "blocks"], pools)
    table = read(tmp_path)
    assert table.pool_blocks == [{"f2pool": 6.0}, {"antpool": 2.0}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("other.csv", "date\n", r"daily\.csv: no such file; expected a folder", id="no daily file"),
        pytest.param("daily.csv", "date,a\n", "expected at least one row", id="no row"),
        pytest.param("daily.csv", "", "expected a header with the columns date", id="an empty file"),
        pytest.param("daily.csv", "day,a\n1,2\n", "expected a header with the columns date", id="no date column"),
        pytest.param(
            "daily.csv", "date,a\n01/02/2020,2\n", r"line 2: date '01/02/2020'; expected YYYY", id="a bad date"
        ),
        pytest.param(
            "daily.csv",
            "date,a\n2020-01-01,1\n2020-01-02,abc\n",
            r"daily\.csv, line 3 \(2020-01-02\), column a: 'abc'; expected a number",
            id="a word",
        ),
        pytest.param(
            "daily.csv", "date,a\n2020-01-01,1,2\n", r"line 2: expected 2 cells, got more", id="a cell too many"
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, name: str, content: str, words: str) -> None:
    with pytest.raises(HistoryError, match=words):
        read(text(tmp_path, name, content))


def test_a_pool_file_without_pools_is_refused(tmp_path: Path) -> None:
    daily(tmp_path, 1)
    with pytest.raises(HistoryError, match=r"pool_blocks_daily\.csv: expected a header with the columns pool, blocks"):
        read(text(tmp_path, "pool_blocks_daily.csv", "date,name\n2016-01-01,x\n"))


def test_a_short_row_has_empty_cells(tmp_path: Path) -> None:
    assert read(text(tmp_path, "daily.csv", "date,a,b\n2020-01-01,1\n")).columns == {"a": [1.0]}


@pytest.mark.parametrize("cell", ["NaN", "nan", "NA", "n/a", "null", " ", "inf", "-inf", "1e999"])
def test_a_cell_that_holds_no_value_is_missing_and_counted(tmp_path: Path, cell: str) -> None:
    table = read(text(tmp_path, "daily.csv", f"date,a,b\n2020-01-01,{cell},1\n2020-01-02,2,3\n"))
    assert (table.columns, table.unusable) == ({"a": [None, 2.0], "b": [1.0, 3.0]}, {"a": 1})


@pytest.mark.parametrize("column", sorted(NEVER_ZERO))
def test_zero_where_no_day_can_have_none_is_missing_and_counted(tmp_path: Path, column: str) -> None:
    table = read(text(tmp_path, "daily.csv", f"date,{column},fees_btc\n2020-01-01,0,0\n2020-01-02,2,3\n"))
    assert table.columns == {column: [None, 2.0], "fees_btc": [0.0, 3.0]}
    assert table.unusable == {column: 1}


def test_a_column_without_any_value_is_not_there(tmp_path: Path) -> None:
    assert read(text(tmp_path, "daily.csv", "date,a,b\n2020-01-01,NaN,\n")).columns == {}


def test_columns_that_nobody_asks_for_are_not_looked_at(tmp_path: Path) -> None:
    folder = text(tmp_path, "daily.csv", "date,a,remark\n2020-01-01,1,a holiday\n")
    assert read(folder, {"a"}).columns == {"a": [1.0]}
    with pytest.raises(HistoryError, match=r"column remark: 'a holiday'"):
        read(folder)


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    assert read(text(tmp_path, "daily.csv", "\ufeffdate,a\n2020-01-01,1\n")).columns == {"a": [1.0]}


def test_unknown_blocks_of_a_pool_are_missing_and_counted(tmp_path: Path) -> None:
    daily(tmp_path, 1)
    text(tmp_path, POOL_BLOCKS, "date,pool,blocks\n2016-01-01,a,NA\n2016-01-01,b,3\n2016-01-01,c\n2016-01-01,d,0\n")
    table = read(tmp_path)
    assert (table.pool_blocks, table.unusable) == ([{"b": 3.0, "d": 0.0}], {POOL_BLOCKS: 2})
