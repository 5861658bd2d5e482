"""mempool.space: what it keeps of pools over years, one row a week and pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from simulator.answers.answer import Answer, Routes, as_json
from simulator.answers.mempool_windows import window_seconds
from simulator.chain import FIRST_DAY
from simulator.clock import DAY, WEEK, midnight
from simulator.pools import POOLS
from simulator.view import View

routes = Routes()

_FIRST_MONDAY = 4 * DAY  # 1970-01-05


@routes("/api/v1/mining/hashrate/pools/{window}")
def pools_by_week(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    """Weeks end on Monday; only pools that found a block in the last week are listed, also in weeks long past."""
    active = {view.pool_index(height) for height in view.last(WEEK)}
    oldest = view.now - (window_seconds(args["window"]) or view.now)
    rows: list[dict[str, object]] = []
    for end in _week_ends(view.now):
        if end > oldest:
            rows += _week(view, end, active)
    return as_json(rows)


def _week_ends(now: float) -> Iterator[int]:
    first = FIRST_DAY + WEEK - (FIRST_DAY - _FIRST_MONDAY) % WEEK + WEEK
    yield from range(first, midnight(now) + 1, WEEK)


def _week(view: View, end: int, active: set[int]) -> list[dict[str, object]]:
    heights = view.heights(end - WEEK, end)
    blocks = Counter(view.pool_index(height) for height in heights)
    rate = view.hashrate(heights, WEEK)
    return [
        {
            "timestamp": end,
            "avgHashrate": rate * count / len(heights),
            "share": count / len(heights),
            "poolName": POOLS[index].name,
        }
        for index, count in blocks.most_common()
        if index in active
    ]
