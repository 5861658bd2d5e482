"""`/-/reload`: for who is on this machine or has been authenticated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from exporter.errors import ConfigError
from exporter.web.answer import Answer, Ask, Handler, Refusal, plain, problem
from exporter.web.clients import UNIX_SOCKET, address_of

# Set by proxies: a peer on loopback then speaks for somebody else.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def reload_page(reload: Callable[[], Awaitable[None]]) -> Handler:
    async def reload_now(ask: Ask) -> Answer:
        if ask.user is None and not _is_local(ask):
            raise Refusal(403, "reload: expected a request from loopback, or a user of the web configuration file")
        if ask.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Refusal(403, "reload: a page of another site may not ask for this")
        try:
            await reload()
        except ConfigError as error:
            return problem(500, f"configuration not reloaded, the old one stays in force: {error}")
        return plain("configuration reloaded")

    return reload_now


def _is_local(ask: Ask) -> bool:
    """Somebody whose connection is gone already has no address, and could be anybody."""
    if ask.remote is None or any(name in ask.headers for name in _FORWARDED):
        return False
    address = address_of(ask.remote)
    return ask.remote == UNIX_SOCKET if address is None else address.is_loopback
