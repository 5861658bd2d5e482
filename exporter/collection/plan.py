"""What is to be polled, as values: the declarations of a source with the operator's choices."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from yarl import URL

from exporter.collection.network import ClientSettings, host_key
from exporter.spec import Endpoint, Source


class SourceSettings(Protocol):
    @property
    def base_urls(self) -> tuple[str, ...]: ...
    @property
    def api_key(self) -> str | None: ...


class Settings(Protocol):
    """What collection reads of `config.Config`; no endpoints means that the source is switched off."""

    @property
    def sources(self) -> Mapping[str, SourceSettings]: ...
    @property
    def http_client(self) -> ClientSettings: ...
    def endpoints(self, source: Source) -> tuple[Endpoint, ...]: ...


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """`endpoints` carry the interval and `max_age` in force; `base_urls` are free of user and password.

    `logins` holds the Authorization header of base URLs that had them, so that they reach no file, page or log.
    """

    source: Source
    base_urls: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    api_key: str | None = field(default=None, repr=False)
    logins: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def witness(self) -> Endpoint | None:
        """The endpoint without metrics, whose only purpose is to know which network a base URL serves."""
        return next((one for one in self.endpoints if not one.origins), None)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where redirects may lead: what the source declares, and the other base URLs that the operator trusts."""
        return (*self.source.hosts, *(host_key(URL(base_url)) for base_url in self.base_urls))

    def secrets(self, base_url: str) -> dict[str, str]:
        """The headers that prove who we are."""
        header = self.source.key_headers.get(host_key(URL(base_url)), self.source.key_header)
        login = self.logins.get(base_url)
        key = {header: self.api_key} if header and self.api_key else {}
        return key | ({"Authorization": login} if login else {})

    def position(self, endpoint: Endpoint, url: str) -> int | None:
        """Which base URL a body was asked from; None where that is not configured any more."""
        urls = [base_url + endpoint.path for base_url in self.base_urls]
        return urls.index(url) if url in urls else None

    def signature(self) -> tuple[Any, ...]:
        """Equal for plans that poll the same things in the same way."""
        endpoints = tuple((one.name, one.interval, one.max_age) for one in self.endpoints)
        return (self.name, self.base_urls, self.api_key, self.logins, endpoints)


def plans(sources: Iterable[Source], settings: Settings) -> tuple[SourcePlan, ...]:
    """One for every source that is switched on."""
    every = (_plan(source, settings.sources[source.name], settings.endpoints(source)) for source in sources)
    return tuple(plan for plan in every if plan.endpoints)


def _plan(source: Source, chosen: SourceSettings, endpoints: tuple[Endpoint, ...]) -> SourcePlan:
    split = [_without_login(base_url) for base_url in chosen.base_urls]
    logins = {base_url: login for base_url, login in split if login}
    # Whoever knows the network is asked first, so that nothing of another one is shown even for a moment.
    ordered = tuple(sorted(endpoints, key=lambda one: bool(one.origins)))
    return SourcePlan(source, tuple(base_url for base_url, _ in split), ordered, chosen.api_key, logins)


def _without_login(base_url: str) -> tuple[str, str | None]:
    url = URL(base_url)
    if url.user is None:
        return base_url, None
    login = b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
    return str(url.with_user(None)).rstrip("/"), f"Basic {login}"
