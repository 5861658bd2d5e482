"""Our formulas against columns that the folder's compiler derived on his own, and against facts of the chain."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from scoring import quantities
from scoring.backtest.history import History, history
from scoring.backtest.table import Column, read
from scoring.memory import Memory
from scoring.methodology import METHOD
from scoring.reading import series
from scoring.score import score

POOL = "btchealth_mining_pool"


def day_of(known: History, text: str) -> int:
    return (date.fromisoformat(text) - known.table.first).days


def compared(ours: Column, theirs: Column, factor: float = 1.0) -> list[float]:
    """Relative differences on the days that have both."""
    return [
        abs(one * factor / other - 1)
        for one, other in zip(ours, theirs, strict=True)
        if one is not None and other is not None and other > 0
    ]


@pytest.mark.parametrize(
    ("selector", "column", "days", "within"),
    [
        pytest.param("btchealth_hashprice_usd_per_petahash_day", "hashprice_usd_per_ph_day", 4018, 0.3, id="hashprice"),
        pytest.param(series("btchealth_fee_mean_usd", window="24h"), "fee_mean_usd_per_tx", 4018, 1e-4, id="mean fee"),
        pytest.param(
            series("btchealth_fee_density_satoshis_per_vbyte", window="144_blocks"),
            "fee_sat_per_vb_of_capacity",
            4018,
            1e-4,
            id="fee density",
        ),
    ],
)
def test_formulas_agree_with_derived_columns(
    known: History, selector: str, column: str, days: int, within: float
) -> None:
    """Hashprice differs on days of a retarget, where the column of difficulty holds a mean of two levels."""
    differences = compared(known.series[selector], known.table.columns[column])
    assert len(differences) == days
    assert max(differences) < within
    assert sorted(differences)[days // 2] < 1e-4


def weeks(pool_blocks: Sequence[dict[str, float]], day: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for blocks in pool_blocks[day - 6 : day + 1]:
        for pool, count in blocks.items():
            found[pool] = found.get(pool, 0.0) + count
    return found


@pytest.mark.parametrize("text", ["2017-06-30", "2018-06-20", "2020-05-11", "2021-09-15", "2022-12-31"])
def test_concentration_of_tags_agrees_with_the_derived_columns(known: History, text: str) -> None:
    """The columns of the folder do not merge owners, so that the same blocks are counted by tag here."""
    table, day = known.table, day_of(known, text)
    blocks = weeks([dict(one) for one in table.pool_blocks], day)
    unknown = blocks.pop("unknown", 0.0)
    assert quantities.herfindahl(blocks.values(), unknown) == pytest.approx(
        (table.columns["pool_hhi_7d"][day] or 0) / 10_000, rel=2e-3
    )
    for top in (1, 2):
        assert quantities.top_share(blocks.values(), top, unknown) == pytest.approx(
            table.columns[f"pool_top{top}_share_7d"][day], rel=1e-3
        )
    assert quantities.nakamoto(blocks.values(), unknown) == table.columns["pool_nakamoto_51_7d"][day]


def test_bitmain_held_42_percent_in_june_2018(known: History) -> None:
    column = known.series[series(f"{POOL}_top_share_ratio", grouping="owner", top="1", window="7d")]
    assert column[day_of(known, "2018-06-23")] == pytest.approx(0.42, abs=0.01)


@pytest.mark.parametrize(
    ("text", "change"),
    [("2021-07-06", -0.2794), ("2020-11-06", -0.1605), ("2020-03-29", -0.1595), ("2018-12-06", -0.1513)],
)
def test_the_largest_falls_of_the_difficulty_are_those_of_the_chain(known: History, text: str, change: float) -> None:
    column = known.series["btchealth_difficulty_last_change_ratio"]
    assert column[day_of(known, text)] == pytest.approx(change, abs=1e-3)


def rewritten(folder: Path, into: Path, last: date, later: Callable[[str], str] | None) -> Path:
    """A copy of the folder in which `later` makes the cells after `last`; without it, those days are not there."""
    for file in folder.glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as source, (into / file.name).open("w", newline="") as target:
            writer = csv.writer(target)
            reader = csv.reader(source)
            head = next(reader)
            writer.writerow(head)
            column = head.index("date") if "date" in head else 0
            for row in reader:
                if row[column] <= last.isoformat():
                    writer.writerow(row)
                elif later is not None:
                    writer.writerow([cell if place == column else later(cell) for place, cell in enumerate(row)])
    return into


def sevenfold(cell: str) -> str:
    return str(float(cell) * 7) if cell.replace(".", "", 1).isdigit() else cell


def scored(known: History, days: range) -> list[tuple[float | None, ...]]:
    memory, found = Memory(), []
    for day in days:
        card = score(known.readings(day), known.table.end_of_day(day), memory)
        memory = card.memory
        found.append((card.overall, card.lower, card.upper, *(pillar.score for pillar in card.pillars)))
    return found


@pytest.mark.parametrize(
    "later", [pytest.param(None, id="there is no later day"), pytest.param(sevenfold, id="all is different later")]
)
def test_no_day_knows_anything_of_the_days_after_it(
    known: History, folder: Path, tmp_path: Path, later: Callable[[str], str] | None
) -> None:
    """Up to a day in the middle of a crisis."""
    last = date(2017, 12, 15)
    days = day_of(known, last.isoformat()) + 1
    other = history(read(rewritten(folder, tmp_path, last, later)), METHOD)
    assert other.table.days == (days if later is None else known.table.days)
    two_years = range(days - 730, days)
    assert scored(other, two_years) == scored(known, two_years)


def test_a_folder_without_optional_files_says_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "daily.csv", tmp_path)
    bare = history(read(tmp_path), METHOD)
    lacking = {name for names in bare.lacking.values() for name in names}
    assert {"pool_blocks_daily.csv", "ln_channels_bitcoinvisuals"} - lacking == {"ln_channels_bitcoinvisuals"}
    assert bare.series["btchealth_lightning_channels"]
