"""Starts and stops the simulator and the exporter as processes, and reads what they serve."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SOURCES: Final = ("mempool_space", "coingecko", "blockchain_com", "bitnodes", "forkmonitor", "fork_observer")
NOTHING: Final = threading.Event()  # never set: waiting on it passes time between two looks
# Coverage of programs started here is left out: it doubles their time, and tests of each part give it.
ENVIRON: Final = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_PROCESS")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(look: Callable[[], Any], what: object, seconds: float = 60.0) -> Any:
    """What `look` returns once it is true; fails by name after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        NOTHING.wait(0.1)
    raise AssertionError(f"after {seconds:g} s still not: {what}")


@dataclass(frozen=True, slots=True)
class Page:
    """One scrape: the text and its samples by selector."""

    text: str
    at: float
    samples: Mapping[str, float]

    def value(self, selector: str) -> float | None:
        return self.samples.get(selector)

    def families(self) -> set[str]:
        return {line.split()[2] for line in self.text.splitlines() if line.startswith("# TYPE ")}

    def lines(self, pattern: str) -> list[str]:
        return [line for line in self.text.splitlines() if re.search(pattern, line) and not line.startswith("#")]


def selector(written: str) -> str:
    """With its labels sorted by name."""
    name, _, labels = written.partition("{")
    pairs = sorted(re.findall(r'\w+="(?:[^"\\]|\\.)*"', labels))
    return f"{name}{{{','.join(pairs)}}}" if pairs else name


def parse(text: str) -> Page:
    """Other tests hold that the page follows its format; here it is read often, so lines are taken as they are."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return Page(text, time.time(), {selector(written): float(value) for written, _, value in lines})


def get(url: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
    request = urllib.request.Request(url, headers={key.replace("_", "-"): value for key, value in headers.items()})  # noqa: S310 - loopback, as pytest-socket sees to
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback, as said above
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def send(method: str, url: str) -> None:
    request = urllib.request.Request(url, method=method)  # noqa: S310 - loopback, as said above
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback, as said above
        answer.read()


@dataclass(slots=True)
class Program:
    """A child process with its output in a file; `stop` ends it by SIGTERM and says how long that took."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def stop(self, seconds: float = 5.0) -> float:
        start = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop within {seconds:g} s:\n{self.output()}") from None
        return time.monotonic() - start

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]

    def scrape(self, query: str = "", **headers: str) -> Page:
        status, body, _ = get(f"{self.url}/metrics{query}", **headers)
        assert status == 200, (status, body[:300])
        return parse(body.decode())

    def ready(self) -> bool:
        try:
            return get(f"{self.url}/-/ready")[0] == 200
        except OSError:
            return False


@dataclass(slots=True)
class Room:
    """Everything started here is stopped at the end, whatever happens between."""

    folder: Path
    programs: list[Program] = field(default_factory=list)

    def start(self, name: str, arguments: list[str], url: str, alive: str, environ: Mapping[str, str]) -> Program:
        """`arguments`: a Python module and what it takes."""
        return self.launch(name, [sys.executable, "-m", *arguments], url, alive, environ)

    def launch(self, name: str, command: list[str], url: str, alive: str, environ: Mapping[str, str]) -> Program:
        log = self.folder / f"{name}-{len(self.programs)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**ENVIRON, **environ},
                cwd=self.folder,
            )
        program = Program(name, process, url, log)
        self.programs.append(program)
        until(lambda: self._answers(program, alive), f"{name} answers at {url}{alive}", 60)
        return program

    @staticmethod
    def _answers(program: Program, path: str) -> bool:
        assert program.process.poll() is None, f"{program.name} ended:\n{program.output()}"
        try:
            return get(f"{program.url}{path}")[0] < 500
        except OSError:
            return False

    def simulator(self, *extra: str, port: int | None = None) -> Program:
        port = port or free_port()
        listen = f"127.0.0.1:{port}"
        return self.start("simulator", ["simulator", "--listen", listen, *extra], f"http://{listen}", "/", {})

    def exporter(
        self,
        upstream: str | Mapping[str, list[str]],
        *extra: str,
        config: Mapping[str, Any] | None = None,
        module: tuple[str, ...] = ("exporter",),
    ) -> Program:
        """`upstream`: the simulator's URL for all sources, or base URLs by source.

        `module` is what `python -m` runs, with arguments that come before all others.
        """
        urls = {source: [f"{upstream}/{source}"] for source in SOURCES} if isinstance(upstream, str) else upstream
        environ = {
            f"BTC_HEALTH_SOURCES__{source.upper()}__BASE_URLS": json.dumps(list(urls[source])) for source in urls
        } | {"PYTHONPATH": str(Path(__file__).parents[2])}
        listen = f"127.0.0.1:{free_port()}"
        arguments = [
            *module,
            "--web.listen-address",
            listen,
            "--storage.path",
            str(self.folder / "data.sqlite"),
            *extra,
        ]
        if config is not None:
            file = self.folder / "config.yml"
            file.write_text(json.dumps(config), encoding="utf-8")
            arguments += ["--config.file", str(file)]
        return self.start("exporter", arguments, f"http://{listen}", "/-/healthy", environ)

    def forget_data(self) -> None:
        for file in self.folder.glob("data.sqlite*"):
            file.unlink()

    def close(self) -> None:
        for program in self.programs:
            if program.process.poll() is None:
                program.process.kill()
                program.process.wait()


def upstream_calls(simulator: Program) -> dict[str, int]:
    """Requests the simulator has seen, by source."""
    counts: dict[str, dict[str, int]] = json.loads(get(f"{simulator.url}/requests")[1])["counts"]
    return {source: sum(paths.values()) for source, paths in counts.items()}
