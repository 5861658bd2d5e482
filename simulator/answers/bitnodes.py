"""Bitnodes and its successors: summaries, the full list of nodes, the leaderboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from simulator.answers.answer import Answer, Routes, as_json, encode, failure
from simulator.nodes import Crowd
from simulator.places import COUNTRIES
from simulator.view import View

routes = Routes()

_TOP = 10
_KEPT = 60 * 144  # snapshots of 60 days
_LARGEST_PAGE = 100
_LEADERS = 13_163
_INDEXES = ("vi", "si", "hi", "ai", "pi", "dli", "dui", "wli", "wui", "mli", "mui", "nsi", "ni", "bi")


def _crowd(view: View, time: int) -> Crowd:
    nodes = view.world.nodes
    return nodes.crowd(nodes.total(time))


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return max(1, int(text)) if text.isdecimal() else default


@routes("/api/v1/snapshots/")
def snapshots(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    limit, page = min(_number(query, "limit", 10), _LARGEST_PAGE), _number(query, "page", 1)
    times = view.world.nodes.snapshot_times(view.now, limit, (page - 1) * limit)
    results = [
        {
            "url": f"/api/v1/snapshots/{time}/",
            "timestamp": time,
            "total_nodes": view.world.nodes.total(time),
            "latest_height": view.height_at(time),
        }
        for time in times
    ]
    return as_json(_paged("/api/v1/snapshots/", _KEPT, limit, page) | {"results": results})


def _paged(path: str, count: int, limit: int, page: int) -> dict[str, object]:
    return {
        "count": count,
        "next": f"{path}?page={page + 1}&limit={limit}" if page * limit < count else None,
        "previous": f"{path}?page={page - 1}&limit={limit}" if page > 1 else None,
    }


@routes("/api/v1/snapshots/latest/")
def latest(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    return _snapshot(view, view.world.nodes.snapshot_times(view.now, 1)[0], query.get("field"))


@routes("/api/v1/snapshots/{time}/")
def snapshot(view: View, args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    known = view.world.nodes.snapshot_times(view.now, _KEPT)
    if not args["time"].isdecimal() or int(args["time"]) not in known:
        return failure(404, {"detail": "Not found."})
    return _snapshot(view, int(args["time"]), query.get("field"))


def _snapshot(view: View, time: int, field: str | None) -> Answer:
    crowd = _crowd(view, time)
    head: dict[str, object] = {
        "timestamp": time,
        "total_nodes": crowd.total,
        "latest_height": view.height_at(time),
    }
    match field:
        case "top":
            return as_json(head | {"metadata": _metadata(crowd, time), "top": _top(view, crowd, time)})
        case "user_agents":
            return as_json(head | {"user_agents": _user_agents(view, crowd, time)})
        case "coordinates":
            return as_json(head | {"coordinates": [[place.latitude, place.longitude] for place in COUNTRIES]})
        case _:
            return Answer(_full(view, head, crowd, time))


def _metadata(crowd: Crowd, time: int) -> dict[str, object]:
    reached = crowd.total + 616
    return {
        "round_complete": True,
        "complete": True,
        "validated_at": time,
        "reachable_nodes": reached,
        "validation_coverage_percent": 100.0,
        "reachability_percent": round(100 * crowd.total / reached, 2),
        "validated_nodes": crowd.total,
        "networks": dict(crowd.networks.most_common()),
        "source": "opendata",
        "fallback": False,
    }


def _top(view: View, crowd: Crowd, time: int) -> dict[str, object]:
    return {
        "top_asns": [list(row) for row in crowd.asns.most_common(_TOP)],
        "top_user_agents": _user_agents(view, crowd, time)[:_TOP],
    }


def _user_agents(view: View, crowd: Crowd, time: int) -> list[list[object]]:
    """Name, percent of nodes, height."""
    height = view.height_at(time)
    return [
        [agent, round(100 * count / crowd.total, 2), height]
        for agent, count in Counter(crowd.user_agents).most_common()
    ]


def _full(view: View, head: dict[str, object], crowd: Crowd, time: int) -> bytes:
    nodes, tip = view.world.nodes, view.height_at(time)
    leads = nodes.leads[: crowd.total]
    heights = (0 if lead is None else tip + lead for lead in leads)
    rows = (row.text(time, height) for row, height in zip(nodes.rows, heights, strict=False))
    return encode(head)[:-1] + b',"nodes":{' + ",".join(rows).encode() + b"}}"


@routes("/api/v1/nodes/leaderboard/")
def leaderboard(view: View, _args: Mapping[str, str], query: Mapping[str, str]) -> Answer:
    limit, page = min(_number(query, "limit", 10), _LARGEST_PAGE), _number(query, "page", 1)
    nodes = view.world.nodes
    places = range(min(4 * limit * page, len(nodes.population)))
    reachable = [place for place in places if nodes.population[place].network in ("ipv4", "ipv6")]
    rows: list[dict[str, object]] = []
    for rank, place in enumerate(reachable[(page - 1) * limit : page * limit], (page - 1) * limit + 1):
        indexes = {name: 1 - 0.002 * rank * nodes.dice.uniform(rank, number) for number, name in enumerate(_INDEXES)}
        text = {name: f"{value:.4f}" for name, value in indexes.items()}
        peer_index = 10 * sum(indexes.values()) / len(indexes)
        rows.append({"node": nodes.address(place), **text, "peer_index": f"{peer_index:.4f}", "rank": rank})
    return as_json(_paged("/api/v1/nodes/leaderboard/", _LEADERS, limit, page) | {"results": rows})
