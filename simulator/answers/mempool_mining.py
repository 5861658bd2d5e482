"""mempool.space: pools, hash rate, rewards, retargets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from simulator.answers.answer import Answer, Routes, as_json, javascript
from simulator.answers.mempool_windows import group_seconds, window_seconds
from simulator.chain import EPOCH, FIRST_DAY, FIRST_HEIGHT, SPACING
from simulator.clock import DAY, HOUR, WEEK, midnight
from simulator.ledger import Totals
from simulator.pools import POOLS, Pool
from simulator.view import View

routes = Routes()

_NODE_ESTIMATE_BLOCKS = 1008
_SLIDING_BLOCKS = 504
_AUDITED_BLOCKS = 1_100
_COUNTED = 30 * DAY  # of an all-time answer; older blocks are estimated
# Most coinbases of the early years name nobody: all-time answers have "Unknown" first.
_ANCIENT_UNKNOWN_SHARE = 0.3


@routes("/api/v1/difficulty-adjustment")
def difficulty_adjustment(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    done = view.tip % EPOCH
    start = view.tip - done
    left = EPOCH - done
    since = view.now - view.header_time(start)
    average = since / done if done else float(SPACING)
    adjusted = average
    if done < _SLIDING_BLOCKS:
        adjusted = (view.now - view.header_time(view.tip - _SLIDING_BLOCKS)) / _SLIDING_BLOCKS
    remaining = int(adjusted * 1000) * left
    return as_json(
        {
            "progressPercent": javascript(done / EPOCH * 100),
            "difficultyChange": min(300.0, max(-75.0, (SPACING / adjusted - 1) * 100)),
            "estimatedRetargetDate": int(view.now * 1000) + remaining,
            "remainingBlocks": left,
            "remainingTime": remaining,
            "previousRetarget": (view.difficulty(start) / view.difficulty(start - 1) - 1) * 100,
            "previousTime": view.header_time(start),
            "nextRetargetHeight": view.tip + left,
            "timeAvg": int(average * 1000),
            "adjustedTimeAvg": int(adjusted * 1000),
            "timeOffset": 0,
            "expectedBlocks": since / SPACING,
        }
    )


@routes("/api/v1/mining/pools")
def pools_of_all_time(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    return pools(view, {"window": "all"}, query)


@routes("/api/v1/mining/pools/{window}")
def pools(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    seconds = window_seconds(args["window"])
    tallies = _tallies(view, view.last(seconds or _COUNTED))
    if seconds is None:
        _add_ancient(tallies, view.last(_COUNTED).start)
    ranked = sorted(tallies, key=lambda index: (-tallies[index].blocks, index))
    return as_json(
        {
            "pools": [_pool_row(POOLS[index], tallies[index], rank) for rank, index in enumerate(ranked, 1)],
            "blockCount": sum(tally.blocks for tally in tallies.values()),
            **_estimated_hashrates(view),
        },
        headers={"X-total-count": str(len(ranked))},
    )


@dataclass(slots=True)
class _Tally:
    blocks: int = 0
    empty: int = 0
    match_rates: list[float] = field(default_factory=list)
    fee_deltas: list[float] = field(default_factory=list)


def _tallies(view: View, heights: range) -> dict[int, _Tally]:
    ledger = view.world.ledger
    tallies: defaultdict[int, _Tally] = defaultdict(_Tally)
    for height in heights:
        tally = tallies[view.pool_index(height)]
        tally.blocks += 1
        tally.empty += ledger.transactions(height) == 1
        if height > view.tip - _AUDITED_BLOCKS:
            tally.match_rates.append(ledger.match_rate(height))
            tally.fee_deltas.append(ledger.fee_delta(height))
    return tallies


def _add_ancient(tallies: dict[int, _Tally], before: int) -> None:
    """Blocks below a height, spread over the pools without looking at each."""
    weights = sum(pool.weight for pool in POOLS)
    for index, pool in enumerate(POOLS):
        known = before * (1 - _ANCIENT_UNKNOWN_SHARE) * pool.weight / weights
        tallies[index].blocks += int(known + before * _ANCIENT_UNKNOWN_SHARE * (pool.slug == "unknown"))


def _pool_row(pool: Pool, tally: _Tally, rank: int) -> dict[str, object]:
    return {
        "poolId": pool.row_id,
        "name": pool.name,
        "link": pool.link,
        "blockCount": tally.blocks,
        "rank": rank,
        "emptyBlocks": tally.empty,
        "slug": pool.slug,
        "avgMatchRate": javascript(round(fmean(tally.match_rates), 2)) if tally.match_rates else None,
        "avgFeeDelta": f"{fmean(tally.fee_deltas):.8f}" if tally.fee_deltas else None,
        "poolUniqueId": pool.unique_id,
    }


def _estimated_hashrates(view: View) -> dict[str, float]:
    spans = {"lastEstimatedHashrate": DAY, "lastEstimatedHashrate3d": 3 * DAY, "lastEstimatedHashrate1w": WEEK}
    return {name: javascript(view.hashrate(view.last(span), span)) for name, span in spans.items()}


def daily_hashrate(view: View, day: int) -> float:
    """Hashes per second over the UTC day that ended at this midnight."""
    return view.hashrate(view.heights(day - DAY, day), DAY)


@routes("/api/v1/mining/hashrate/{window}")
def hashrate(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    seconds, newest = window_seconds(args["window"]), midnight(view.now)
    oldest = newest - (seconds // DAY - 1) * DAY if seconds else 0
    days = range(max(FIRST_DAY + DAY, oldest), newest + 1, DAY)
    retargets = [_retarget_object(view, height) for height in reversed(_retargets(view, seconds))]
    return as_json(
        {
            "hashrates": [{"timestamp": day, "avgHashrate": javascript(daily_hashrate(view, day))} for day in days],
            "difficulty": retargets,
            "currentHashrate": javascript(view.hashrate_of_last(_NODE_ESTIMATE_BLOCKS)),
            "currentDifficulty": javascript(view.difficulty(view.tip)),
        },
        headers={"X-total-count": str(view.tip + 1)},
    )


def _retargets(view: View, seconds: int | None) -> list[int]:
    """Heights of retargets within the window, newest first."""
    heights = range(view.tip - view.tip % EPOCH, FIRST_HEIGHT, -EPOCH)
    return [height for height in heights if seconds is None or view.header_time(height) > view.now - seconds]


def _retarget_object(view: View, height: int) -> dict[str, object]:
    return {
        "time": view.header_time(height),
        "height": height,
        "difficulty": javascript(view.difficulty(height)),
        "adjustment": view.difficulty(height) / view.difficulty(height - 1),
    }


@routes("/api/v1/mining/hashrate/pools/{window}")
def hashrate_of_pools(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    seconds = window_seconds(args["window"]) or 1461 * DAY
    rows = []
    for week in range(min(seconds, midnight(view.now) - FIRST_DAY) // WEEK, 0, -1):
        end = midnight(view.now) - (week - 1) * WEEK
        heights = view.heights(end - WEEK, end)
        counts = Counter(view.pool_index(height) for height in heights)
        whole = view.hashrate(heights, WEEK)
        rows += [
            {
                "timestamp": end - WEEK,
                "avgHashrate": javascript(whole * count / len(heights)),
                "share": count / len(heights),
                "poolName": POOLS[index].name,
            }
            for index, count in counts.most_common()
        ]
    return as_json(rows)


@routes("/api/v1/mining/reward-stats/{count}")
def reward_stats(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    count = int(args["count"]) if args["count"].isdecimal() else 1
    heights = range(max(0, view.tip - count + 1), view.tip + 1)
    totals = view.totals(heights)
    return as_json(
        {
            "startBlock": heights.start,
            "endBlock": view.tip,
            "totalReward": str(view.issued(heights) + totals.fees),
            "totalFee": str(totals.fees),
            "totalTx": str(totals.transactions),
        },
    )


@routes("/api/v1/mining/difficulty-adjustments")
def retargets_of_all_time(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    return retargets(view, {"window": "all"}, query)


@routes("/api/v1/mining/difficulty-adjustments/{window}")
def retargets(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    rows = [
        [
            view.header_time(height),
            height,
            javascript(view.difficulty(height)),
            javascript(float(f"{view.difficulty(height) / view.difficulty(height - 1):.6g}")),
        ]
        for height in _retargets(view, window_seconds(args["window"]))
    ]
    return as_json(rows)


def _groups(view: View, window: str) -> Iterator[range]:
    """Runs of blocks that share a row, oldest first."""
    spacing = group_seconds(window)
    heights = view.last(window_seconds(window))
    if spacing == 1:
        yield from (range(height, height + 1) for height in heights)
        return
    start = heights.start
    while start < heights.stop:
        end = (view.arrival(start) // spacing + 1) * spacing
        stop = max(start + 1, min(view.height_at(end) + 1, heights.stop))
        yield range(start, stop)
        start = stop


def _block_series(view: View, window: str, fields: Callable[[range, Totals], dict[str, object]]) -> list[object]:
    return [
        {
            "avgHeight": (group.start + group.stop) // 2,
            "timestamp": (view.header_time(group.start) + view.header_time(group.stop - 1)) // 2,
            **fields(group, view.totals(group)),
        }
        for group in _groups(view, window)
    ]


def _hourly_price(view: View, heights: range) -> int:
    return round(view.price(view.arrival(heights.start) // HOUR * HOUR))


@routes("/api/v1/mining/blocks/fees/{window}")
def block_fees(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    def fields(heights: range, totals: Totals) -> dict[str, object]:
        return {"avgFees": totals.fees // totals.blocks, "USD": _hourly_price(view, heights)}

    return as_json(_block_series(view, args["window"], fields))


@routes("/api/v1/mining/blocks/rewards/{window}")
def block_rewards(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    def fields(heights: range, totals: Totals) -> dict[str, object]:
        subsidy = view.issued(heights) // totals.blocks
        return {"avgRewards": subsidy + totals.fees // totals.blocks, "USD": _hourly_price(view, heights)}

    return as_json(_block_series(view, args["window"], fields))


@routes("/api/v1/mining/blocks/fee-rates/{window}")
def block_fee_rates(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    def fields(_heights: range, totals: Totals) -> dict[str, object]:
        mean = totals.fees / (totals.weight / 4)
        spread = {"0": 0.3, "10": 0.5, "25": 0.6, "50": 0.8, "75": 1.2, "90": 1.8, "100": 80.0}
        return {f"avgFee_{percentile}": round(mean * factor) for percentile, factor in spread.items()}

    return as_json(_block_series(view, args["window"], fields))


@routes("/api/v1/mining/blocks/sizes-weights/{window}")
def block_sizes(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    def sizes(_heights: range, totals: Totals) -> dict[str, object]:
        return {"avgSize": totals.size // totals.blocks}

    def weights(_heights: range, totals: Totals) -> dict[str, object]:
        return {"avgWeight": totals.weight // totals.blocks}

    window = args["window"]
    payload = {"sizes": _block_series(view, window, sizes), "weights": _block_series(view, window, weights)}
    return as_json(payload)
