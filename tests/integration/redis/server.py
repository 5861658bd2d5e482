"""Redis itself, a stretch of bad road to it, and replicas that share it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from exporter.cache.address import Address
from exporter.cache.client import client_of
from exporter.cache.link import Link
from tests.blackbox.machine_room import NOTHING, free_port

PATIENCE = 10.0


def soon(look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        NOTHING.wait(0.01)
    raise AssertionError(f"after {seconds:g} s still not: {what}")


@dataclass
class RedisServer:
    """One process on loopback that keeps nothing on disk; `stop` kills it, `start` brings an empty one at that port.

    `first`: arguments before those that make it so.
    """

    program: Path
    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    first: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, single_connection_client=True)

    def start(self) -> None:
        storing = () if self.first else ("--save", "", "--appendonly", "no")
        arguments = [*self.first, "--port", str(self.port), "--bind", "127.0.0.1", *storing]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, *arguments, "--dir", str(self.folder), *self.options], stdout=log, stderr=log
            )
        soon(self._answers, "redis-server answers")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def renew(self) -> None:
        if self.process is None:
            self.start()
        self.run("FLUSHALL")

    def run(self, *command: str | bytes | int) -> Any:
        with self.client as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        try:
            self.run("PING")
        except redis.ConnectionError:
            return False
        except redis.ResponseError:
            return True  # it answers: it wants a password
        return True


@dataclass
class Road:
    """A proxy before Redis that can be made slow or cut: toxiproxy with one route."""

    program: Path
    upstream: int
    port: int = field(default_factory=free_port)
    control: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "-host", "127.0.0.1", "-port", str(self.control)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        soon(self._answers, "toxiproxy answers")
        route = {"name": "redis", "listen": f"127.0.0.1:{self.port}", "upstream": f"127.0.0.1:{self.upstream}"}
        self._tell("POST", "/proxies", route)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def slow(self, milliseconds: int) -> None:
        toxic = {"name": "slow", "type": "latency", "attributes": {"latency": milliseconds}}
        self._tell("POST", "/proxies/redis/toxics", toxic)

    def cut(self) -> None:
        """Every connection is reset after a few bytes of the answer."""
        toxic = {"name": "cut", "type": "limit_data", "attributes": {"bytes": 3}}
        self._tell("POST", "/proxies/redis/toxics", toxic)

    def mend(self) -> None:
        self._tell("POST", "/reset", {})

    def _answers(self) -> bool:
        try:
            self._tell("GET", "/version", None)
        except urllib.error.URLError:
            return False
        return True

    def _tell(self, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.control}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=5) as answer:
            answer.read()


@dataclass
class Watch:
    """A monotonic clock that stands still until told."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def link_to(url: str, watch: Callable[[], float]) -> Link:
    return Link(client_of(Address.parse(url)), watch)
