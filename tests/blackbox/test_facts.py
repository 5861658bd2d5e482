"""Seven facts a person on call relies on, each shown on running processes."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.consensus import AGREEMENTS
from exporter.derived import DERIVED
from exporter.sources.registry import origins
from exporter.spec import Endpoint, Source
from scoring.methodology import METHOD
from scoring.reading import series
from tests.blackbox.machine_room import NOTHING, SOURCES, Page, Program, Room, get, send, until, upstream_calls
from tests.blackbox.upstream import Quote, coingecko

PRICE = 'btchealth_price_usd{source="coingecko"}'
PRICE_TIME = 'btchealth_endpoint_data_timestamp_seconds{endpoint="simple_price",source="coingecko"}'
OVERALL = "btchealth_overall_score"
SECOND_IN_USE = r'^btchealth_base_url_active\{.*position="1"\} 1(\.0)?$'
ONCE = "2h"  # an interval longer than any test
# Families of the process itself and of collection; all other lines are domain values and scores.
OWN = (
    r"^(btchealth_(exporter|http|cache|fetch|source|endpoint|base_url|breaker|rate|next_poll|rejected|unknown|clock|event_loop)"
    r"|process|python)"
)

# Figures of a pillar and of the whole that say how much is known; the score itself is held.
BOUNDS = ("score_lower_bound", "score_upper_bound", "coverage_ratio")


def domain(page: Page) -> list[str]:
    return [line for line in page.text.splitlines() if not line.startswith("#") and not re.match(OWN, line)]


def moved_by(source: str, endpoint: str) -> frozenset[str]:
    """Selectors that may change with one endpoint: what it says, what follows from that, and the scores of that."""
    read = {
        metric
        for metric, places in origins().items()
        for owner, one, _ in places
        if is_one(owner, one, source, endpoint)
    }
    moved = {
        selector
        for metric in read
        for selector in metric.selectors()
        if 'source="' not in selector or f'"{source}"' in selector
    }
    moved |= {
        one.name for agreed in AGREEMENTS if agreed.quantity in read for one in (agreed.value, agreed.disagreement)
    }
    for derived in DERIVED:
        if any(selector in moved for choice in derived.inputs for selector in choice):
            moved.add(series(derived.metric.name, **derived.labels))
    for pillar in METHOD.pillars:
        for one in pillar.indicators:
            if moved & set(one.selectors):
                figures = ("score", "covered", "weight_ratio", "points_lost")
                moved |= {series(f"btchealth_indicator_{what}", indicator=one.id, pillar=pillar.id) for what in figures}
                moved |= {f'btchealth_pillar_{what}{{pillar="{pillar.id}"}}' for what in BOUNDS}
    return frozenset(moved | {f"btchealth_overall_{what}" for what in BOUNDS})


def is_one(source: Source, endpoint: Endpoint, *names: str) -> bool:
    return (source.name, endpoint.name) == names


def still(page: Page, moving: frozenset[str]) -> list[str]:
    return [line for line in domain(page) if line.rpartition(" ")[0] not in moving]


def endpoints(page: Page) -> list[tuple[str, str]]:
    found = (dict(re.findall(r'(\w+)="(\w+)"', line)) for line in page.lines(r"^btchealth_endpoint_up\{"))
    return [(labels["source"], labels["endpoint"]) for labels in found]


def once(page: Page, max_age: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A configuration that asks each endpoint once; `max_age` by endpoint name makes its data leave early."""
    sources: dict[str, Any] = {}
    for source, endpoint in endpoints(page):
        keys = {"interval": ONCE}
        if max_age and endpoint in max_age:
            keys["max_age"] = max_age[endpoint]
        sources.setdefault(source, {"endpoints": {}})["endpoints"][endpoint] = keys
    return {"sources": sources}


def names(room: Room) -> Page:
    """A page with every endpoint's name, from a process without any upstream."""
    program = room.exporter({source: ["http://127.0.0.1:9"] for source in SOURCES})
    page = program.scrape()
    program.stop()
    room.forget_data()
    return page


def complete(program: Program) -> Page | None:
    """A page once every endpoint was asked."""
    page = program.scrape()
    fetched = page.lines(r"^btchealth_fetches_total\{")
    return page if fetched and all(float(line.rsplit(" ", 1)[1]) > 0 for line in fetched) else None


def scored(program: Program) -> Page | None:
    page = complete(program)
    return page if page is not None and page.value(OVERALL) is not None else None


def stamped(page: Page, stamp: int) -> Page | None:
    return page if page.value(PRICE_TIME) == stamp else None


def on_reserve(page: Page) -> Page | None:
    return page if page.lines(SECOND_IN_USE) else None


def without(page: Page, selector: str) -> Page | None:
    return page if page.value(selector) is None else None


def settled(program: Program) -> Page:
    page: Page = until(lambda: complete(program), "every endpoint was asked", 90)
    return page


def test_values_of_a_frozen_upstream_leave_on_time_and_no_line_of_another_source_moves(room: Room) -> None:
    simulator = room.simulator()
    config = once(names(room))
    config["sources"]["coingecko"]["endpoints"]["simple_price"] = {"interval": "3s", "max_age": "12s"}
    quote = Quote()
    with coingecko(quote) as base:
        urls = {source: [f"{simulator.url}/{source}"] for source in SOURCES} | {"coingecko": [base]}
        exporter = room.exporter(urls, config=config)
        settled(exporter)
        stamp = int(time.time())
        quote.say(80_000.0, stamp)
        before: Page = until(lambda: stamped(exporter.scrape(), stamp), "the frozen stamp is shown")
        after: Page = until(lambda: without(exporter.scrape(), PRICE), "the price left")
    assert stamp + 12 <= after.at <= stamp + 12 + 2
    assert quote.asked > 2
    moving = moved_by("coingecko", "simple_price")
    assert PRICE in moving
    assert still(before, moving) == still(after, moving)
    assert len(still(after, moving)) > 0.85 * len(domain(after))
    assert after.value('btchealth_price_usd{source="mempool_space"}') is not None


