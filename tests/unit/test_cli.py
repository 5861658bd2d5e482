"""The command line without processes."""

import contextlib
import io
import json
import logging
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from exporter import cli, logs
from exporter.commands.configuration import loader
from exporter.configuration.config_keys import flags
from exporter.storage.file import connect
from scoring import methodology


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    yield
    logging.basicConfig(handlers=[], force=True)
    structlog.reset_defaults()


def run(*argv: str, **environ: str) -> int:
    return cli.main(argv, environ)


def test_help_names_every_flag_with_its_default_and_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--help")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for flag in flags():
        assert flag.name in text
        assert f"Default: {flag.default}" in text
    assert "--config.check" in text
    assert "--version" in text
    for command in cli.COMMANDS:
        assert f" {command.name} " in text


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_every_command_has_help_and_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(command, "--help")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: btc-health")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--version")
    assert caught.value.code == 0
    assert re.fullmatch(r"btc-health \S+ \(revision \w+, branch \S+, Python 3\.\S+\)\n", capsys.readouterr().out)


@pytest.mark.parametrize("argv", [("frobnicate",), ("--web.listen",), ("serve", "--storage", "x"), ("serve", "extra")])
def test_what_is_not_known_is_refused_and_never_guessed(argv: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*argv)
    assert caught.value.code == 2


@pytest.mark.parametrize("before", [True, False])
def test_flags_of_serve_stand_before_or_without_the_command(before: bool) -> None:
    given = ["--web.listen-address=127.0.0.1:1", "--web.listen-address=[::1]:2", "--web.disable-exporter-metrics"]
    arguments = cli.parser().parse_args([*given, "serve"] if before else given)
    config = loader(arguments, {"BTC_HEALTH_WEB__LISTEN_ADDRESSES": '[":3"]'})()
    assert [str(one) for one in config.web.listen_addresses] == ["127.0.0.1:1", "[::1]:2"]
    assert config.web.disable_exporter_metrics


def test_check_config_prints_what_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yml"
    file.write_text("storage: {retention: 30d}\n")
    assert run("check-config", str(file)) == 0
    assert "  retention: 30d\n" in capsys.readouterr().out
    assert run("--config.check", f"--config.file={file}", "--storage.path=elsewhere") == 0
    assert "  path: elsewhere\n" in capsys.readouterr().out


def test_check_config_reports_every_mistake_and_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.yml"
    file.write_text("storage: {retention: 30}\nnonsense: 1\n")
    assert run("check-config", str(file), BTC_HEALTH_NOPE="1") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("btc-health: error: ") for line in lines)


def test_check_config_looks_into_the_files_it_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web, authorities = tmp_path / "web.yml", tmp_path / "ca.pem"
    web.write_text("basic_auth_users: {me: plain}\n")
    environ = {"BTC_HEALTH_WEB__CONFIG_FILE": str(web), "BTC_HEALTH_HTTP_CLIENT__CA_FILE": str(authorities)}
    assert run("check-config", **environ) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert f"{web}:1: basic_auth_users.me: got <secret>, expected a bcrypt hash" in first
    assert f"http_client.ca_file: '{authorities}'" in second


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-config", "/nowhere/c.yml") == 2
    assert "/nowhere/c.yml: (file): got No such file or directory" in capsys.readouterr().err


def test_backup_and_restore_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, copy = tmp_path / "x.sqlite", tmp_path / "copy.sqlite"
    assert run("backup", f"--storage.path={path}", str(copy)) == 2
    assert f"'{path}': no such file" in capsys.readouterr().err
    connect(path).close()
    assert run("backup", f"--storage.path={path}", str(copy)) == 0
    assert run("restore", f"--storage.path={tmp_path / 'y.sqlite'}", str(copy)) == 0
    assert capsys.readouterr().out == f"{path} copied to {copy}\n{copy} put back as {tmp_path / 'y.sqlite'}\n"


