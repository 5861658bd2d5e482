"""Whose turn it is to ask a source, among replicas: one lease an endpoint, in Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from exporter.cache.link import CacheError, Link, ReplyError
from exporter.cache.redis import KEPT_SECONDS, redis_key
from exporter.snapshot import EndpointKey

# How long the others wait for a replica that died while asking; the living one renews it.
SECONDS: Final = 10.0
RENEWALS: Final = 3

TURNS: Final = "turns"
_RESTING: Final = "resting "

# More hosts than any source has, and longer texts than any holder writes, were not written by us.
MOST_HOSTS: Final = 100
TEXT_BYTES: Final = 512

# A lease that never ends, or not within the longest wait there can be, was not written by us.
_TAKE: Final = """
local left = redis.call('PTTL', KEYS[1])
if left == -1 or left > tonumber(ARGV[3]) then redis.call('DEL', KEYS[1]) end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  local many = redis.pcall('HLEN', KEYS[2])
  if type(many) ~= 'number' or many > tonumber(ARGV[4]) then redis.call('DEL', KEYS[2]) end
  return {0, ARGV[1], redis.call('HGETALL', KEYS[2])}
end
local value = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[5])
return {math.max(redis.call('PTTL', KEYS[1]), 1), type(value) == 'string' and value or '', {}}
"""
_RENEW: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  if ARGV[2] == '' then redis.call('DEL', KEYS[1])
  else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
end
"""
_TELL: Final = """
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Held:
    """Not our turn for `seconds`: another replica is asking, or so many polls in a row failed, `failing` then not 0."""

    seconds: float
    failing: int = 0


class Lease:
    """Our turn while inside `async with`; `hosts` is what other replicas know of the source's hosts, JSON by host.

    Without a token nobody could be asked: each replica then goes on as if it were the only one.
    """

    def __init__(self, link: Link, key: EndpointKey, token: str, hosts: Mapping[str, Any]) -> None:
        self.hosts = hosts
        self._link = link
        self._key = redis_key("lease", key)
        self._hosts_key = redis_key("hosts", (key[0], ""))
        self._token = token
        self._rest: tuple[str, int] = ("", 0)
        self._renewal: asyncio.Task[None] | None = None

    def rest(self, seconds: float, failing: int) -> None:
        """Leave nobody a turn for so long after the end of this one: the poll failed, `failing` times in a row."""
        self._rest = (f"{_RESTING}{failing}", max(int(seconds * 1000), 1))

    async def tell(self, hosts: Mapping[str, Any]) -> None:
        """Let the other replicas know what became of the source's hosts."""
        if not self._token or not hosts:
            return
        pairs = [text for host, state in hosts.items() for text in (host, json.dumps(state))]
        await self._quietly(lambda redis: redis.eval(_TELL, 1, self._hosts_key, KEPT_SECONDS, *pairs))

    async def __aenter__(self) -> Self:
        if self._token:
            self._renewal = asyncio.create_task(self._renew(), name=f"renew {self._key}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await self._quietly(lambda redis: redis.eval(_RELEASE, 1, self._key, self._token, *self._rest))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(SECONDS / RENEWALS)
            await self._quietly(lambda redis: redis.eval(_RENEW, 1, self._key, self._token, int(SECONDS * 1000)))

    async def _quietly(self, command: Callable[[Any], Any]) -> None:
        with contextlib.suppress(CacheError):
            await self._link.call(TURNS, command)


class Leases:
    def __init__(self, link: Link) -> None:
        self._link = link

    async def take(self, key: EndpointKey, longest: float) -> Lease | Held:
        """`longest`: seconds that a rest can last."""
        # Names the holder to whoever looks into Redis; the rest makes it the token of this turn alone.
        token = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(8)}"
        limits = (int(SECONDS * 1000), int(max(longest, SECONDS) * 1000), MOST_HOSTS, TEXT_BYTES)
        names = (redis_key("lease", key), redis_key("hosts", (key[0], "")))

        async def ask(redis: Any) -> tuple[int, bytes, list[bytes]]:
            return _reply(await redis.eval(_TAKE, 2, *names, token, *limits))

        try:
            left, value, hosts = await self._link.call(TURNS, ask)
        except CacheError:
            return Lease(self._link, key, "", {})
        said = value.decode(errors="replace")
        # A retried command finds the lease that its first try got.
        if said == token:
            return Lease(self._link, key, token, _states(hosts))
        failing = said.removeprefix(_RESTING) if said.startswith(_RESTING) else ""
        return Held(left / 1000, int(failing) if failing.isdecimal() else 0)


def _reply(reply: Any) -> tuple[int, bytes, list[bytes]]:
    match reply:
        case [int() as left, bytes() as value, [*hosts]] if all(isinstance(one, bytes) for one in hosts):
            return left, value, hosts
    raise ReplyError(f"expected who has the turn, got {str(reply)[:40]}")


def _states(flat: list[bytes]) -> dict[str, Any]:
    """What is no JSON is left out; what the JSON means is for whoever knows hosts."""
    states = {}
    for host, text in zip(flat[::2], flat[1::2], strict=False):
        with contextlib.suppress(ValueError):
            states[host.decode()] = json.loads(text, parse_constant=_refused)
    return states


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")
