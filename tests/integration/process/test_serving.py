"""`serve` as an operator meets it: starting, stopping, reloading, and what it says when it cannot start."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from exporter.collection.collection import STOP_SECONDS
from exporter.commands.serve import GRACE_SECONDS
from exporter.storage.database import CLOSE_SECONDS
from exporter.storage.file import connect
from tests.blackbox.machine_room import SOURCES, Program, Room, free_port, get, until

NOBODY = {source: ["http://127.0.0.1:9"] for source in SOURCES}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    place = Room(tmp_path)
    yield place
    place.close()


def command(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The exporter as a child that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_without_any_source_the_page_is_up_and_honest(room: Room) -> None:
    exporter = room.exporter(NOBODY)
    page = exporter.scrape()
    assert page.value("btchealth_overall_coverage_ratio") == 0
    assert page.value("btchealth_overall_score") is None
    assert page.value('btchealth_source_up{source="bitnodes"}') == 0
    until(exporter.ready, "ready: every source has been tried")
    status, body, _ = get(f"{exporter.url}/-/ready")
    assert (status, body) == (200, b"btc-health is ready; the overall score is withheld at a coverage of 0.00.\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_code_0_and_no_open_connection_holds_it(room: Room, number: signal.Signals) -> None:
    exporter = room.exporter(NOBODY)
    with socket.create_connection(("127.0.0.1", int(exporter.url.rpartition(":")[2]))):
        exporter.process.send_signal(number)
        assert exporter.process.wait(20) == 0
    assert "msg=stopping" in exporter.output()
    assert "Traceback" not in exporter.output()


def reload_time(exporter: Program) -> float:
    return exporter.scrape().samples["btchealth_exporter_config_last_reload_success_timestamp_seconds"]


def test_sighup_reloads_and_a_bad_file_changes_nothing(room: Room, tmp_path: Path) -> None:
    exporter = room.exporter(NOBODY, config={"log": {"level": "info"}})
    file = tmp_path / "config.yml"
    before = reload_time(exporter)
    file.write_text("log: {level: loud}\n")
    exporter.process.send_signal(signal.SIGHUP)
    successful = "btchealth_exporter_config_last_reload_successful"
    until(lambda: exporter.scrape().value(successful) == 0, "the reload has failed")
    assert reload_time(exporter) == before
    assert "config.yml:1: log.level: got 'loud'" in exporter.output()
    file.write_text("sources: {bitnodes: {enabled: false}}\n")
    exporter.process.send_signal(signal.SIGHUP)
    until(lambda: exporter.scrape().value(successful) == 1, "the reload has succeeded")
    assert reload_time(exporter) > before
    assert exporter.scrape().value('btchealth_source_up{source="bitnodes"}') is None


def test_a_reload_that_needs_a_restart_names_the_key(room: Room, tmp_path: Path) -> None:
    exporter = room.exporter(NOBODY, config={})
    (tmp_path / "config.yml").write_text("storage: {retention: 30d}\n")
    answer = subprocess.run(
        ["curl", "--silent", "--request", "POST", f"{exporter.url}/-/reload"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "storage.retention: changed, which needs a restart" in answer.stdout


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = command(tmp_path, f"--web.listen-address={address}")
    assert done.returncode == 2
    assert done.stderr == (
        f"btc-health: error: --web.listen-address: cannot listen on {address}: the port is in use by another process; "
        "stop that or choose another port\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_corrupt_database_is_set_aside_and_named(room: Room, tmp_path: Path) -> None:
    (tmp_path / "data.sqlite").write_bytes(b"SQLite format 3\0" + b"garbage" * 1000)
    exporter = room.exporter(NOBODY)
    assert "corrupt database set aside" in exporter.output()
    assert len(list(tmp_path.glob("data.sqlite.corrupt-*"))) == 1
    assert get(f"{exporter.url}/health")[0] == 503


def test_a_database_that_another_process_has_to_itself_holds_up_nothing(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "data.sqlite"
    connect(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        exporter = room.exporter(NOBODY)
        until(exporter.ready, "every source has been tried")
        assert json.loads(get(f"{exporter.url}/health")[1])["database"] == "unhealthy"
        other.execute("ROLLBACK")
    until(lambda: json.loads(get(f"{exporter.url}/health")[1])["database"] == "healthy", "the file is used again")
    exporter.stop(20)
    with closing(sqlite3.connect(path)) as after:
        rooms = {name for (name,) in after.execute("SELECT room FROM memory")}
    assert {"endpoints", "hosts", "scoring"} <= rooms


# The system's limit on open files is lowered for it, to see what many clients cost.
ACTIVATE = """
import os, resource, socket, sys
listening = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:3]]
local = socket.socket(socket.AF_UNIX)
local.bind("s")
local.listen()
for passed, one in enumerate([*listening, local], 3):
    os.dup2(one.fileno(), passed)
    os.set_inheritable(passed, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "3"}
resource.setrlimit(resource.RLIMIT_NOFILE, (150, 200))
os.execv(sys.executable, [sys.executable, "-m", "exporter", "--web.systemd-socket"])
"""


def test_sockets_of_systemd_are_served_and_clients_leave_files_for_everything_else(room: Room, tmp_path: Path) -> None:
    ports = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    starting = [sys.executable, "-c", ACTIVATE, *map(str, ports)]
    exporter = room.launch("exporter", starting, urls[0], "/-/healthy", {})
    assert get(f"{urls[1]}/-/healthy")[0] == 200
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(str(tmp_path / "s"))
        local.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
        assert local.recv(100).startswith(b"HTTP/1.1 200 ")
    with contextlib.ExitStack() as held:
        many = [held.enter_context(socket.create_connection(("127.0.0.1", ports[0]))) for _ in range(250)]
        assert many[-1].recv(1) == b""
        files = len(list(Path(f"/proc/{exporter.process.pid}/fd").iterdir()))
        assert 100 < files < 200 - 50
    exporter.stop(20)


def test_the_score_is_printed_with_what_moved_it(room: Room, tmp_path: Path) -> None:
    simulator = room.simulator()
    environ = {
        f"BTC_HEALTH_SOURCES__{source.upper()}__BASE_URLS": f'["{simulator.url}/{source}"]' for source in SOURCES
    }
    done = command(tmp_path, "score", "--storage.path=x.sqlite", **environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Overall score: ")
    assert "What costs points" in done.stdout
    again = command(tmp_path, "score", "--json", "--storage.path=x.sqlite", **environ)
    assert again.returncode == 0
    assert '"overall":' in again.stdout


def test_without_data_the_score_is_withheld_with_exit_1(tmp_path: Path) -> None:
    environ = {f"BTC_HEALTH_SOURCES__{source.upper()}__BASE_URLS": '["http://127.0.0.1:9"]' for source in SOURCES}
    done = command(tmp_path, "score", "--storage.path=x.sqlite", **environ)
    assert done.returncode == 1
    assert done.stdout.startswith("Overall score: withheld (bounds 0.0 to 100.0)")


def test_what_a_stop_may_take_adds_up_to_less_than_two_seconds() -> None:
    assert GRACE_SECONDS + STOP_SECONDS + CLOSE_SECONDS < 2
