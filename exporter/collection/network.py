"""Ways to the outside: certificates, proxies, and how we name ourselves and hosts."""

from __future__ import annotations

import ssl
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import aiohttp
from aiohttp_socks import ProxyConnector
from yarl import URL

from exporter.collection.resolver import Resolver
from exporter.errors import ConfigError


class ClientSettings(Protocol):
    """Section `http_client` of the configuration."""

    @property
    def proxy(self) -> str | None: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def user_agent_contact(self) -> str | None: ...
    @property
    def max_response_bytes(self) -> int: ...
    @property
    def allow_private_addresses(self) -> bool: ...


def host_key(url: URL) -> str:
    """The host as budgets, locks and provenance know it; the port only where it is not the scheme's own."""
    host = url.host_subcomponent or ""
    return host if url.is_default_port() or url.port is None else f"{host}:{url.port}"


def user_agent(contact: str | None) -> str:
    """Says who calls also where no contact is configured, so that operators of sources can look us up."""
    return f"btc-health/{version('btc-health')} (+{contact or 'Bitcoin Health Scorecard, a Prometheus exporter'})"


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verification by the system's authorities and those of `ca_file`; there is no way to switch it off."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"http_client.ca_file: {str(ca_file)!r}: {error}; expected a readable PEM file"
            ) from error
    return context


def connector(settings: ClientSettings, resolver: Resolver, tls: ssl.SSLContext) -> aiohttp.TCPConnector:
    """One connection pool; a SOCKS proxy needs its own kind."""
    proxy = URL(settings.proxy) if settings.proxy else None
    if proxy is None or not proxy.scheme.startswith("socks"):
        return aiohttp.TCPConnector(resolver=resolver, ssl=tls)
    # As in curl: with socks5h the proxy resolves names, which is what Tor needs.
    remote = proxy.scheme == "socks5h"
    return ProxyConnector.from_url(str(proxy.with_scheme(proxy.scheme.rstrip("h"))), ssl=tls, rdns=remote)


def http_proxy(settings: ClientSettings) -> URL | None:
    proxy = URL(settings.proxy) if settings.proxy else None
    return proxy if proxy is not None and proxy.scheme.startswith("http") else None
