import gzip
import json
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from exporter.errors import ConfigError
from exporter.exposition.page import Family, Kind, Series
from exporter.exposition.publication import Publication
from exporter.web.answer import Answer, Ask, Handler, Refusal, problem
from exporter.web.health import collector, health_page, healthy, ready_page
from exporter.web.metrics_page import MetricsPage
from exporter.web.reload import reload_page
from exporter.web.site import prefix_of
from tests.unit.web.world import BROKEN, SOURCE, TIP, world

GET = Ask("GET", "/")
LOCAL = Ask("POST", "/-/reload", remote="127.0.0.1")


def decoded(answer: Answer) -> Any:
    return json.loads(answer.body)


async def test_alive_is_said_without_looking_at_anything() -> None:
    assert (await healthy(GET)).status == 200


@pytest.mark.parametrize(
    ("sources_known", "fresh", "status", "text"),
    [
        ((SOURCE,), True, 200, "btc-health is ready.\n"),
        ((SOURCE,), False, 200, "btc-health is ready; the overall score is withheld at a coverage of 0.00.\n"),
        (
            (replace(SOURCE, tried=False), replace(SOURCE, name="bitnodes", tried=False)), True, 503,
            "btc-health is not ready: no poll yet of mempool_space, bitnodes.\n",
        ),
    ],
)  # fmt: skip
async def test_ready_says_what_is_missing(sources_known: tuple[Any, ...], fresh: bool, status: int, text: str) -> None:
    answer = await ready_page(lambda: world(*sources_known, fresh=fresh))(GET)
    assert (answer.status, answer.body.decode()) == (status, text)


@pytest.mark.parametrize(
    ("source", "want"),
    [
        (SOURCE, "healthy"),
        (replace(SOURCE, endpoints=(TIP, BROKEN)), "degraded"),
        (replace(SOURCE, up=False, endpoints=(BROKEN,)), "unhealthy"),
    ],
)
def test_a_collector_is_as_well_as_its_endpoints(source: Any, want: str) -> None:
    assert collector(source) == want


@pytest.mark.parametrize(
    ("source", "fresh", "storage", "cache", "status", "overall"),
    [
        (SOURCE, True, True, True, 200, "healthy"),
        (SOURCE, True, False, True, 200, "degraded"),
        (SOURCE, True, True, False, 200, "degraded"),
        (replace(SOURCE, endpoints=(TIP, BROKEN)), True, True, True, 200, "degraded"),
        (replace(SOURCE, up=False, endpoints=(BROKEN,)), False, True, True, 503, "unhealthy"),
    ],
)
async def test_health_is_bad_only_when_nothing_can_be_served(
    source: Any, fresh: bool, storage: bool, cache: bool, status: int, overall: str
) -> None:
    now, names = world(source, fresh=fresh), ("mempool_space", "bitnodes")
    page = health_page(lambda: now, names, "1.2.3", lambda: storage, lambda: cache)
    answer = await page(GET)
    body = decoded(answer)
    assert (answer.status, body["status"], body["version"]) == (status, overall, "1.2.3")
    assert body["collectors"] == {"mempool_space": collector(source), "bitnodes": "disabled"}
    assert body["database"] == ("healthy" if storage else "unhealthy")
    assert body["cache"] == ("healthy" if cache else "degraded")


class Reload:
    def __init__(self, problem: str | None = None) -> None:
        self.problem, self.calls = problem, 0
        self.page: Handler = reload_page(self.reload)

    async def reload(self) -> None:
        self.calls += 1
        if self.problem:
            raise ConfigError(self.problem)


@pytest.mark.parametrize(
    "ask",
    [
        LOCAL,
        replace(LOCAL, remote="::1"),
        replace(LOCAL, remote="::ffff:127.0.0.1"),
        replace(LOCAL, remote=""),
        replace(LOCAL, remote="192.0.2.1", user="ops"),
        replace(LOCAL, remote=None, user="ops"),
        replace(LOCAL, headers={"X-Forwarded-For": "192.0.2.1"}, user="ops"),
        replace(LOCAL, headers={"Sec-Fetch-Site": "same-origin"}),
    ],
)
async def test_who_is_here_or_known_may_reload(ask: Ask) -> None:
    reload = Reload()
    assert (await reload.page(ask)).status == 200
    assert reload.calls == 1


