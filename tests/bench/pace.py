"""One page at a fixed rate over a fixed number of connections, whether or not earlier requests have been answered.

Vegeta does the same at smaller rates. At 10,000 a second it needs both of two processors, of which a server needs one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parent / "punctual"


@dataclass(frozen=True, slots=True)
class Paced:
    """Times in milliseconds, from when a request was due to the end of its answer.

    `rate`: answers with status 200 a second. `success`: their share of what was asked. `cpu`: seconds of processor that
    the client took for each second.
    """

    rate: float
    median: float
    p99: float
    longest: float
    success: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Punctual:
    binary: Path

    @classmethod
    def build(cls, folder: Path) -> Punctual | None:
        """None where Go is not installed."""
        if shutil.which("go") is None:
            return None
        binary = folder / "punctual"
        subprocess.run(["go", "build", "-mod=readonly", "-o", str(binary), "."], cwd=SOURCE, check=True)
        return cls(binary)

    def ask(self, url: str, rate: int, seconds: float, connections: int, encoding: str = "") -> Paced:
        command = [
            str(self.binary), "-rate", str(rate), "-seconds", f"{seconds:g}", "-connections", str(connections),
            "-encoding", encoding, url,
        ]  # fmt: skip
        said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return Paced(
            rate=said["good"] / said["seconds"],
            median=said["median"],
            p99=said["p99"],
            longest=said["longest"],
            success=said["good"] / said["asked"],
            cpu=said["cpu"] / said["seconds"],
        )
