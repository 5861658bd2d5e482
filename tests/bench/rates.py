"""Requests a second with wrk: ours beside client_python's server, Go's promhttp and a bare protocol, interleaved."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.table import table
from tests.blackbox.machine_room import Program, Room, free_port, get

SECONDS: Final = 3
ROUNDS: Final = 3
CONNECTIONS: Final = (16, 64)
HERE: Final = Path(__file__).parent


@dataclass(slots=True)
class Runner:
    """One server and what wrk said of it: requests a second, and the 99th percentile in milliseconds."""

    name: str
    url: str
    rates: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)

    def run(self, connections: int) -> None:
        command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{SECONDS}s", self.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))  # type: ignore[index]  # wrk always reports it
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]  # wrk always reports it
        self.tails.append(float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit])


def measure(room: Room, exporter: Program) -> str:
    if shutil.which("wrk") is None:
        return "wrk is not installed: no rates were measured."
    page = get(f"{exporter.url}/metrics")[1]
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    rows = []
    for connections in CONNECTIONS:
        runners = [
            Runner("/metrics of the exporter", f"{exporter.url}/metrics"),
            Runner("/api/v2/score/latest of the exporter", f"{exporter.url}/api/v2/score/latest"),
            *opponents(room, series, len(page)),
        ]
        for _ in range(ROUNDS):
            for runner in runners:
                runner.run(connections)
        ours = statistics.median(runners[0].rates)
        for runner in runners:
            rate, tail = statistics.median(runner.rates), statistics.median(runner.tails)
            rows.append((connections, runner.name, f"{rate:,.0f}", f"{tail:.1f}", f"{ours / rate:.2f}"))
    head = ("connections", "server", "requests/s", "p99 ms", "/metrics against it")
    note = f"Page of {len(page):,} bytes and {series:,} series; {ROUNDS} rounds of {SECONDS} s, interleaved, medians."
    return f"{note}\n\n{table(head, rows)}"


def opponents(room: Room, series: int, size: int) -> list[Runner]:
    python, bare, go = free_port(), free_port(), free_port()
    module = "tests.bench.opponents"
    root = {"PYTHONPATH": str(HERE.parent.parent)}
    for kind, port, much in (("client_python", python, series), ("constant", bare, size)):
        url = f"http://127.0.0.1:{port}"
        room.start(kind, [module, kind, str(port), str(much)], url, "/metrics", root)
    found = [
        Runner("client_python's server", f"http://127.0.0.1:{python}/metrics"),
        Runner("bare uvloop protocol, constant", f"http://127.0.0.1:{bare}/metrics"),
    ]
    if shutil.which("go") is None:
        sys.stderr.write("go is not installed: promhttp is left out\n")
        return found
    binary = room.folder / "promhttp"
    subprocess.run(["go", "build", "-mod=readonly", "-o", str(binary), "."], cwd=HERE / "promhttp", check=True)
    room.launch("promhttp", [str(binary), f"127.0.0.1:{go}", str(series)], f"http://127.0.0.1:{go}", "/metrics", {})
    return [*found, Runner("Go promhttp", f"http://127.0.0.1:{go}/metrics")]
