"""Names to addresses, and which of them may be reached."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from threading import Thread
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult


def is_public(address: str) -> bool | None:
    """Whether an IP address belongs to the internet at large; None for a name."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_global


class PrivateAddressError(OSError):
    pass


def refusal(host: str, address: str) -> str:
    return f"{host} leads to {address}, which is not public, and http_client.allow_private_addresses is false"


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, OSError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class SystemResolver(AbstractResolver):
    """The system's resolver in daemon threads: a silent name server must not hold up the end of the process."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def look_up() -> None:
            outcome: Any
            try:
                outcome = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            except OSError as error:
                outcome = error
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, future, outcome)

        Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in await future
        ]

    async def close(self) -> None:
        pass


class Resolver(AbstractResolver):
    """Remembers which names lead to public addresses and, where told so, hides all private ones.

    Connections use the addresses returned here, so a name cannot change its meaning between the check and the use.
    """

    def __init__(self, inner: AbstractResolver, *, allow_private: bool, exempt: Iterable[str] = ()) -> None:
        self._inner = inner
        self._allow_private = allow_private
        self._exempt = frozenset(exempt)
        self._public: dict[str, bool] = {}

    def public(self, host: str) -> bool | None:
        """None: a name that has not been resolved yet, or is resolved by a proxy."""
        known = is_public(host)
        return self._public.get(host) if known is None else known

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        self._public[host] = len(public) == len(found)
        if self._allow_private or host in self._exempt:
            return found
        if not public:
            raise PrivateAddressError(None, refusal(host, found[0]["host"]))
        return public

    async def close(self) -> None:
        await self._inner.close()
