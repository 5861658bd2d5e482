"""Basic authentication against bcrypt hashes, without telling by time whether a user exists."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Final

import bcrypt
from cachetools import LRUCache

from exporter.web.answer import Refusal

MOST_REMEMBERED: Final = 100
# Passwords that nobody has looked at yet stand in line, of one client no more than leaves room for others; whoever is
# remembered passes them by.
MOST_WAITING: Final = 20
MOST_OF_ONE: Final = 5
# bcrypt looks at 72 bytes; Go's, which the file format comes from, refuses to compare more.
LONGEST: Final = 72
_Memory = LRUCache[bytes, bool]


class Users:
    """Remembers recent results, because bcrypt is slow on purpose; one comparison at a time, off the event loop.

    Right and wrong passwords are remembered apart, so that guessing does not slow down those who know.
    """

    def __init__(self) -> None:
        self._known = {True: _Memory(MOST_REMEMBERED), False: _Memory(MOST_REMEMBERED)}
        self._one_at_a_time = asyncio.Lock()
        # Who brought each password that stands in line.
        self._line: dict[bytes, str] = {}

    async def authenticated(self, authorization: str | None, hashes: Mapping[str, str], client: str = "") -> str | None:
        """The user's name, or None where the header is missing, malformed or wrong. Raises Refusal in a crowd."""
        credentials = _credentials(authorization)
        if credentials is None:
            return None
        user, password = credentials
        return user if await self._matches(user, password, hashes, client) and user in hashes else None

    async def _matches(self, user: str, password: bytes, hashes: Mapping[str, str], client: str) -> bool:
        dearest = max(map(_cost, hashes.values()))
        hashed = hashes.get(user) or _unmatched(dearest)
        # A digest, so that memory holds no password; of the name too, or one that does not exist would be known by
        # how fast it is told apart after another of its kind. A name holds no colon.
        key = hashlib.sha256(b"\0".join((hashed.encode(), user.encode())) + b":" + password).digest()
        if (found := self._recall(key)) is not None:
            return found
        self._stand_in_line(key, client)
        try:
            async with self._one_at_a_time:
                if (found := self._recall(key)) is None:
                    found = await asyncio.to_thread(_compare, password, hashed, dearest)
                    self._known[found][key] = found
                return found
        finally:
            self._line.pop(key, None)

    def _stand_in_line(self, key: bytes, client: str) -> None:
        """A password that is in line already takes no second place."""
        if key in self._line:
            return
        if len(self._line) >= MOST_WAITING or list(self._line.values()).count(client) >= MOST_OF_ONE:
            raise Refusal(503, "too many passwords are being looked at", {"Retry-After": "1"})
        self._line[key] = client

    def _recall(self, key: bytes) -> bool | None:
        return next((right for right, memory in self._known.items() if memory.get(key) is not None), None)


def _compare(password: bytes, hashed: str, dearest: int) -> bool:
    """Takes the same time for every user, and for none: each cost doubles the one before.

    What is cheaper than the dearest is made up for: its own cost and all from there to below the dearest sum to that.
    """
    if len(password) > LONGEST or b"\0" in password:
        return False
    found = bcrypt.checkpw(password, hashed.encode())
    for cost in range(_cost(hashed), dearest):
        bcrypt.checkpw(password, _unmatched(cost).encode())
    return found


def _credentials(authorization: str | None) -> tuple[str, bytes] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _cost(hashed: str) -> int:
    return int(hashed.split("$")[2])


def _unmatched(cost: int) -> str:
    """A hash that no password is known for."""
    return f"$2b${cost:02}${'.' * 53}"
