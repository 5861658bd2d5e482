"""The load generator vegeta: requests at a fixed rate, whether or not earlier ones have been answered."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).parent / "vegeta"
GZIP: Final = {"Accept-Encoding": "gzip"}
# Requests that wait at one time: of a server that is two seconds behind, vegeta asks no more.
MOST_WAITING: Final = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """`rate`: answers a second. Times in milliseconds, from when a request was due to the end of its answer.

    `success`: share of answers with status 200.
    """

    rate: float
    median: float
    p99: float
    longest: float
    success: float
    requests: int


@dataclass(frozen=True, slots=True)
class Vegeta:
    """`binary` is built from the locked module beside this file."""

    binary: Path
    folder: Path

    @classmethod
    def build(cls, folder: Path) -> Vegeta | None:
        """None where Go is not installed."""
        if shutil.which("go") is None:
            return None
        binary = folder / "vegeta"
        command = ["go", "build", "-mod=readonly", "-o", str(binary), "github.com/tsenart/vegeta/v12"]
        subprocess.run(command, cwd=SOURCE, check=True)
        return cls(binary, folder)

    def command(
        self, urls: Iterable[str], rate: int, seconds: float, headers: Mapping[str, str], connections: int
    ) -> list[str]:
        targets = self.folder / "targets"
        lines = "".join(f"{name}: {text}\n" for name, text in headers.items())
        targets.write_text("".join(f"GET {url}\n{lines}\n" for url in urls), encoding="utf-8")
        return [
            str(self.binary), "attack", "-targets", str(targets), "-rate", f"{rate}/1s", "-duration", f"{seconds:g}s",
            "-connections", str(connections), "-max-connections", str(connections), "-max-body", "0",
            "-timeout", "10s", "-max-workers", str(MOST_WAITING), "-output", str(self.folder / "results"),
        ]  # fmt: skip

    def attack(
        self, urls: Iterable[str], rate: int, seconds: float, headers: Mapping[str, str] = GZIP, connections: int = 100
    ) -> Told:
        self.run(urls, rate, seconds, headers, connections)
        return self.told()

    def run(
        self, urls: Iterable[str], rate: int, seconds: float, headers: Mapping[str, str] = GZIP, connections: int = 100
    ) -> None:
        subprocess.run(self.command(urls, rate, seconds, headers, connections), check=True)

    def told(self) -> Told:
        """Of the last attack."""
        command = [str(self.binary), "report", "-type", "json", str(self.folder / "results")]
        said: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        times = said["latencies"]
        return Told(
            rate=said["throughput"],
            median=times["50th"] / 1e6,
            p99=times["99th"] / 1e6,
            longest=times["max"] / 1e6,
            success=said["success"],
            requests=said["requests"],
        )
