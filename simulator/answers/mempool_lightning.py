"""mempool.space: Lightning statistics and rankings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import floor

from simulator.answers.answer import Answer, Routes, as_json
from simulator.answers.mempool_windows import window_seconds
from simulator.clock import DAY, WEEK, iso_milliseconds, midnight
from simulator.lightning import Day, LightningNode
from simulator.places import COUNTRIES, OPERATORS
from simulator.view import View

routes = Routes()

_TOP = 100
_SHORT = 6
_TOR_SHARE, _UNKNOWN_SHARE = 0.02, 0.13  # of the capacity
_LOCATED_SHARE = 0.92  # of the nodes with a clearnet address
_LONGEST = 1461 * DAY


def day(view: View, time: int) -> Day:
    return view.world.lightning.day(time, view.effects.lightning(time))


@routes("/api/v1/lightning/statistics/latest")
def latest(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    today = midnight(view.now)
    return as_json({"latest": _statistics(day(view, today)), "previous": _statistics(day(view, today - WEEK))})


def _statistics(row: Day) -> dict[str, object]:
    return {
        "id": row.time // DAY,
        "added": iso_milliseconds(row.time),
        "channel_count": row.channels,
        "node_count": row.nodes,
        "total_capacity": row.capacity,
        "tor_nodes": row.tor,
        "clearnet_nodes": row.clearnet,
        "unannounced_nodes": row.unannounced,
        "avg_capacity": row.capacity // row.channels,
        "avg_fee_rate": row.average_fee_rate,
        "avg_base_fee_mtokens": row.average_base_fee,
        "med_capacity": row.median_capacity,
        "med_fee_rate": row.median_fee_rate,
        "med_base_fee_mtokens": row.median_base_fee,
        "clearnet_tor_nodes": row.clearnet_tor,
    }


@routes("/api/v1/lightning/statistics/{window}")
def history(view: View, args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    days = (window_seconds(args["window"]) or _LONGEST) // DAY
    newest = midnight(view.now)
    return as_json([_history_row(day(view, newest - back * DAY)) for back in range(days)])


def _history_row(row: Day) -> dict[str, object]:
    return {
        "added": row.time,
        "channel_count": row.channels,
        "total_capacity": row.capacity,
        "tor_nodes": row.tor,
        "clearnet_nodes": row.clearnet,
        "unannounced_nodes": row.unannounced,
        "clearnet_tor_nodes": row.clearnet_tor,
    }


def _capacity(row: Day, node: LightningNode) -> int:
    return round(2 * row.capacity * node.capacity_share)


def _channels(row: Day, node: LightningNode) -> int:
    return round(2 * row.channels * node.channel_share)


def _ranked(view: View, key: Callable[[Day, LightningNode], int], count: int) -> tuple[Day, list[LightningNode]]:
    row = day(view, midnight(view.now))
    return row, sorted(view.world.lightning.top, key=lambda node: -key(row, node))[:count]


def _city(node: LightningNode) -> dict[str, str] | None:
    return {"en": node.country.city} if node.country and node.city_known else None


def _row(view: View, row: Day, node: LightningNode) -> dict[str, object]:
    quiet = view.world.dice.uniform(node.first_seen, 40)
    return {
        "publicKey": node.public_key,
        "alias": node.alias,
        "capacity": _capacity(row, node),
        "channels": _channels(row, node),
        "firstSeen": node.first_seen,
        "updatedAt": int(view.now - 600 - DAY * quiet),
        "city": _city(node),
        "country": node.country.name if node.country else None,
    }


@routes("/api/v1/lightning/nodes/rankings")
def rankings(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    row, rich = _ranked(view, _capacity, _SHORT)
    _, busy = _ranked(view, _channels, _SHORT)
    return as_json(
        {
            "topByCapacity": [
                {"publicKey": node.public_key, "alias": node.alias, "capacity": _capacity(row, node)} for node in rich
            ],
            "topByChannels": [_busy_row(row, node) for node in busy],
        }
    )


def _busy_row(row: Day, node: LightningNode) -> dict[str, object]:
    return {
        "publicKey": node.public_key,
        "alias": node.alias,
        "channels": _channels(row, node),
        "city": _city(node),
        "country": node.country.name if node.country else None,
        "iso_code": node.country.iso if node.country else None,
        "subdivision": json.dumps({"en": node.country.city}) if node.country else None,
    }


@routes("/api/v1/lightning/nodes/rankings/liquidity")
def liquidity(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    row, nodes = _ranked(view, _capacity, _TOP)
    return as_json([_row(view, row, node) for node in nodes])


@routes("/api/v1/lightning/nodes/rankings/connectivity")
def connectivity(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    row, nodes = _ranked(view, _channels, _TOP)
    return as_json([_row(view, row, node) for node in nodes])


@routes("/api/v1/lightning/nodes/isp-ranking")
def operators(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    row = day(view, midnight(view.now))
    tor, unknown = round(row.capacity * _TOR_SHARE), round(row.capacity * _UNKNOWN_SHARE)
    clearnet = row.capacity - tor - unknown
    weights = sum(operator.capacity for operator in OPERATORS)
    nodes = sum(operator.nodes for operator in OPERATORS)
    ranking = [
        [
            operator.lightning_number,
            operator.name,
            round(2 * clearnet * operator.capacity / weights),
            round(2 * row.channels * 0.8 * operator.capacity / weights),
            round((row.clearnet + row.clearnet_tor) * 0.75 * operator.nodes / nodes),
        ]
        for operator in OPERATORS
    ]
    sums = {"clearnetCapacity": clearnet, "torCapacity": tor, "unknownCapacity": unknown}
    return as_json(sums | {"ispRanking": ranking})


@routes("/api/v1/lightning/nodes/countries")
def countries(view: View, _args: Mapping[str, str], _query: Mapping[str, str]) -> Answer:
    row = day(view, midnight(view.now))
    located = (row.clearnet + row.clearnet_tor) * _LOCATED_SHARE
    weights = sum(country.nodes for country in COUNTRIES)
    capacities = sum(country.capacity for country in COUNTRIES)
    counts = {country.iso: round(located * country.nodes / weights) for country in COUNTRIES}
    whole = sum(counts.values())
    rows = [
        {
            "name": country.name,
            "iso": country.iso,
            "count": counts[country.iso],
            "share": floor(counts[country.iso] / whole * 10_000) / 100,
            "capacity": str(round(2 * 0.9 * row.capacity * country.capacity / capacities)),
        }
        for country in COUNTRIES
    ]
    return as_json(rows)
