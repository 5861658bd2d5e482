"""mempool.space: mempool, fee estimates, projected blocks, statistics, replacements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from simulator.answers.answer import Answer, Routes, as_json, javascript
from simulator.answers.mempool_windows import window_seconds
from simulator.clock import DAY, HOUR, MINUTE
from simulator.fees import MEGA, Curve
from simulator.view import View

routes = Routes()

_BUCKET = 50_000
_AVERAGE_VSIZE = 470
_BLOCK_VSIZE = 997_955.25
_PROJECTED = 8
_TREES = 25
_TREE_PERIOD = 9  # seconds between replacements
_UNSIGNALLED_EVERY = 3  # replacements of transactions that never allowed it

# Lower edges (sat/vB) of the 39 bands of /statistics.
BANDS = (
    *(0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100),
    *(125, 150, 175, 200, 250, 300, 350, 400, 500, 600, 700, 800, 900, 1000),
    *(1200, 1400, 1600, 1800, 2000),
)
_ROW_SPACING = {
    2 * HOUR: MINUTE,
    DAY: MINUTE,
    7 * DAY: 5 * MINUTE,
    30 * DAY: 30 * MINUTE,
    91 * DAY: 2 * HOUR,
    182 * DAY: 3 * HOUR,
    365 * DAY: 8 * HOUR,
    730 * DAY: 8 * HOUR,
    1095 * DAY: 12 * HOUR,
    1461 * DAY: 12 * HOUR,
}
_RAW_ROWS_WINDOW = DAY
_VISIBLE_FLOOR = 0.2


@routes("/api/mempool")
def mempool(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    curve = view.curve()
    histogram = list(_histogram(curve))
    return as_json(
        {
            "count": curve.vsize // _AVERAGE_VSIZE,
            "vsize": curve.vsize,
            "total_fee": round(curve.fees(0, curve.depth)),
            "fee_histogram": histogram,
        }
    )


def _histogram(curve: Curve) -> Iterator[tuple[float, int]]:
    """Buckets of at least 50,000 vB from the best rate down; low rates crowd into large buckets."""
    start = 0
    while start < curve.vsize:
        size = _BUCKET + start * 37 % 997 + start // 100
        stop = min(start + size, curve.vsize)
        rate = curve.rate(stop / MEGA) if stop < curve.vsize else 0.0
        yield float(f"{rate:.8g}"), stop - start
        start = stop


def estimates(curve: Curve) -> dict[str, float]:
    """Recommended rates (sat/vB) with three decimals, each at least the next."""
    fastest, half_hour, hour = (round(_median(curve, block), 3) for block in range(3))
    minimum = round(curve.floor, 3)
    return {
        "fastestFee": fastest,
        "halfHourFee": half_hour,
        "hourFee": hour,
        "economyFee": min(hour, round(2 * minimum, 3)),
        "minimumFee": minimum,
    }


def _median(curve: Curve, block: int) -> float:
    """Rate in the middle of a projected block, or the floor where the mempool ends before it."""
    depth = block + 0.5
    return max(curve.rate(depth), curve.floor) if depth < curve.depth else curve.floor


@routes("/api/v1/fees/precise")
def precise(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json({name: javascript(rate) for name, rate in estimates(view.curve()).items()})


@routes("/api/v1/fees/recommended")
def recommended(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    return as_json({name: max(1, ceil(rate)) for name, rate in estimates(view.curve()).items()})


@routes("/api/v1/fees/mempool-blocks")
def mempool_blocks(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    curve = view.curve()
    edges = [place * _BLOCK_VSIZE / MEGA for place in range(_PROJECTED)]
    edges = [edge for edge in edges if edge < curve.depth]
    stops = [*edges[1:], curve.depth]
    return as_json([_projected(curve, start, stop) for start, stop in zip(edges, stops, strict=True)])


def _projected(curve: Curve, start: float, stop: float) -> dict[str, object]:
    vsize = (stop - start) * MEGA
    rest = vsize > 2 * _BLOCK_VSIZE
    shares = [1 - step / 10 for step in range(11)] if rest else [0.99, 0.9, 0.75, 0.5, 0.25, 0.1, 0.0]
    return {
        "blockSize": round(vsize * 1.68),
        "blockVSize": javascript(round(vsize * 4) / 4),
        "nTx": max(1, round(vsize / (_AVERAGE_VSIZE if rest else 240 + 15 * stop))),
        "totalFees": round(curve.fees(start, stop)),
        "medianFee": curve.rate((start + stop) / 2),
        "feeRange": [curve.rate(start + share * (stop - start)) for share in shares],
    }


@routes("/api/v1/statistics/{window}")
def statistics(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    seconds = 2 * HOUR if args["window"] == "2h" else window_seconds(args["window"])
    span = seconds or max(_ROW_SPACING)
    spacing = _ROW_SPACING[span]
    newest = int((view.now - 5) // spacing) * spacing
    rows = [_statistics_row(view, newest - back * spacing, span) for back in range(span // spacing)]
    return as_json(rows)


def _statistics_row(view: View, time: int, span: int) -> dict[str, object]:
    curve = view.curve(time)
    count = curve.vsize / _AVERAGE_VSIZE
    return {
        "added": time,
        "count": int(count) if span <= _RAW_ROWS_WINDOW else javascript(round(count * 2) / 2),
        "vbytes_per_second": round(1_650 + 400 * view.world.dice.normal(time, 1)),
        "mempool_byte_weight": curve.vsize * 4,
        "total_fee": round(curve.fees(0, curve.depth)),
        "min_fee": 0.10000000149011612 if curve.floor < _VISIBLE_FLOOR else javascript(curve.floor),
        "vsizes": list(_bands(curve)),
    }


def _bands(curve: Curve) -> tuple[int, ...]:
    """Virtual bytes in each fee band, lowest first; they add up to the whole mempool."""
    above = [curve.vsize, *(round(curve.depth_above(edge) * MEGA) for edge in BANDS[1:]), 0]
    return tuple(above[place] - above[place + 1] for place in range(len(BANDS)))


@routes("/api/v1/replacements")
def replacements(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    newest = int(view.now // _TREE_PERIOD)
    return as_json([_tree(view, newest - back) for back in range(_TREES)])


@routes("/api/v1/fullrbf/replacements")
def full_replacements(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    newest = int(view.now // _TREE_PERIOD) // _UNSIGNALLED_EVERY * _UNSIGNALLED_EVERY
    return as_json([_tree(view, newest - back * _UNSIGNALLED_EVERY) for back in range(_TREES)])


def _tree(view: View, slot: int) -> dict[str, object]:
    dice, signalled = view.world.dice, slot % _UNSIGNALLED_EVERY != 0
    depth = 1 + int(3 * dice.uniform(slot, 2) ** 3)
    rate = view.curve(slot * _TREE_PERIOD).level * (1 + dice.uniform(slot, 3))
    vsize = 110 + int(400 * dice.uniform(slot, 4)) / 4
    tree: dict[str, object] = {}
    for step in reversed(range(depth + 1)):
        time = slot * _TREE_PERIOD - step * 240
        paid = rate * 0.7**step
        transaction = {
            "txid": dice.digits(64, slot, 5, step),
            "fee": max(1, round(paid * vsize)),
            "vsize": javascript(vsize),
            "value": 1_000_000 + int(5e7 * dice.uniform(slot, 6)),
            "rate": paid,
            "time": time,
            "rbf": signalled,
        }
        below = [tree | {"interval": 240}] if tree else []
        tree = {"tx": transaction, "time": time, "fullRbf": not signalled, "replaces": below}
    return tree
