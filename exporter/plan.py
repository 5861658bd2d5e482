"""What is to be polled, as values: the declarations of a source with the operator's choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from exporter.network import ClientSettings
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
    """`endpoints` carry the interval and `max_age` in force."""

    source: Source
    base_urls: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    api_key: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def key(self) -> dict[str, str]:
        """The header that carries the API key."""
        header = self.source.key_header
        return {header: self.api_key} if header and self.api_key else {}

    def position(self, endpoint: Endpoint, url: str) -> int | None:
        """Which base URL a body was asked from; None where that is not configured any more."""
        urls = [base_url + endpoint.path for base_url in self.base_urls]
        return urls.index(url) if url in urls else None

    def signature(self) -> tuple[Any, ...]:
        """Equal for plans that poll the same things in the same way."""
        endpoints = tuple((one.name, one.interval, one.max_age) for one in self.endpoints)
        return (self.name, self.base_urls, self.api_key, endpoints)


def plans(sources: Iterable[Source], settings: Settings) -> tuple[SourcePlan, ...]:
    """One for every source that is switched on."""
    chosen = ((source, settings.sources[source.name], settings.endpoints(source)) for source in sources)
    return tuple(
        SourcePlan(source, tuple(one.base_urls), endpoints, one.api_key)
        for source, one, endpoints in chosen
        if endpoints
    )
