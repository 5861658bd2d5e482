"""From bodies that reach back years to the table of columns that a folder of daily history gives; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from exporter.payload import Notes, decode
from exporter.sources.past import Past, PoolDays
from exporter.spec import DAY, Days
from scoring import quantities
from scoring.backtest.table import DAILY_MORE, NEVER_ZERO, POOL_BLOCKS, Column, Table

# Hash rates that are not made of whole blocks tell no number of blocks.
WHOLE: Final = 0.05
_EXAHASH: Final = 1e18
_HALF: Final = 0.5

# With the chart that stands in for the hash rate.
_NEVER_ZERO: Final = NEVER_ZERO | {"hashrate_chart_eh_s"}

Values = Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Told:
    """What one body says: by column, value by start of the day. `refused`: values outside their bounds, by column."""

    source: str
    endpoint: str
    columns: Mapping[str, Values]
    pools: PoolDays
    refused: Mapping[str, int]


def told(source: str, past: Past, body: bytes) -> Told:
    """Raises BodyError where the body must not be believed."""
    payload = decode(body, past.endpoint.payload, Notes(), past.endpoint.load)
    columns, refused = {}, {}
    for column in past.columns:
        days: Days = column.days(payload)
        low, high = column.metric.bounds
        kept = {
            day: value * column.factor
            for day, value in days
            if low <= value <= high and (value > 0 or column.name not in _NEVER_ZERO)
        }
        columns[column.name] = kept
        if len(kept) < len(days):
            refused[column.name] = len(days) - len(kept)
    return Told(source, past.endpoint.name, columns, past.pools(payload) if past.pools else {}, refused)


def table(answers: Sequence[Told], last: date) -> Table | None:
    """From the first day that anything is known of to `last`; None where nothing is."""
    columns = joined(merged(answers))
    pools = {day: blocks for one in answers for day, blocks in one.pools.items()}
    end = _start(last)
    known = [day for values in (*columns.values(), pools) for day in values if day <= end]
    if not known:
        return None
    first = min(known)
    days = [first + number * DAY for number in range(round((end - first) / DAY) + 1)]
    absent = (*DAILY_MORE, *(() if pools else (POOL_BLOCKS,)))
    return Table(
        first=last - timedelta(days=len(days) - 1),
        days=len(days),
        columns={name: _column(values, days) for name, values in columns.items() if values},
        pool_blocks=[pools.get(day, {}) for day in days] if pools else (),
        absent=absent,
    )


def _start(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _column(values: Values, days: Iterable[float]) -> Column:
    return [values.get(day) for day in days]


def merged(answers: Iterable[Told]) -> dict[str, Values]:
    """Each column from one source only, the first that tells it: estimators of two sources are never mixed."""
    teller: dict[str, str] = {}
    found: dict[str, dict[float, float]] = {}
    for one in answers:
        for name, values in one.columns.items():
            if values and teller.setdefault(name, one.source) == one.source:
                found.setdefault(name, {}).update(values)
    return dict(found)


def joined(columns: Mapping[str, Values]) -> dict[str, Values]:
    """With the columns that follow from two others: blocks, new coins; hash rate where only the chart tells it."""
    whole = dict(columns)
    rates, difficulties = columns.get("hashrate_chart_eh_s", {}), columns.get("difficulty", {})
    whole.setdefault("hashrate_eh_s", rates)
    whole["blocks"] = blocks_of(rates, difficulties)
    heights = heights_of(columns.get("height", {}), whole["blocks"])
    whole["issuance_btc"] = {day: quantities.issuance(whole["blocks"][day], int(heights[day])) for day in heights}
    return whole


def blocks_of(exahashes: Values, difficulties: Values) -> Values:
    """Blocks by day from a chart of hash rates that is made of them; empty where it seems to be made of something else.

    On the day of a retarget the difficulty is a mean of two, and the nearest whole number is taken.
    """
    exact = {
        day: blocks
        for day in exahashes.keys() & difficulties.keys()
        if (blocks := quantities.blocks_of_hashrate(exahashes[day] * _EXAHASH, difficulties[day])) is not None
    }
    near = sum(abs(blocks - round(blocks)) <= WHOLE for blocks in exact.values())
    if near < quantities.WINDOW_MINIMUM_RATIO * len(exact):
        return {}
    return {day: float(round(blocks)) for day, blocks in exact.items() if round(blocks) > 0}


def heights_of(retargets: Values, blocks: Values) -> Values:
    """Height at noon of the days that `blocks` has, between and after the known retargets (time to height)."""
    marks = sorted(retargets.items())
    found = {}
    for (start, low), (end, high) in pairwise(marks):
        pace = (high - low) / (end - start)
        inside = (start + number * DAY for number in range(round((end - start) / DAY)))
        found.update({day: low + pace * (day - start + _HALF * DAY) for day in inside if day in blocks})
    if marks:
        start, low = marks[-1]
        after = (day for day in blocks if day >= start)
        found.update({day: low + quantities.BLOCKS_PER_DAY * (day - start + _HALF * DAY) / DAY for day in after})
    return found
