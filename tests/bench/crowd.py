"""Many connections that have asked once and then stay open without a word."""

from __future__ import annotations

import resource
import select
import socket
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

QUESTION: Final = b"GET /-/healthy HTTP/1.1\r\nHost: bench\r\n\r\n"
# What a process needs besides its connections.
SPARE: Final = 500


def raise_limit() -> int:
    """As many open files as the machine allows, for this process and those it starts; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@dataclass(slots=True)
class Crowd:
    url: str
    sockets: list[socket.socket] = field(default_factory=list)

    def open(self, count: int) -> None:
        place = urlsplit(self.url)
        for _ in range(count):
            one = socket.create_connection((place.hostname, place.port or 80), timeout=10)
            one.sendall(QUESTION)
            assert one.recv(4096).startswith(b"HTTP/1.1 200 ")
            self.sockets.append(one)

    def still_open(self) -> int:
        """Nothing is to be read: an end would be."""
        poll = select.poll()
        for one in self.sockets:
            poll.register(one, select.POLLIN)
        return len(self.sockets) - len(poll.poll(0))

    def close(self) -> None:
        for one in self.sockets:
            one.close()
        self.sockets.clear()
