"""The units of systemd: without a mistake, hardened, and with flags that exist."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.cli import parser
from exporter.web.listen import BACKLOG
from tests.machine import ROOT, tool

UNITS = ROOT / "deploy" / "systemd"
# Of 10, as `systemd-analyze security` counts: the network itself is most of it.
EXPOSURE = 1.5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The units with a program that exists on this machine."""
    for file in UNITS.iterdir():
        text = file.read_text().replace("/opt/btc-health/bin/btc-health", f"{sys.executable} -m exporter")
        (tmp_path / file.name).write_text(text)
    return tmp_path


def unit(name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    read.read(UNITS / name)
    return read


def analyzed(*arguments: str) -> str:
    done = subprocess.run([tool("systemd-analyze"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_finds_no_mistake(folder: Path) -> None:
    assert analyzed("verify", *map(str, folder.iterdir())) == ""


def test_the_service_can_do_little_beyond_its_work(folder: Path) -> None:
    said = analyzed("security", "--offline=true", "--no-pager", str(folder / "btc-health.service"))
    exposure = re.search(r"Overall exposure level for btc-health.service: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE


def test_the_service_sees_what_metrics_of_its_process_are_made_of() -> None:
    """Without /proc/stat client_python tells none of `process_...`."""
    assert unit("btc-health.service")["Service"].get("ProcSubset", "all") == "all"


def test_the_service_starts_the_exporter_on_the_sockets_of_its_socket_unit() -> None:
    program, *arguments = shlex.split(unit("btc-health.service")["Service"]["ExecStart"])
    assert program.endswith("/btc-health")
    given = vars(parser().parse_args(arguments))
    assert given["web.systemd-socket"] is True
    assert "btc-health.socket" in unit("btc-health.service")["Unit"]["Requires"]
    assert str(given["storage.path"]).startswith("/var/lib/btc-health/")
    assert unit("btc-health.socket")["Socket"].get("Accept", "no") == "no"
    assert int(unit("btc-health.socket")["Socket"]["Backlog"]) == BACKLOG
