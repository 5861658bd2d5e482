import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from exporter.web.answer import Ask
from exporter.web.landing import landing_page, rendered, span
from tests.unit.web.world import BROKEN, SOURCE, TIP, world

EMPTY = {"meta", "link", "br"}


class Outline(HTMLParser):
    """Fails on a tag that is not closed; collects headings, links and cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.links: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.setdefault(self.open[-1] if self.open else "", []).append(data.strip())


LINKS = {"Metrics": "metrics"}


def test_a_person_sees_the_score_what_moved_it_and_the_sources() -> None:
    text = rendered(world(replace(SOURCE, endpoints=(TIP, BROKEN))), "1.2.3", LINKS)
    outline = Outline(text)
    assert outline.found["h2"] == ["Pillars", "What costs points", "Sources"]
    assert "btc-health 1.2.3" in outline.found["p"]
    assert "2026-09-21" in text
    cells = outline.found["td"]
    assert {"mempool_space", "tip", "up", "90 s", "in 30 s", "none"} <= set(cells)
    assert {"broken", "down", "no data", "not planned"} <= set(cells)
    assert "timeout, 2 h ago: no answer from" in text


def test_text_from_outside_cannot_become_markup() -> None:
    assert "&lt;host&gt;" in rendered(world(replace(SOURCE, endpoints=(BROKEN,))), "1", LINKS)


def test_a_withheld_score_is_said_in_words() -> None:
    text = rendered(world(fresh=False), "1", LINKS)
    assert "withheld" in text
    assert "(too little fresh data)" in text
    assert "Unknown while the score is withheld." in text


async def test_nothing_but_the_pages_own_style_is_allowed_and_links_hold_behind_a_prefix() -> None:
    answer = await landing_page(world, "1", "/m/metrics")(Ask("GET", "/"))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    text = answer.body.decode()
    assert not re.search(r"<script|style=|onclick|https?://", text)
    links = Outline(text).links
    assert "m/metrics" in links
    assert not [link for link in links if link.startswith("/")]


async def test_the_page_is_made_once_a_world_and_who_has_it_already_gets_no_body() -> None:
    worlds = [world()]
    page = landing_page(lambda: worlds[-1], "1", "/metrics")
    first = await page(Ask("GET", "/"))
    assert (await page(Ask("GET", "/"))) is first
    assert first.headers["Cache-Control"] == "max-age=5"
    again = await page(Ask("GET", "/", headers={"If-None-Match": first.headers["ETag"]}))
    assert (again.status, again.body) == (304, b"")
    worlds.append(world(fresh=False))
    assert (await page(Ask("GET", "/"))).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_a_span_of_time_is_short(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_due_and_nothing_lost_have_their_words() -> None:
    late = replace(SOURCE, endpoints=(replace(TIP, next_poll=0.0),))
    assert "<td>due</td>" in rendered(world(late), "1", LINKS)
    card = world().scorecard
    pillars = tuple(
        replace(pillar, indicators=tuple(replace(one, points_lost=0.0) for one in pillar.indicators))
        for pillar in card.pillars
    )
    perfect = replace(world(), scorecard=replace(card, overall=100.0, pillars=pillars))
    assert "<p>Nothing.</p>" in rendered(perfect, "1", LINKS)