@pytest.mark.usefixtures("quiet_logs")
@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("--config.file=none.yml", "none.yml: (file): got No such file or directory, expected a readable file"),
        ("--web.config.file=none.yml", "none.yml: (file): got No such file or directory, expected a readable file"),
        ("--web.config.file=bad.yml", "bad.yml:1: tls_server_config.cert_fle: got 'x', expected one of the keys"),
        ("--storage.path=file/x.sqlite", "storage.path: 'file/x.sqlite'"),
        ("--storage.path=theirs.sqlite", "'theirs.sqlite' is a database of another program"),
        ("--web.systemd-socket", "--web.systemd-socket: systemd passed no socket"),
        ("--web.listen-address=nowhere", "--web.listen-address: web.listen_addresses[1]: got 'nowhere', expected HOST"),
        ("--web.telemetry-path=/health", "--web.telemetry-path: web.telemetry_path: got '/health', expected a path"),
        ("--log.level=loud", "--log.level: log.level: got 'loud', expected 'debug', 'info', 'warn' or 'error'"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argument: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yml").write_text("tls_server_config: {cert_fle: x}\n")
    (tmp_path / "file").write_text("")
    with contextlib.closing(sqlite3.connect("theirs.sqlite")) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert run("serve", "--web.listen-address=127.0.0.1:0", argument) == 2
    assert f"btc-health: error: {text}" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("exporter.commands.check_config.run", interrupted)
    assert run("check-config") == 130


def test_a_reader_that_closed_the_pipe_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("exporter.commands.check_config.run", closed)
    with os.fdopen(os.dup(1), "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert run("check-config") == 141


def test_simulate_hands_its_arguments_on(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[object] = []

    def simulated(*given: object) -> int:
        got.append(given)
        return 0

    monkeypatch.setattr("exporter.commands.simulate.cli_main", simulated)
    assert run("simulate", "--listen", "127.0.0.1:1", "--recorded", "x", "--seed", "7", "--scenario", "reorg") == 0
    assert got == [("127.0.0.1:1", Path("x"), 7, "reorg")]


@pytest.mark.usefixtures("quiet_logs")
def test_log_lines_are_logfmt_in_prometheus_words() -> None:
    stream = io.StringIO()
    logs.configure("info", "logfmt", stream)
    log = structlog.get_logger("x")
    log.debug("not shown")
    log.warning("fetch failed", source="bitnodes", error="no such host", ok=False)
    logging.getLogger("aiohttp").error("boom %d", 7)
    first, second = stream.getvalue().splitlines()
    assert re.sub(r"^time=\S+Z ", "", first) == (
        'level=warn msg="fetch failed" source=bitnodes error="no such host" ok=false'
    )
    assert re.sub(r"^time=\S+Z ", "", second) == 'level=error msg="boom 7" logger=aiohttp'


@pytest.mark.usefixtures("quiet_logs")
def test_log_lines_are_json_where_asked_for() -> None:
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    log = structlog.get_logger("x")
    log.debug("looked", value=None)
    log.error("bug", exc_info=ValueError("why"))
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert {key: first[key] for key in ("level", "msg", "value")} == {"level": "debug", "msg": "looked", "value": None}
    assert list(first)[:3] == ["time", "level", "msg"]
    assert "ValueError: why" in second["exception"]


def test_the_method_is_printed_in_two_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("methodology") == 0
    assert capsys.readouterr().out == methodology.markdown()
    assert run("methodology", "--format=json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(methodology.as_json()))


class Study:
    """Stands for a finished backtest."""

    document = ()

    def __init__(self, _: Path, __: Path, progress: Callable[[int, int], None]) -> None:
        progress(1, 2)

    def scores_csv(self, stream: TextIO) -> None:
        stream.write("date,overall\n")

    def write_report(self, folder: Path) -> None:
        (folder / "report.md").write_text("# Backtest\n")

    def as_json(self) -> dict[str, int]:
        return {"episodes": 30}


def test_a_backtest_is_printed_and_written_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("exporter.commands.backtest.score_history", Study)
    given = ["--history", str(tmp_path), "--events", "events.csv"]
    csv, report = tmp_path / "scores.csv", tmp_path / "report"
    assert run("backtest", *given, "--json", "--scores-out", str(csv), "--report", str(report)) == 0
    assert json.loads(capsys.readouterr().out) == {"episodes": 30}
    assert csv.read_text() == "date,overall\n"
    assert (report / "report.md").exists()
    assert run("backtest", *given) == 0


def test_a_history_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("backtest", "--history", str(tmp_path), "--events", str(tmp_path / "none.csv")) == 2
    assert f"btc-health: error: {tmp_path / 'none.csv'}: cannot be read" in capsys.readouterr().err
