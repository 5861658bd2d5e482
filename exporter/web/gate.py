"""Before any page: whose request it is, whether it is meant for us, how often, and which other site may read it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from exporter.web.answer import PLAIN, Answer, Ask, Refusal, echo, listed
from exporter.web.clients import Network, client_of, counted_as
from exporter.web.limits import Counting, RateLimits

ANY: Final = "*"
# Browsers remember a preflight for so long.
PREFLIGHT_SECONDS: Final = 600


class Settings(Protocol):
    """Section `api` of the configuration."""

    @property
    def cors_origins(self) -> tuple[str, ...]: ...
    @property
    def trusted_hosts(self) -> tuple[str, ...]: ...
    @property
    def trusted_proxies(self) -> tuple[str, ...]: ...
    @property
    def rate_limits(self) -> Mapping[Any, str]: ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    settings: Settings
    proxies: tuple[Network, ...]
    limits: RateLimits


class Gate:
    def __init__(self, settings: Callable[[], Settings], counting: Counting) -> None:
        """`settings` is asked for every request, because a reload may change them; counters stay."""
        self._settings, self._counting = settings, counting
        self._prepared = self._prepare(settings())

    def _prepare(self, settings: Settings) -> _Prepared:
        proxies = tuple(ipaddress.ip_network(text) for text in settings.trusted_proxies)
        return _Prepared(settings, proxies, RateLimits(settings.rate_limits, self._counting))

    def _current(self) -> _Prepared:
        settings = self._settings()
        if settings is not self._prepared.settings:
            self._prepared = self._prepare(settings)
        return self._prepared

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self._settings()

    def identified(self, ask: Ask) -> Ask:
        """With the client's address as `remote` where a trusted proxy passed it on."""
        proxies = self._current().proxies
        if not proxies:
            return ask
        return replace(ask, remote=client_of(ask.remote, listed(ask.headers, "X-Forwarded-For"), proxies))

    async def admit(self, ask: Ask, handler: str) -> None:
        """Raises Refusal. Not asked for probes and scrapes, which call by address and must not be put off."""
        current = self._current()
        _for_us(ask, current.settings.trusted_hosts)
        await current.limits.take(handler, counted_as(ask.remote))

    def admission(self, ask: Ask, handler: str) -> Callable[[], None] | None:
        """`admit` for a request that comes again under the same settings; None where it has to be waited for."""
        current = self._current()
        _for_us(ask, current.settings.trusted_hosts)
        return current.limits.taking(handler, counted_as(ask.remote))

    def preflight(self, ask: Ask, allow: str) -> Answer | None:
        """What a browser asks before it lets another site's script read an answer; None: it is no such question."""
        origin = ask.headers.get("Origin")
        if ask.method != "OPTIONS" or origin is None or "Access-Control-Request-Method" not in ask.headers:
            return None
        if not self._allows(origin):
            raise Refusal(403, f"Origin: expected one of api.cors_origins, got {echo(origin)}")
        headers = {
            "Access-Control-Allow-Methods": allow,
            "Access-Control-Allow-Headers": "Authorization, If-None-Match",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        return Answer(b"", PLAIN, 204, headers)

    def sharing(self, ask: Ask) -> Mapping[str, str] | None:
        """Headers that let the asking site read the answer; None while no site may."""
        if not self._current().settings.cors_origins:
            return None
        origin = ask.headers.get("Origin")
        if origin is None or not self._allows(origin):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "ETag, Retry-After"}

    def _allows(self, origin: str) -> bool:
        origins = self._current().settings.cors_origins
        # What is no text of HTTP cannot be sent back.
        return origin in origins or (ANY in origins and origin.isascii() and origin.isprintable())


def shared(answer: Answer, sharing: Mapping[str, str] | None) -> Answer:
    """With the headers for the site that asks; what a cache keeps for one origin is not for another."""
    if sharing is None:
        return answer
    vary = ", ".join(text for text in (answer.headers.get("Vary"), "Origin") if text)
    return replace(answer, headers={**answer.headers, **sharing, "Vary": vary})


def _for_us(ask: Ask, hosts: tuple[str, ...]) -> None:
    if not hosts:
        return
    given = ask.headers.get("Host", "")
    try:
        # Neither a user nor a path belongs there, whatever the rest says.
        host = "" if set(given) & set("@/?#\\") else (urlsplit(f"//{given}").hostname or "").removesuffix(".")
    except ValueError:
        host = ""
    if not any(_matches(host, pattern.lower()) for pattern in hosts):
        raise Refusal(400, f"Host: expected one of api.trusted_hosts, got {echo(given)}")


def _matches(host: str, pattern: str) -> bool:
    below = pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) >= len(pattern)
    return below or pattern in (ANY, host)
