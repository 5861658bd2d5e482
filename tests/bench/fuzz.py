"""`python -m tests.bench.fuzz --cases N`: schemathesis against a running exporter with every source simulated."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.blackbox.machine_room import Program, Room

# In one round, for each operation and phase.
EXAMPLES = 500
LIMITLESS = {"api": {"rate_limits": {"default": "1000000/second"}}}


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """`cases` were sent; `passed`: none of them broke a promise of the OpenAPI document."""

    cases: int
    passed: bool
    output: str


def fuzz(exporter: Program, examples: int, folder: Path, seconds: float, seed: int = 1) -> Fuzzed:
    """`examples`: at most so many for each operation and phase; fewer where there is nothing more to vary."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{exporter.url}/openapi.json",
        "--max-examples", str(examples), "--continue-on-failure", "--no-color", "--seed", str(seed),
        # An id that is not stored is refused, and no document can say which are: the tables of tests/unit/web_api do.
        "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        "--report-dir", str(folder),
    ]  # fmt: skip
    ended = subprocess.run(
        command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=seconds, check=False
    )
    output = ended.stdout + ended.stderr
    told = re.search(r"(\d+) generated", output)
    return Fuzzed(int(told[1]) if told else 0, ended.returncode == 0, output)


def rounds(exporter: Program, wanted: int, folder: Path, first: int = 1) -> Iterator[Fuzzed]:
    """One seed after the other: looking for what was not sent yet takes the longer the more there is to remember."""
    sent = 0
    for seed in itertools.count(first):
        done = fuzz(exporter, EXAMPLES, folder, 1_200, seed)
        yield done
        sent += done.cases
        if sent >= wanted or not done.passed:
            return


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="at least so many requests (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round (default %(default)s)")
    given, cases, passed = parser.parse_args(), 0, True
    with tempfile.TemporaryDirectory() as name:
        room = Room(Path(name))
        try:
            exporter = room.exporter(room.simulator().url, config=LIMITLESS)
            for done in rounds(exporter, given.cases, Path(name), given.seed):
                cases, passed = cases + done.cases, passed and done.passed
                sys.stdout.write(f"{done.output}\n{cases} cases\n")
                sys.stdout.flush()
        finally:
            room.close()
    sys.stdout.write(f"{cases} cases, {'no failure' if passed else 'failed'}\n")
    return 0 if passed and cases >= given.cases else 1


if __name__ == "__main__":
    sys.exit(main())
