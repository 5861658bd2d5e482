"""Load with wrk, which must be answered with success."""

from __future__ import annotations

import subprocess


def wrk(url: str, connections: int, seconds: int, encoding: str = "") -> str:
    """What wrk prints."""
    takes = ["-H", f"Accept-Encoding: {encoding}"] if encoding else []
    command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *takes, url]
    return succeeded(subprocess.run(command, capture_output=True, text=True, check=True).stdout, url)


def succeeded(said: str, url: str) -> str:
    """`said`, unless wrk counted answers that are refusals among its requests."""
    for line in said.splitlines():
        assert "Non-2xx" not in line, f"wrk {url}: {line.strip()}"
    return said
