"""What is to be polled, and which secrets go where."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from exporter.collection.plan import SourcePlan, plans
from exporter.spec import Budget, Endpoint, Source

ENDPOINT = Endpoint("a", "/a", str, {}, lambda _: (), 60.0, 60.0)
ALPHA = Source("alpha", "Alpha", (), Budget(1, 1), (), key_header="x-key")
BETA = Source("beta", "Beta", (), Budget(1, 1), ())


@dataclass(frozen=True)
class Choice:
    base_urls: tuple[str, ...]
    api_key: str | None = None


@dataclass(frozen=True)
class Client:
    proxy: None = None
    ca_file: None = None
    user_agent_contact: None = None
    max_response_bytes: int = 1
    allow_private_addresses: bool = True


@dataclass(frozen=True)
class Settings:
    sources: dict[str, Choice]
    http_client: Client = Client()

    def endpoints(self, source: Source) -> tuple[Endpoint, ...]:
        return (ENDPOINT,) if source.name == "alpha" else ()


def plan(*base_urls: str, api_key: str | None = None) -> SourcePlan:
    (one,) = plans([ALPHA, BETA], Settings({"alpha": Choice(base_urls, api_key), "beta": Choice(base_urls)}))
    return one


def test_only_sources_with_endpoints_are_polled() -> None:
    assert (plan("http://one").name, plan("http://one").endpoints) == ("alpha", (ENDPOINT,))


def test_a_body_belongs_to_the_base_url_it_was_asked_from() -> None:
    one = plan("http://one", "http://two/below")
    asked = ("http://one/a", "http://two/below/a", "http://two/a", "http://three/a")
    assert [one.position(ENDPOINT, url) for url in asked] == [0, 1, None, None]


def test_users_and_passwords_leave_the_base_url_and_go_to_that_one_only() -> None:
    one = plan("https://me:p%40ss@one.example:8443/api", "https://two.example")
    assert one.base_urls == ("https://one.example:8443/api", "https://two.example")
    assert one.secrets(one.base_urls[0]) == {"Authorization": "Basic bWU6cEBzcw=="}
    assert one.secrets(one.base_urls[1]) == {}
    assert plan("http://me@one").secrets("http://one") == {"Authorization": "Basic bWU6"}
    assert "bWU6" not in repr(one)
    assert "p@ss" not in repr(one)


def test_the_key_of_the_api_goes_in_the_header_of_the_source() -> None:
    one = plan("http://one", api_key="hidden")
    assert one.secrets("http://one") == {"x-key": "hidden"}
    assert "hidden" not in repr(one)
    assert replace(one, source=BETA).secrets("http://one") == {}
    assert plan("http://one").secrets("http://one") == {}


@pytest.mark.parametrize(
    "other",
    [
        plan("http://two"),
        plan("http://one", api_key="hidden"),
        plan("http://me:hidden@one"),
        replace(plan("http://one"), endpoints=(replace(ENDPOINT, interval=61.0),)),
        replace(plan("http://one"), endpoints=(replace(ENDPOINT, max_age_override=61.0),)),
    ],
    ids=["another base URL", "a key", "a login", "another interval", "another age"],
)
def test_plans_differ_when_something_is_polled_otherwise(other: SourcePlan) -> None:
    same = replace(plan("http://one"), endpoints=(replace(ENDPOINT),))
    assert same.signature() == plan("http://one").signature()
    assert other.signature() != same.signature()


def test_a_paid_key_goes_under_its_own_name_to_the_host_that_takes_it() -> None:
    source = replace(ALPHA, key_headers={"paid.example": "x-paid-key"})
    urls = ("https://paid.example", "https://free.example", "https://paid.example:8443")
    (one,) = plans([source], Settings({"alpha": Choice(urls, "key")}))
    assert [one.secrets(url) for url in urls] == [{"x-paid-key": "key"}, {"x-key": "key"}, {"x-key": "key"}]
    assert "key" not in repr(one).replace("key_header", "").replace("x-key", "").replace("x-paid-key", "")
