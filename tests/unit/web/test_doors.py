import base64
import errno
import resource
import socket
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest

from exporter.configuration.scalars import Address
from exporter.errors import ConfigError
from exporter.web.answer import Ask, Refusal
from exporter.web.doors import Doors
from exporter.web.listen import bind, connections_at_most, name_of, passed_by_systemd
from exporter.web.webconfig import WebFileContent

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
HASHES = {"prometheus": HASH}


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def loaded(**sections: Any) -> Any:
    return SimpleNamespace(content=WebFileContent(**sections))


ASK = Ask("GET", "/metrics")
MUTUAL = {
    "cert": "c", "key": "k", "client_ca": "ca", "client_auth_type": "RequireAndVerifyClientCert",
    "client_allowed_sans": ["prometheus.example"],
}  # fmt: skip


async def test_without_a_file_everybody_enters_and_nobody_is_known() -> None:
    assert await Doors(lambda: 0.0).admit(ASK, loaded()) is None


async def test_who_is_not_known_is_asked_for_a_password() -> None:
    with pytest.raises(Refusal) as caught:
        await Doors(lambda: 0.0).admit(ASK, loaded(basic_auth_users=HASHES))
    assert caught.value.status == 401
    assert caught.value.headers == {"WWW-Authenticate": 'Basic realm="btc-health"'}


async def test_who_is_known_enters_by_name() -> None:
    ask = Ask("GET", "/metrics", headers={"Authorization": basic("prometheus", "secret")})
    assert await Doors(lambda: 0.0).admit(ask, loaded(basic_auth_users=HASHES)) == "prometheus"


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
    ask = replace(ASK, certificate=certificate)
    if admitted:
        assert await doors.admit(ask, given) is None
    else:
        with pytest.raises(Refusal, match="none of the names"):
            await doors.admit(ask, given)


async def test_the_rate_limit_lets_a_burst_in_and_then_one_an_interval() -> None:
    now = 100.0
    doors, given = Doors(lambda: now), loaded(rate_limit={"interval": "2s", "burst": 3})
    for _ in range(3):
        await doors.admit(ASK, given)
    with pytest.raises(Refusal) as caught:
        await doors.admit(ASK, given)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "2"})
    now += 2
    await doors.admit(ASK, given)
    with pytest.raises(Refusal):
        await doors.admit(ASK, given)


async def test_a_changed_rate_limit_starts_anew() -> None:
    doors = Doors(lambda: 0.0)
    await doors.admit(ASK, loaded(rate_limit={"interval": "1h", "burst": 1}))
    await doors.admit(ASK, loaded(rate_limit={"interval": "1h", "burst": 2}))


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


def test_a_socket_that_does_not_accept_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        monkeypatch.setattr("exporter.web.listen.FIRST_PASSED", one.dup().detach())
        with pytest.raises(ConfigError, match="expected sockets that accept: ListenStream= with Accept=no"):
            passed_by_systemd({"LISTEN_PID": "7", "LISTEN_FDS": "1"}, process=7)


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "most"),
    [
        (1_024, 524_288, 16_384, 16_384),
        (1_024, 1_024, 16_384, 824),
        (20_000, 20_000, 16_384, 16_384),
        (16_584, 16_584, 16_384, 16_384),
        (16_583, 16_583, 16_384, 16_383),
        (256, 256, 16_384, 128),
        (1_024, resource.RLIM_INFINITY, 16_384, 824),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 16_384, 16_384),
    ],
)
def test_connections_are_as_many_as_the_system_allows_beside_our_own_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, wanted: int, most: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, changed: limits.append(changed))
    assert connections_at_most(wanted) == most
    assert limits[-1][1] == hard
