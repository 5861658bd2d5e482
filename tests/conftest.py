"""Keeps every test away from the outside: no foreign settings, no name resolution, no network but loopback."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import machine

hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")

FOREIGN_SETTINGS = ("BTC_HEALTH_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write the expected pages anew instead of comparing")


@pytest.fixture(scope="session", autouse=True)
def no_foreign_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(FOREIGN_SETTINGS):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_outside_names() -> Iterator[None]:
    """pytest-socket stops connections; this stops the look-up before them, as on a machine without a network."""
    resolve = socket.getaddrinfo

    def resolve_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", "0.0.0.0", "::", *LOOPBACK):  # noqa: S104  only compared with, nothing listens
            raise socket.gaierror(socket.EAI_NONAME, f"tests may not resolve {name!r}")
        return resolve(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve_loopback)
        yield


@pytest.fixture
def recorded() -> Path:
    return machine.recorded()


@pytest.fixture
def tool() -> Callable[[str], Path]:
    return machine.tool


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the committed file of that name beside the test, or write it under --refresh-golden."""

    def compare(name: str, text: str) -> None:
        file = request.path.parent / name
        if request.config.getoption("--refresh-golden"):
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text, f"{file.name} differs; if that is meant: make golden"

    return compare