def test_inputs_withdrawn_one_by_one_leave_the_overall_unchanged_and_only_widen_the_bounds(room: Room) -> None:
    simulator = room.simulator()
    page = names(room)
    steps = {"mempool": "14s", "fees_precise": "17s", "replacements": "20s", "reward_stats": "23s"}
    present = {endpoint for _, endpoint in endpoints(page)}
    exporter = room.exporter(simulator.url, config=once(page, {k: v for k, v in steps.items() if k in present}))
    first: Page = until(lambda: scored(exporter), "an overall score")
    seen, widths = [first.samples[OVERALL]], []
    uncovered: set[str] = set()

    def watched() -> bool:
        scrape = exporter.scrape()
        overall = scrape.value(OVERALL)
        if overall is not None:
            seen.append(overall)
            lost = [float(line.rsplit(" ", 1)[1]) for line in scrape.lines(r"^btchealth_indicator_points_lost\{")]
            assert sum(lost) == pytest.approx(100 - overall, abs=1e-6)
        widths.append(scrape.samples[f"{OVERALL}_upper_bound"] - scrape.samples[f"{OVERALL}_lower_bound"])
        uncovered.update(line.split(" ")[0] for line in scrape.lines(r"^btchealth_indicator_covered\{.* 0(\.0)?$"))
        return len(uncovered) >= 3

    until(watched, "three indicators are held", 40)
    assert set(seen) == {seen[0]}
    assert widths == sorted(widths)
    assert widths[-1] > widths[0]


def test_five_restarts_make_no_call_upstream_and_change_no_data_time(room: Room) -> None:
    simulator = room.simulator()
    config = once(names(room))
    exporter = room.exporter(simulator.url, config=config)
    times = settled(exporter).lines(r"^btchealth_endpoint_data_timestamp_seconds\{")
    assert len(times) > 50
    exporter.stop()
    calls = upstream_calls(simulator)
    for _ in range(5):
        exporter = room.exporter(simulator.url, config=config)
        until(exporter.ready, "ready from storage", 10)
        assert exporter.scrape().lines(r"^btchealth_endpoint_data_timestamp_seconds\{") == times
        exporter.stop()
    assert upstream_calls(simulator) == calls


def test_a_body_stamped_in_the_future_loses_to_a_good_one_after_it(room: Room) -> None:
    quote = Quote()
    config = {
        "sources": {source: {"enabled": source == "coingecko"} for source in SOURCES}
        | {"coingecko": {"endpoints": {"simple_price": {"interval": "2s", "max_age": "1h"}}}}
    }
    with coingecko(quote) as base:
        exporter = room.exporter({"coingecko": [base]}, config=config)
        until(lambda: exporter.scrape().value(PRICE) == 80_000, "a first price")
        now = exporter.scrape().at
        quote.say(1.0, stamp=now + 3 * 3600)
        refused = 'btchealth_fetch_failures_total{endpoint="simple_price",reason="future",source="coingecko"}'
        until(lambda: exporter.scrape().samples[refused] > 0, "the future is refused")
        assert exporter.scrape().value(PRICE) == 80_000
        quote.say(81_000.0)
        until(lambda: exporter.scrape().value(PRICE) == 81_000, "the good body after it counts")


def test_failover_moves_one_endpoint_and_no_other(room: Room) -> None:
    first, second = room.simulator(), room.simulator()
    send("POST", f"{first.url}/scenario/outage?source=mempool_space&how=503&path=/api/v1/prices")
    urls = {source: [f"{first.url}/{source}", f"{second.url}/{source}"] for source in SOURCES}
    exporter = room.exporter(urls)
    settled(exporter)
    page: Page = until(lambda: on_reserve(exporter.scrape()), "an endpoint is on the second base URL")
    assert [line.split(",")[1] for line in page.lines(SECOND_IN_USE)] == ['endpoint="prices"']
    until(lambda: exporter.scrape().value('btchealth_price_usd{source="mempool_space"}'), "the price is there")


def test_two_scrapes_two_seconds_apart_show_cpu_time_moving_and_exactly_the_requests_made(room: Room) -> None:
    exporter = room.exporter(room.simulator().url)
    settled(exporter)
    NOTHING.wait(1.1)
    first = exporter.scrape()
    for _ in range(7):
        exporter.scrape()
    NOTHING.wait(2)
    second = exporter.scrape()

    def requests(page: Page) -> float:
        return sum(float(line.rsplit(" ", 1)[1]) for line in page.lines(r"^btchealth_http_requests_total\{"))

    assert requests(second) - requests(first) == 8  # the first one itself and the seven
    assert second.samples["process_cpu_seconds_total"] > first.samples["process_cpu_seconds_total"]


def test_the_accept_header_of_prometheus_3_is_answered_with_openmetrics(room: Room) -> None:
    exporter = room.exporter({source: ["http://127.0.0.1:9"] for source in SOURCES})
    accept = (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    status, body, headers = get(f"{exporter.url}/metrics", Accept=accept)
    assert status == 200
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert body.endswith(b"# EOF\n")


def test_a_thousand_scrapes_make_no_call_upstream(room: Room) -> None:
    simulator = room.simulator()
    exporter = room.exporter(simulator.url, config=once(names(room)))
    settled(exporter)
    calls = upstream_calls(simulator)
    for _ in range(1000):
        assert get(f"{exporter.url}/metrics")[0] == 200
    assert upstream_calls(simulator) == calls
