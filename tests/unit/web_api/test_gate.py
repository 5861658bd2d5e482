import ipaddress
from dataclasses import dataclass, field

import pytest
from multidict import CIMultiDict

from exporter.configuration.config import ApiConfig
from exporter.web.answer import Ask, Refusal
from exporter.web.clients import client_of, counted_as
from exporter.web.gate import Gate
from exporter.web.limits import Counted, RateLimits, Windows

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(slots=True)
class Time:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Door:
    settings: ApiConfig
    time: Time = field(default_factory=Time)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(lambda: self.settings, Counted(self.time))


@pytest.mark.parametrize(
    ("peer", "forwarded", "want"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, unknown, 10.3.3.3", "10.3.3.3"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("::1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (None, "203.0.113.9", None),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_is_who_the_last_trusted_proxy_says(peer: str | None, forwarded: str, want: str | None) -> None:
    assert client_of(peer, forwarded, PROXIES) == want


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert client_of("10.0.0.1", "203.0.113.9", ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("client", "want"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::2", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "local"),
        (None, "unknown"),
    ],
)
def test_addresses_of_one_subscriber_count_together(client: str | None, want: str) -> None:
    assert counted_as(client) == want


async def refused(door: Door, handler: str, remote: str = "192.0.2.1") -> Refusal | None:
    try:
        await door.gate.admit(Ask("GET", "/", remote=remote), handler)
    except Refusal as refusal:
        return refusal
    return None


async def test_the_limit_is_reached_by_one_more_than_it_allows_and_lifted_in_time() -> None:
    door = Door(ApiConfig(rate_limits={"default": "3/minute"}))
    assert [await refused(door, "sources") for _ in range(3)] == [None] * 3
    door.time.now += 20
    refusal = await refused(door, "sources")
    assert refusal is not None
    assert (refusal.status, refusal.headers) == (429, {"Retry-After": "40"})
    assert "3 per 1 minute" in refusal.detail
    door.time.now += 40
    assert await refused(door, "sources") is None


async def test_requests_that_come_again_count_with_the_others_and_reach_the_same_limit() -> None:
    door = Door(ApiConfig(rate_limits={"default": "4/minute"}))
    again = door.gate.admission(Ask("GET", "/", remote="192.0.2.1"), "sources")
    assert again is not None
    again()
    assert await refused(door, "sources") is None
    again()
    again()
    door.time.now += 20
    with pytest.raises(Refusal, match="4 per 1 minute") as caught:
        again()
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "40"})
    assert await refused(door, "sources") is not None
    door.time.now += 40
    again()


async def test_limits_are_for_each_endpoint_and_each_client() -> None:
    door = Door(ApiConfig(rate_limits={"default": "1/minute", "score_latest": "2/minute"}))
    first = [await refused(door, name) is None for name in ("sources", "sources", "docs", "docs")]
    assert first == [True, False, True, False]
    assert [await refused(door, "score_latest") is None for _ in range(3)] == [True, True, False]
    assert await refused(door, "sources", "192.0.2.2") is None


async def test_without_a_default_only_what_is_named_is_limited() -> None:
    door = Door(ApiConfig(rate_limits={"docs": "1/day"}))
    assert [await refused(door, "sources") for _ in range(100)] == [None] * 100


async def test_a_reload_changes_limits_and_keeps_the_counters() -> None:
    door = Door(ApiConfig(rate_limits={"default": "5/minute"}))
    for _ in range(3):
        assert await refused(door, "sources") is None
    door.settings = ApiConfig(rate_limits={"default": "5/minute", "docs": "1/minute"})
    assert [await refused(door, "sources") is None for _ in range(3)] == [True, True, False]


async def test_counters_of_many_clients_stay_within_their_bound() -> None:
    windows = Windows(Time(), most=100)
    for number in range(10_000):
        windows.incr(f"client {number}", 60)
    assert windows.reset() == 100
    limits = RateLimits({"default": "1/minute"}, Counted(Time(), most=2))
    await limits.take("docs", "first")
    for client in ("second", "third"):
        await limits.take("docs", client)
    await limits.take("docs", "first")


