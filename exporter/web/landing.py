"""`/`: the scores, what moved them, and how the sources fare, on one page for a person; no script, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from exporter.collection.statistics import EndpointFigures, SourceFigures
from exporter.scorecards import movers
from exporter.slices import Slices
from exporter.web.answer import HTML, Answer, Ask, Handler
from exporter.web.api.render import FRESH_SECONDS, Kept
from exporter.web.health import WorldNow
from exporter.web.packed import Packed
from exporter.world import World
from scoring.scorecard import PillarResult, Scorecard

MOST_MOVERS: Final = 10

STYLE: Final = files("exporter.web").joinpath("landing.css").read_text(encoding="utf-8")
_TEMPLATE: Final = Template(files("exporter.web").joinpath("landing.html").read_text(encoding="utf-8"))
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def landing_page(world_now: WorldNow, version: str, telemetry_path: str) -> Handler:
    links = {
        "Metrics": telemetry_path.lstrip("/"),
        "Score as JSON": "api/v2/score/latest",
        "Why it is so, as JSON": "api/v2/score/explain",
        "Sources as JSON": "api/v2/sources",
        "Health": "health",
        "Configuration": "config",
        "Ready": "-/ready",
    }

    def writing(world: World) -> Slices[bytes]:
        yield
        return rendered(world, version, links).encode()

    kept = Kept(lambda: (world_now(),), writing, lambda body: Packed(body, HTML, FRESH_SECONDS, POLICY))

    async def landing(ask: Ask) -> Answer:
        return (await kept.renew()).answer(ask)

    return landing


def rendered(world: World, version: str, links: dict[str, str]) -> str:
    """Links are relative, so that they hold behind any prefix."""
    card = world.scorecard
    return _TEMPLATE.substitute(
        style=STYLE,
        overall=points(card.overall),
        overall_note="of 100" if card.overall is not None else "(too little fresh data)",
        as_of=_moment(card.as_of),
        coverage=percent(card.coverage),
        bounds=_bounds(card),
        methodology=escape(card.methodology),
        links="\n".join(f'<li><a href="{escape(path)}">{escape(text)}</a></li>' for text, path in links.items()),
        pillars="\n".join(map(_pillar, card.pillars)),
        lost=_lost(card),
        sources="\n".join(row for source in world.figures for row in _endpoints(source, world.at)),
        version=escape(version),
    )


def points(score: float | None) -> str:
    return "withheld" if score is None else f"{score:.1f}"


def percent(ratio: float) -> str:
    return f"{ratio:.0%}"


def _bounds(card: Scorecard | PillarResult) -> str:
    return f"{card.lower:.1f} to {card.upper:.1f}"


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'


def _row(*cells: str) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _text(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _pillar(pillar: PillarResult) -> str:
    return _row(
        f'<th scope="row">{escape(pillar.title)}</th>',
        _number(points(pillar.score)),
        _number(_bounds(pillar)),
        _number(percent(pillar.coverage)),
        _number(percent(pillar.weight)),
    )


def _lost(card: Scorecard) -> str:
    costs = movers(card)[:MOST_MOVERS]
    if not costs:
        return f"<p>{'Unknown while the score is withheld.' if card.overall is None else 'Nothing.'}</p>"
    rows = "\n".join(
        _row(
            _text(one.title), _text(pillar.title), _number(f"{lost:.1f}"), _number(points(one.score)), _text(one.state)
        )
        for pillar, one, lost in costs
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Indicator", "Pillar", "Points lost", "Score", "State"))
    caption = "<caption>All points lost sum to 100 minus the overall score</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"


def _endpoints(source: SourceFigures, now: float) -> Iterable[str]:
    for endpoint in source.endpoints:
        yield _row(
            _text(source.name),
            _text(endpoint.name),
            _text("up" if endpoint.up else "down"),
            _text(_age(endpoint.data_time, now)),
            _text(_until(endpoint.next_poll, now)),
            _text(_error(endpoint, now)),
        )


def span(seconds: float) -> str:
    """One unit is precise enough to read."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _age(moment: float | None, now: float) -> str:
    return "no data" if moment is None else span(max(now - moment, 0.0))


def _until(moment: float | None, now: float) -> str:
    if moment is None:
        return "not planned"
    return f"in {span(moment - now)}" if moment > now else "due"


def _error(endpoint: EndpointFigures, now: float) -> str:
    error = endpoint.last_error
    return "none" if error is None else f"{error.reason}, {span(max(now - error.at, 0.0))} ago: {error.message}"
