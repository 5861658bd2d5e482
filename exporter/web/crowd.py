"""Requests that are being answered, in all and of each client: who reads slowly must not take every place."""

from __future__ import annotations

from typing import Final

from exporter.web.answer import Refusal

_LATER: Final = {"Retry-After": "1"}


class Crowd:
    def __init__(self, most: int) -> None:
        """At most `most` in all and half of that of one client; 0: any number."""
        self._most, self._share = most, max(most // 2, 1)
        self._all = 0
        self._of: dict[str, int] = {}

    def enter(self, client: str) -> None:
        self._all += 1
        self._of[client] = self._of.get(client, 0) + 1

    def leave(self, client: str) -> None:
        self._all -= 1
        left = self._of[client] - 1
        if left:
            self._of[client] = left
        else:
            del self._of[client]

    def check(self, client: str) -> None:
        """Raises Refusal 503 where this client, who is in it, is one too many."""
        if not self._most:
            return
        if self._all > self._most:
            raise Refusal(503, f"more than {self._most} requests at the same time", _LATER)
        if self._of[client] > self._share:
            raise Refusal(503, f"more than {self._share} requests of one client at the same time", _LATER)