@pytest.mark.parametrize(
    "ask",
    [
        replace(LOCAL, remote="192.0.2.1"),
        replace(LOCAL, remote="::ffff:192.0.2.1"),
        replace(LOCAL, remote="somewhere"),
        replace(LOCAL, remote=None),
        replace(LOCAL, remote="", headers={"X-Forwarded-For": "192.0.2.1"}),
        replace(LOCAL, headers={"X-Forwarded-For": "192.0.2.1"}),
        replace(LOCAL, headers={"Forwarded": "for=192.0.2.1"}),
        replace(LOCAL, headers={"X-Real-IP": "192.0.2.1"}),
        replace(LOCAL, headers={"Sec-Fetch-Site": "cross-site"}),
        replace(LOCAL, headers={"Sec-Fetch-Site": "same-site"}),
        replace(LOCAL, headers={"Sec-Fetch-Site": "same-site"}, user="ops"),
    ],
)
async def test_others_may_not_reload(ask: Ask) -> None:
    reload = Reload()
    with pytest.raises(Refusal) as caught:
        await reload.page(ask)
    assert caught.value.status == 403
    assert reload.calls == 0


async def test_a_reload_that_failed_says_why() -> None:
    answer = await Reload("c.yml:1: storage.pth: got 'x', expected one of the keys path, retention").page(LOCAL)
    assert answer.status == 500
    assert "storage.pth" in decoded(answer)["detail"]


def metrics(query: str = "", **headers: str) -> Awaitable[Answer]:
    family = Family("btchealth_x", Kind.GAUGE, "X.", "", (Series((("source", "bitnodes"),), 1.0, "bitnodes"),))
    publication = Publication(list, lambda: 0.0)
    publication.update([family])
    names = {"btchealth_x", "btchealth_absent"}
    page = MetricsPage(publication, lambda: names, ("bitnodes", "coingecko"))
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return page(Ask("GET", "/metrics", query, named))


async def test_the_page_is_text_unless_something_else_is_asked_for() -> None:
    answer = await metrics()
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers == {"Vary": "Accept, Accept-Encoding"}
    assert b'btchealth_x{source="bitnodes"} 1\n' in answer.body


async def test_the_page_is_compressed_on_request_only() -> None:
    answer = await metrics(Accept_Encoding="gzip", Accept="application/openmetrics-text")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.body.startswith(b"\x1f\x8b")
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("name[]=btchealth_x", True),
        ("name%5B%5D=btchealth_x", True),
        ("name[]=btchealth_absent", False),
        ("collect[]=bitnodes", True),
        ("collect[]=coingecko", False),
        ("exclude[]=coingecko", True),
        ("exclude[]=bitnodes", False),
        ("something=else", True),
        ("name[]=btchealth_x&collect[]=coingecko", False),
    ],
)
async def test_a_scrape_may_choose(query: str, shown: bool) -> None:
    plain, packed = await metrics(query), await metrics(query, Accept_Encoding="gzip")
    assert (b"btchealth_x{" in plain.body) is shown
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("name[]=nothing", "name[]: expected a metric family, got 'nothing'"),
        ("name[]=", "name[]: expected a metric family, got ''"),
        ("collect[]=nobody", "collect[]: expected one of bitnodes, coingecko, got 'nobody'"),
        ("exclude[]=nobody", "exclude[]: expected one of bitnodes, coingecko, got 'nobody'"),
        ("collect[]=bitnodes&exclude[]=coingecko", "collect[] and exclude[]: expected only one of them"),
        ("&".join(["name[]=btchealth_x"] * 101), "query: expected at most 100 parameters"),
    ],
)
async def test_an_unknown_name_is_an_error_and_not_an_empty_page(query: str, detail: str) -> None:
    with pytest.raises(Refusal) as caught:
        await metrics(query)
    assert (caught.value.status, caught.value.detail) == (400, detail)


def test_a_problem_is_a_document_of_rfc_9457() -> None:
    answer = problem(404, "no page '/x' here")
    assert answer.content_type == "application/problem+json"
    assert decoded(answer) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no page '/x' here",
    }


@pytest.mark.parametrize(
    ("route_prefix", "external_url", "prefix"),
    [
        (None, None, ""),
        (None, "https://host.example", ""),
        (None, "https://host.example/btc", "/btc"),
        (None, "https://host.example:8443/a/b", "/a/b"),
        ("/", "https://host.example/btc", ""),
        ("x", "https://host.example/btc", "/x"),
        ("/x/", None, "/x"),
    ],
)
def test_the_prefix_is_the_path_of_the_external_url_unless_given(
    route_prefix: str | None, external_url: str | None, prefix: str
) -> None:
    assert prefix_of(route_prefix, external_url) == prefix