def test_a_clock_set_back_does_not_lock_anybody_out() -> None:
    time = Time()
    windows = Windows(time)
    assert [windows.incr("a", 60), windows.incr("a", 60)] == [1, 2]
    time.now -= 3_600
    assert windows.incr("a", 60) == 1


@pytest.mark.parametrize(
    ("trusted", "host", "allowed"),
    [
        ((), "anything", True),
        (("scores.example.org",), "scores.example.org", True),
        (("scores.example.org",), "Scores.Example.ORG:9833", True),
        (("scores.example.org",), "example.org", False),
        (("*.example.org",), "scores.example.org", True),
        (("*.example.org",), "example.org", False),
        (("*.example.org",), "evilexample.org", False),
        (("*.example.org",), ".example.org", False),
        (("*.example.org",), "a.example.org", True),
        (("scores.example.org",), "scores.example.org.:9833", True),
        (("*",), "anything", True),
        (("::1",), "[::1]:9833", True),
        (("scores.example.org",), "", False),
        (("scores.example.org",), "[", False),
        (("scores.example.org",), "evil@scores.example.org", False),
        (("scores.example.org",), "scores.example.org/evil", False),
        (("scores.example.org",), "scores.example.org\\.evil", False),
        (("2001:db8::1",), "[2001:db8::1]", True),
        (("2001:db8::1",), "[2001:db8::2]", False),
    ],
)
async def test_only_trusted_hosts_are_answered(trusted: tuple[str, ...], host: str, allowed: bool) -> None:
    door = Door(ApiConfig(trusted_hosts=trusted))
    ask = Ask("GET", "/", headers={"Host": host})
    if allowed:
        await door.gate.admit(ask, "docs")
        return
    with pytest.raises(Refusal, match="Host: expected one of") as caught:
        await door.gate.admit(ask, "docs")
    assert caught.value.status == 400


def test_headers_that_were_sent_several_times_are_one_list() -> None:
    door = Door(ApiConfig(trusted_proxies=("10.0.0.0/8",)))
    headers = CIMultiDict([("X-Forwarded-For", "203.0.113.1"), ("x-forwarded-for", "203.0.113.2")])
    assert door.gate.identified(Ask("GET", "/", headers=headers, remote="10.0.0.1")).remote == "203.0.113.2"


PAGE = "https://status.example.org"


@pytest.mark.parametrize(
    ("origins", "origin", "want"),
    [
        ((), PAGE, None),
        ((PAGE,), PAGE, PAGE),
        (("*",), PAGE, PAGE),
        (("https://Status.Example.org:443",), PAGE, PAGE),
        (("http://status.example.org:80",), "http://status.example.org", "http://status.example.org"),
        (("https://status.example.org:8443",), PAGE, ""),
        ((PAGE,), "https://evil.example.org", ""),
        ((PAGE,), "null", ""),
        ((PAGE,), None, ""),
    ],
)
def test_only_listed_origins_may_read(origins: tuple[str, ...], origin: str | None, want: str | None) -> None:
    door = Door(ApiConfig(cors_origins=origins))
    headers = {} if origin is None else {"Origin": origin}
    sharing = door.gate.sharing(Ask("GET", "/", headers=headers))
    assert (None if sharing is None else sharing.get("Access-Control-Allow-Origin", "")) == want
    if want:
        assert sharing == {"Access-Control-Allow-Origin": want, "Access-Control-Expose-Headers": "ETag, Retry-After"}


def test_a_preflight_is_answered_for_listed_origins_and_refused_for_others() -> None:
    door = Door(ApiConfig(cors_origins=(PAGE,)))
    question = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    answer = door.gate.preflight(Ask("OPTIONS", "/", headers=question), "GET, HEAD")
    assert answer is not None
    assert (answer.status, answer.headers) == (
        204,
        {
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "Authorization, If-None-Match",
            "Access-Control-Max-Age": "600",
        },
    )
    assert door.gate.preflight(Ask("GET", "/", headers=question), "GET, HEAD") is None
    assert door.gate.preflight(Ask("OPTIONS", "/", headers={"Origin": PAGE}), "GET, HEAD") is None
    with pytest.raises(Refusal, match="Origin: expected one of"):
        door.gate.preflight(Ask("OPTIONS", "/", headers=question | {"Origin": "https://evil"}), "GET, HEAD")
