"""Blockchain.com: statistics of the last 24 hours and daily charts, in the number forms of its server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from simulator.answers.answer import CSV, Answer, Routes, as_json, encode, failure
from simulator.answers.blockchain_charts import CHARTS, Chart, Points
from simulator.chain import EPOCH, FIRST_TIME, supply
from simulator.clock import DAY, MINUTE, YEAR
from simulator.view import View

routes = Routes()

_STATS_PERIOD = 5 * MINUTE
_SAMPLES = 1_500
_LONGEST_POOLS_DAYS = 10
_PLAIN_BELOW = 1e7  # from here on Java writes doubles with an exponent
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
_SATOSHI = 100_000_000


def span_days(text: str, default: int) -> int | None:
    """Days meant by a time span such as "30days", "5weeks" or "1year"; None: all."""
    if text == "all":
        return None
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS.get(text[len(number) :].rstrip("s"))
    return int(number) * unit if unit and number.isdecimal() else default


@routes("/stats")
def stats(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    time = int(view.now // _STATS_PERIOD) * _STATS_PERIOD
    heights = view.heights(time - DAY, time)
    tip, totals, issued, price = heights.stop - 1, view.totals(heights), view.issued(heights), view.price(time)
    sent = round(totals.transactions * 0.9e8 * 1.4)
    payload = {
        "timestamp": time * 1000,
        "market_price_usd": round(price, 2),
        "hash_rate": view.hashrate(heights, DAY) / 1e9,
        "total_fees_btc": totals.fees,
        "n_btc_mined": issued,
        "n_tx": totals.transactions,
        "n_blocks_mined": len(heights),
        "minutes_between_blocks": round(DAY / 60 / len(heights), 4),
        "totalbc": supply(tip),
        "n_blocks_total": tip,
        "estimated_transaction_volume_usd": sent * 0.06 / _SATOSHI * price,
        "blocks_size": totals.size,
        "miners_revenue_usd": round((issued + totals.fees) / _SATOSHI * price, 2),
        "nextretarget": (tip // EPOCH + 1) * EPOCH - 1,
        "difficulty": round(view.difficulty(tip)),
        "estimated_btc_sent": round(sent * 0.06),
        "miners_revenue_btc": (issued + totals.fees) // _SATOSHI,
        "total_btc_sent": sent,
        "trade_volume_btc": 2861.73,
        "trade_volume_usd": round(2861.73 * price, 2),
    }
    return as_json(payload)


@routes("/charts/{name}")
def chart(view: View, args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    wanted = CHARTS.get(args["name"])
    if wanted is None:
        return failure(404, {"error": "not-found", "message": f"No chart with name {args['name']}", "status": 404})
    days = span_days(query.get("timespan", "1year"), YEAR // DAY) or int(view.now - FIRST_TIME) // DAY
    points = wanted.points(view, days) if "start" not in query else _from(view, wanted, query["start"], days)
    if query.get("sampled", "true") == "true":
        points = points[:: -(len(points) // _SAMPLES + 1)][::-1]
    if query.get("format") == "csv":
        return Answer(_csv(points).encode(), CSV)
    return Answer(_chart_body(wanted, points))


def _from(view: View, wanted: Chart, start: str, days: int) -> Points:
    """The time span counted from a day instead of back from now; nothing of days that lie ahead."""
    first = datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()
    last = min(view.now, first + days * DAY)
    if last <= max(first, FIRST_TIME):
        return []
    points = wanted.points(replace(view, now=last), days)
    return [point for point in points if first <= point[0] < first + days * DAY]


def _chart_body(wanted: Chart, points: Points) -> bytes:
    head = {
        "status": "ok",
        "name": wanted.name,
        "unit": wanted.unit,
        "period": wanted.period,
        "description": wanted.description,
    }
    values = ",".join(f'{{"x":{x},"y":{java(y)}}}' for x, y in points)
    return encode(head)[:-1] + f',"values":[{values}]}}'.encode()


def _csv(points: Points) -> str:
    return "".join(f"{datetime.fromtimestamp(x, UTC):%Y-%m-%d %H:%M:%S},{java(y)}\n" for x, y in points)


def java(value: float) -> str:
    """The number as Java prints it: whole numbers plain, large fractions as 3.25E7."""
    if isinstance(value, int):
        return str(value)
    if abs(value) < _PLAIN_BELOW:
        return repr(value)
    return f"{Decimal(repr(value)):E}".replace("E+", "E")


@routes("/pools")
def pools(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    days = min(span_days(query.get("timespan", "4days"), 4) or _LONGEST_POOLS_DAYS, _LONGEST_POOLS_DAYS)
    counts = Counter(view.pool(height).blockchain_name for height in view.last(days * DAY))
    return as_json(dict(counts.most_common()))
