import asyncio
import base64
import errno
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest

from exporter.configuration.scalars import Address
from exporter.errors import ConfigError
from exporter.web import users as users_module
from exporter.web.answer import Ask, Refusal
from exporter.web.doors import Doors
from exporter.web.listen import bind, name_of, passed_by_systemd
from exporter.web.users import LONGEST, MOST_WAITING, Users
from exporter.web.webconfig import WebFileContent

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
HASHES = {"prometheus": HASH}


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that bcrypt was asked about."""
    asked: list[bytes] = []

    def count(password: bytes, hashed: bytes) -> bool:
        asked.append(hashed)
        return bcrypt.checkpw(password, hashed)

    monkeypatch.setattr(users_module, "bcrypt", SimpleNamespace(checkpw=count))
    return asked


@pytest.mark.parametrize(
    ("authorization", "user"),
    [
        (basic("prometheus", "secret"), "prometheus"),
        (basic("prometheus", "secret").replace("Basic", "basic"), "prometheus"),
        (basic("prometheus", "wrong"), None),
        (basic("somebody", "secret"), None),
        (basic("prometheus", "secret\0"), None),
        (basic("prometheus", "s" * 80), None),
        (None, None),
        ("", None),
        ("Bearer abc", None),
        ("Basic ***", None),
        ("Basic " + base64.b64encode(b"no colon").decode(), None),
        ("Basic " + base64.b64encode(b"\xff:x").decode(), None),
    ],
)
async def test_only_the_right_password_opens(authorization: str | None, user: str | None) -> None:
    assert await Users().authenticated(authorization, HASHES) == user


async def test_an_unknown_user_costs_as_much_as_a_known_one(compared: list[bytes]) -> None:
    users = Users()
    await users.authenticated(basic("prometheus", "wrong"), HASHES)
    await users.authenticated(basic("somebody", "wrong"), HASHES)
    known, unknown = compared
    assert known.split(b"$")[2] == unknown.split(b"$")[2] == b"04"
    assert unknown != HASH.encode()


async def test_where_users_have_hashes_of_different_cost_an_unknown_one_costs_as_the_dearest(
    compared: list[bytes],
) -> None:
    dear = HASH.replace("$04$", "$06$")
    await Users().authenticated(basic("somebody", "wrong"), {"a": HASH, "b": dear, "c": HASH})
    assert [hashed.split(b"$")[2] for hashed in compared] == [b"06"]


async def test_a_password_is_as_long_as_bcrypt_reads_and_no_longer() -> None:
    longest = "s" * LONGEST
    hashes = {"prometheus": bcrypt.hashpw(longest.encode(), bcrypt.gensalt(4)).decode()}
    users = Users()
    assert await users.authenticated(basic("prometheus", longest), hashes) == "prometheus"
    assert await users.authenticated(basic("prometheus", f"{longest}s"), hashes) is None


async def test_a_result_is_remembered_right_or_wrong(compared: list[bytes]) -> None:
    users = Users()
    for _ in range(3):
        assert await users.authenticated(basic("prometheus", "secret"), HASHES)
        assert not await users.authenticated(basic("prometheus", "wrong"), HASHES)
    assert len(compared) == 2


async def test_guessing_does_not_push_out_those_who_know(compared: list[bytes]) -> None:
    users = Users()
    await users.authenticated(basic("prometheus", "secret"), HASHES)
    for number in range(150):
        await users.authenticated(basic("prometheus", f"guess {number}"), HASHES)
    before = len(compared)
    assert await users.authenticated(basic("prometheus", "secret"), HASHES)
    assert len(compared) == before


async def test_requests_that_wait_for_the_same_password_share_one_comparison(compared: list[bytes]) -> None:
    users = Users()
    found = await asyncio.gather(*(users.authenticated(basic("prometheus", "secret"), HASHES) for _ in range(5)))
    assert found == ["prometheus"] * 5
    assert len(compared) == 1


async def test_a_crowd_of_guessers_is_turned_away_but_not_who_is_known() -> None:
    users = Users()
    assert await users.authenticated(basic("prometheus", "secret"), HASHES) == "prometheus"
    guesses = [
        asyncio.create_task(users.authenticated(basic("prometheus", f"guess {number}"), HASHES))
        for number in range(MOST_WAITING + 1)
    ]
    known = await users.authenticated(basic("prometheus", "secret"), HASHES)
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert known == "prometheus"
    assert found[:MOST_WAITING] == [None] * MOST_WAITING
    refused = found[MOST_WAITING]
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.headers) == (503, {"Retry-After": "1"})
    assert await users.authenticated(basic("prometheus", "another guess"), HASHES) is None


async def test_comparison_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def compare(*_: bytes) -> bool:
        threads.append(threading.get_ident())
        return True

    monkeypatch.setattr(users_module, "_compare", compare)
    await Users().authenticated(basic("prometheus", "x"), HASHES)
    assert threads != [threading.get_ident()]


def loaded(**sections: Any) -> Any:
    return SimpleNamespace(content=WebFileContent(**sections))


ASK = Ask("GET", "/metrics")
MUTUAL = {
    "cert": "c", "key": "k", "client_ca": "ca", "client_auth_type": "RequireAndVerifyClientCert",
    "client_allowed_sans": ["prometheus.example"],
}  # fmt: skip


async def test_without_a_file_everybody_enters_and_nobody_is_known() -> None:
    assert await Doors(lambda: 0.0).admit(ASK, None, loaded()) is None


async def test_who_is_not_known_is_asked_for_a_password() -> None:
    with pytest.raises(Refusal) as caught:
        await Doors(lambda: 0.0).admit(ASK, None, loaded(basic_auth_users=HASHES))
    assert caught.value.status == 401
    assert caught.value.headers == {"WWW-Authenticate": 'Basic realm="btc-health"'}


async def test_who_is_known_enters_by_name() -> None:
    ask = Ask("GET", "/metrics", headers={"Authorization": basic("prometheus", "secret")})
    assert await Doors(lambda: 0.0).admit(ask, None, loaded(basic_auth_users=HASHES)) == "prometheus"


@pytest.mark.parametrize(
    ("certificate", "admitted"),
    [
        ({"subjectAltName": (("DNS", "prometheus.example"),)}, True),
        ({"subjectAltName": (("DNS", "other"), ("DNS", "prometheus.example"))}, True),
        ({"subjectAltName": (("DNS", "evil.prometheus.example"),)}, False),
        ({"subjectAltName": ()}, False),
        (None, False),
    ],
)
async def test_a_client_certificate_must_carry_an_allowed_name(certificate: Any, admitted: bool) -> None:
    doors, given = Doors(lambda: 0.0), loaded(tls_server_config=MUTUAL)
    if admitted:
        assert await doors.admit(ASK, certificate, given) is None
    else:
        with pytest.raises(Refusal, match="none of the names"):
            await doors.admit(ASK, certificate, given)


async def test_the_rate_limit_lets_a_burst_in_and_then_one_an_interval() -> None:
    now = 100.0
    doors, given = Doors(lambda: now), loaded(rate_limit={"interval": "2s", "burst": 3})
    for _ in range(3):
        await doors.admit(ASK, None, given)
    with pytest.raises(Refusal) as caught:
        await doors.admit(ASK, None, given)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "2"})
    now += 2
    await doors.admit(ASK, None, given)
    with pytest.raises(Refusal):
        await doors.admit(ASK, None, given)


async def test_a_changed_rate_limit_starts_anew() -> None:
    doors = Doors(lambda: 0.0)
    await doors.admit(ASK, None, loaded(rate_limit={"interval": "1h", "burst": 1}))
    await doors.admit(ASK, None, loaded(rate_limit={"interval": "1h", "burst": 2}))


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_several_addresses_are_listened_on() -> None:
    bound = bind([Address("127.0.0.1", 0), Address("localhost", 0), Address(None, 0)])
    names = [name_of(one) for one in bound]
    for one in bound:
        one.close()
    assert len(bound) >= 3
    assert names[0].startswith("127.0.0.1:")


def test_a_port_in_use_is_named_and_nothing_is_kept_open(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(ConfigError) as caught:
        bind([Address("127.0.0.1", 0), Address("127.0.0.1", port)])
    assert str(caught.value) == (
        f"--web.listen-address: cannot listen on 127.0.0.1:{port}: the port is in use by another process; "
        "stop that or choose another port"
    )


def test_an_address_that_is_not_here_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192.0.2.1:0"):
        bind([Address("192.0.2.1", 0)])


def denied(*_: object, **__: object) -> socket.socket:
    raise PermissionError(errno.EACCES, "Permission denied")


def without_ipv6(_: tuple[str, int], *, family: int, **__: object) -> socket.socket:
    if family == socket.AF_INET6:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    return socket.socket()


def without_any(*_: object, **__: object) -> socket.socket:
    raise OSError(errno.EAFNOSUPPORT, "Address family not supported")


BOTH = [(socket.AF_INET6, 1, 6, "", ("::1", 0, 0, 0)), (socket.AF_INET, 1, 6, "", ("127.0.0.1", 0))]


def test_a_port_that_needs_privileges_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.web.listen.socket.create_server", denied)
    with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1:80: no permission; choose a port from 1024"):
        bind([Address("127.0.0.1", 80)])


def test_one_address_family_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.web.listen.socket.getaddrinfo", lambda *_, **__: BOTH)
    monkeypatch.setattr("exporter.web.listen.socket.create_server", without_ipv6)
    [one] = bind([Address("localhost", 0)])
    one.close()
    monkeypatch.setattr("exporter.web.listen.socket.create_server", without_any)
    with pytest.raises(ConfigError, match="Address family not supported"):
        bind([Address("localhost", 0)])


def test_a_descriptor_that_is_no_socket_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.web.listen.FIRST_PASSED", 987)
    with pytest.raises(ConfigError, match="LISTEN_FDS=1: Bad file descriptor"):
        passed_by_systemd({"LISTEN_PID": "7", "LISTEN_FDS": "1"}, process=7)


def test_systemd_passes_sockets_to_the_process_it_names(taken: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = taken.dup()
    monkeypatch.setattr("exporter.web.listen.FIRST_PASSED", copy.detach())
    [passed] = passed_by_systemd({"LISTEN_PID": "7", "LISTEN_FDS": "1"}, process=7)
    with passed:
        assert name_of(passed) == name_of(taken)


@pytest.mark.parametrize(
    "environ", [{}, {"LISTEN_PID": "8", "LISTEN_FDS": "1"}, {"LISTEN_PID": "7", "LISTEN_FDS": "x"}, {"LISTEN_PID": "7"}]
)
def test_without_a_passed_socket_the_flag_is_a_mistake(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="systemd passed no socket"):
        passed_by_systemd(environ, process=7)
