"""A real Prometheus over blocks of recorded or simulated time; it scrapes nothing and listens on loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
READY_WITHIN: Final = 60.0
STOP_WITHIN: Final = 30.0
# A range query may return so many points of a series; Prometheus refuses more.
MOST_POINTS: Final = 11_000
# 2 hours x 3^6: a month or ten years make few blocks.
BLOCK: Final = "1458h"

Labels = tuple[tuple[str, str], ...]


class ReplayError(Exception):
    """What a replay lacks or cannot do; the text names the tool or the query."""


@dataclass(slots=True)
class Samples:
    """Of one series, oldest first."""

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


# By labels with `__name__`.
Recorded = Mapping[Labels, Samples]


@dataclass(frozen=True, slots=True)
class Grid:
    """Moments of evaluation in Unix seconds, both ends included."""

    start: int
    end: int
    step: int

    @property
    def times(self) -> range:
        return range(self.start, self.end + 1, self.step)


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{ROOT / 'tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise ReplayError(f"{name} is not installed (make tools)")
    return found


def write_blocks(recorded: Recorded, data: Path) -> None:
    """Series as blocks in the data folder of a Prometheus that does not run."""
    file = data.with_suffix(".om")
    with file.open("w") as stream:
        for labels, samples in sorted(recorded.items()):
            name = dict(labels)["__name__"]
            pairs = ",".join(f'{key}="{value}"' for key, value in labels if key != "__name__")
            head = f"{name}{{{pairs}}}"
            stream.writelines(
                f"{head} {value!r} {moment}\n" for moment, value in zip(samples.times, samples.values, strict=True)
            )
        stream.write("# EOF\n")
    run("tsdb", "create-blocks-from", "openmetrics", f"--max-block-duration={BLOCK}", str(file), str(data))
    file.unlink()


def run(*arguments: str) -> None:
    command = [tool("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a pinned tool
    if done.returncode:
        raise ReplayError(f"promtool {' '.join(arguments[:3])}: {done.stderr.strip()[-500:]}")


@dataclass(frozen=True, slots=True)
class Server:
    url: str

    def range(self, expr: str, grid: Grid) -> dict[Labels, Samples]:
        """The expression at every moment of the grid; a series has no sample where it has no value."""
        found: dict[Labels, Samples] = {}
        for first in range(grid.start, grid.end + 1, grid.step * MOST_POINTS):
            last = min(first + grid.step * (MOST_POINTS - 1), grid.end)
            asked = {"query": expr, "start": first, "end": last, "step": grid.step}
            for one in self._get("query_range", asked)["result"]:
                samples = found.setdefault(tuple(sorted(one["metric"].items())), Samples())
                samples.times += [moment for moment, _ in one["values"]]
                samples.values += [float(value) for _, value in one["values"]]
        return found

    def has(self, selector: str, grid: Grid) -> bool:
        """Whether any series matches at any time."""
        asked = {"match[]": selector, "start": grid.start - 86_400, "end": grid.end, "limit": 1}
        return bool(self._get("series", asked))

    def _get(self, path: str, asked: Mapping[str, Any]) -> Any:
        body = urllib.parse.urlencode(asked).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data=body)  # noqa: S310 - our own, on loopback
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310 - as said above
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ReplayError(f"{asked}: {error.read().decode()[:500]}") from error


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    """Prometheus over a data folder, stopped at the end."""
    config = data.with_suffix(".yml")
    config.write_text("scrape_configs: []\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command: Sequence[str] = (
        tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}", "--log.level=error",
        "--storage.tsdb.retention.time=50y", f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=silent, stderr=silent)  # noqa: S603 - a pinned tool
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, url)
        yield Server(url)
    finally:
        process.terminate()
        process.wait(STOP_WITHIN)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    pause, end = threading.Event(), time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - our own, on loopback
                return
        except OSError:
            pause.wait(0.1)
    raise ReplayError("prometheus did not become ready")
