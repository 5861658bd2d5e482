"""Basic authentication against bcrypt hashes, without telling by time whether a user exists."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping

import bcrypt
from cachetools import LRUCache

from exporter.web.answer import Refusal

MOST_REMEMBERED = 100
# Guessers stand in line; whoever is remembered passes them by.
MOST_WAITING = 20
# bcrypt looks at 72 bytes; Go's, which the file format comes from, refuses to compare more.
LONGEST = 72
_Memory = LRUCache[bytes, bool]


class Users:
    """Remembers recent results, because bcrypt is slow on purpose; one comparison at a time, off the event loop.

    Right and wrong passwords are remembered apart, so that guessing does not slow down those who know.
    """

    def __init__(self) -> None:
        self._known = {True: _Memory(MOST_REMEMBERED), False: _Memory(MOST_REMEMBERED)}
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def authenticated(self, authorization: str | None, hashes: Mapping[str, str]) -> str | None:
        """The user's name, or None where the header is missing, malformed or wrong. Raises Refusal in a crowd."""
        credentials = _credentials(authorization)
        if credentials is None:
            return None
        user, password = credentials
        known = user in hashes
        hashed = hashes[user].encode() if known else _fake(hashes)
        return user if await self._matches(password, hashed) and known else None

    async def _matches(self, password: bytes, hashed: bytes) -> bool:
        # The key is a digest, so that memory holds no password.
        key = hashlib.sha256(hashed + b"\0" + password).digest()
        if (found := self._recall(key)) is not None:
            return found
        if self._waiting >= MOST_WAITING:
            raise Refusal(503, "too many passwords are being looked at", {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                if (found := self._recall(key)) is None:
                    found = await asyncio.to_thread(_compare, password, hashed)
                    self._known[found][key] = found
                return found
        finally:
            self._waiting -= 1

    def _recall(self, key: bytes) -> bool | None:
        return next((right for right, memory in self._known.items() if memory.get(key) is not None), None)


def _compare(password: bytes, hashed: bytes) -> bool:
    return len(password) <= LONGEST and b"\0" not in password and bcrypt.checkpw(password, hashed)


def _credentials(authorization: str | None) -> tuple[str, bytes] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _fake(hashes: Mapping[str, str]) -> bytes:
    """A hash that no password is known for, as slow as the slowest real one."""
    cost = max((hashed.split("$")[2] for hashed in hashes.values()), default="10")
    return f"$2b${cost}${'.' * 53}".encode()
