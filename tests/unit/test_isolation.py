"""Tests really are kept away from the outside."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import machine

OUTSIDE_ADDRESS = "192.0.2.1"  # set aside for documentation (RFC 5737)
SETTINGS_IN_A_TEST = """
import os
def test_settings():
    assert [name for name in os.environ if name.startswith(("BTC_HEALTH_", "HTTPS_PROXY"))] == []
"""


def test_a_test_cannot_connect_to_the_outside() -> None:
    with socket.socket() as outside, pytest.raises(UserWarning, match=OUTSIDE_ADDRESS):
        outside.connect((OUTSIDE_ADDRESS, 80))


def test_a_test_cannot_resolve_a_name() -> None:
    with pytest.raises(socket.gaierror, match=r"mempool\.space"):
        socket.getaddrinfo("mempool.space", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", None])
def test_a_test_can_resolve_loopback(host: str | None) -> None:
    assert socket.getaddrinfo(host, 80)


def test_settings_of_the_machine_do_not_reach_a_test(tmp_path: Path) -> None:
    foreign = {"BTC_HEALTH_CACHE__REDIS_URL": "redis://elsewhere", "HTTPS_PROXY": "http://elsewhere"}
    file = tmp_path / "test_settings.py"
    file.write_text(SETTINGS_IN_A_TEST, encoding="utf-8")
    # In a process of its own: the variables must be there before pytest starts.
    command = (sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", "pyproject.toml", str(file))
    done = subprocess.run(command, cwd=machine.ROOT, env=os.environ | foreign, capture_output=True, check=False)
    assert b"1 passed" in done.stdout, done.stdout.decode()


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
@pytest.mark.parametrize("ask", [lambda: machine.tool("no-such-tool"), machine.recorded], ids=["tool", "recorded"])
def test_what_the_machine_lacks_is_left_out_for_a_user_and_fails_in_ci(
    ci: str, outcome: type[BaseException], ask: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(machine, "RECORDED", tmp_path / "absent")
    with pytest.raises(outcome, match=r"no-such-tool is not installed|no folder of recorded responses"):
        ask()
