"""The configuration as values; `exporter.configuration.configfile` reads it from flags, environment and file.

Each key is declared once: type, default and a sentence. Docs, JSON Schema, flags and the example file derive from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from exporter.configuration.scalars import (
    Address,
    BaseUrl,
    BaseUrls,
    Interval,
    LimitedEndpoint,
    ListenAddress,
    Network,
    Origin,
    ProxyUrl,
    Rate,
    RedisUrl,
    Retention,
    Secret,
    Size,
    TelemetryPath,
    TrustedHost,
)
from exporter.sources.registry import SOURCES
from exporter.spec import Endpoint, Source


@dataclass(frozen=True, slots=True)
class Key:
    """What a person needs to know of one key. `restart`: a reload that changes it is refused."""

    text: str
    flag: str | None = None
    restart: bool = False
    secret: bool = False

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "description": self.text}


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, data: Any) -> Any:
        return {} if data is None else data


class EndpointConfig(Section):
    interval: Annotated[Interval | None, Key("Time between two polls; unset: as declared by the endpoint.")] = None
    max_age: Annotated[Interval | None, Key("Age of the data at which values leave the page; unset: derived.")] = None
    enabled: Annotated[bool | None, Key("Whether it is polled; unset: as declared by the endpoint.")] = None


class SourceConfig(Section):
    enabled: Annotated[bool, Key("Whether the source is polled.")] = True
    base_urls: Annotated[
        BaseUrls, Key("Prefixes before the API's own path, in order of preference; the first that works serves.")
    ]
    endpoints: Annotated[dict[str, EndpointConfig], Key("Overrides of single endpoints, by name.")] = {}
    api_key: Annotated[Secret | None, Key("Key of the API; never in the file.", secret=True)] = None
    api_key_file: Annotated[Path | None, Key("File that holds the key of the API.")] = None


class HttpClientConfig(Section):
    proxy: Annotated[ProxyUrl | None, Key("Proxy for calls to sources; socks5h:// resolves names there too.")] = None
    ca_file: Annotated[Path | None, Key("Certificate authorities in PEM, believed besides the system's.")] = None
    user_agent_contact: Annotated[
        str | None, Field(pattern=r"^[\x21-\x7e]{1,200}$"),
        Key("Address or link in the User-Agent, so that operators of sources can reach you."),
    ] = None  # fmt: skip
    max_response_bytes: Annotated[Size, Key("Largest response read, also after decompression.")] = 32 << 20
    allow_private_addresses: Annotated[bool, Key("Whether sources may be on loopback and private networks.")] = True


class CacheConfig(Section):
    redis_url: Annotated[
        RedisUrl | None, Key("Cache shared by replicas; a password comes from the environment only.", restart=True)
    ] = None
    l1_max_bytes: Annotated[Size, Key("Memory for response bodies.", restart=True)] = 16 << 20


class StorageConfig(Section):
    path: Annotated[
        Path, Key("SQLite file with the last good bodies and the scores.", flag="--storage.path", restart=True)
    ] = Path("data/btc-health.sqlite")
    retention: Annotated[Retention, Key("How long scores and scalar samples are kept.", restart=True)] = 400 * 86400.0


class HistoryConfig(Section):
    prometheus_url: Annotated[
        BaseUrl | None, Key("Prometheus-compatible server that answers time series; unset: SQLite does.")
    ] = None


class AlertsConfig(Section):
    alertmanager_url: Annotated[BaseUrl | None, Key("Alertmanager whose alerts the API shows.")] = None


class ScoringConfig(Section):
    weights: Annotated[
        dict[str, Annotated[float, Field(ge=0)]],
        Key("Weights other than the methodology's, by pillar or indicator; each group is brought to a sum of 1."),
    ] = {}
    minimum_coverage: Annotated[
        float, Field(ge=0, le=1), Key("Share of fresh weight below which a score is withheld.")
    ] = 0.6


class ApiConfig(Section):
    cors_origins: Annotated[tuple[Origin, ...], Key("Origins whose pages may read the API.")] = ()
    trusted_hosts: Annotated[tuple[TrustedHost, ...], Key("Host headers that are answered; empty: all.")] = ()
    trusted_proxies: Annotated[tuple[Network, ...], Key("Networks whose X-Forwarded-For is believed.")] = ()
    rate_limits: Annotated[
        dict[LimitedEndpoint, Rate], Key("Requests per client, by endpoint; `default` for each of the rest.")
    ] = {"default": "600/minute"}
    docs: Annotated[bool, Key("Whether /docs is served.")] = True


class WebConfig(Section):
    listen_addresses: Annotated[
        tuple[ListenAddress, ...], Field(min_length=1),
        Key("Addresses to listen on; repeat the flag for several.", flag="--web.listen-address", restart=True),
    ] = (Address(None, 9833),)  # fmt: skip
    systemd_socket: Annotated[
        bool, Key("Listen on the sockets that systemd passes.", flag="--web.systemd-socket", restart=True)
    ] = False
    telemetry_path: Annotated[TelemetryPath, Key("Path of the metrics.", flag="--web.telemetry-path", restart=True)] = (
        "/metrics"
    )
    config_file: Annotated[
        Path | None, Key("TLS, users and headers in exporter-toolkit's format.", flag="--web.config.file", restart=True)
    ] = None
    external_url: Annotated[
        BaseUrl | None, Key("URL under which people reach the exporter.", flag="--web.external-url", restart=True)
    ] = None
    route_prefix: Annotated[
        str | None, Field(pattern=r"^/?([A-Za-z0-9._~-]+/?)*$"),
        Key("Prefix of every route; unset: path of the external URL.", flag="--web.route-prefix", restart=True),
    ] = None  # fmt: skip
    max_requests: Annotated[
        int, Field(ge=0),
        Key(
            "Requests answered at the same time, half of them of one client; 0: no limit.",
            flag="--web.max-requests",
            restart=True,
        ),
    ] = 40  # fmt: skip
    disable_exporter_metrics: Annotated[
        bool,
        Key("Leave out metrics about the process itself.", flag="--web.disable-exporter-metrics", restart=True),
    ] = False


class LogConfig(Section):
    level: Annotated[
        Literal["debug", "info", "warn", "error"], Key("Least severe lines written.", flag="--log.level")
    ] = "info"
    format: Annotated[Literal["logfmt", "json"], Key("Form of a line.", flag="--log.format")] = "logfmt"


class Config(Section):
    sources: Annotated[dict[str, SourceConfig], Key("Providers of data, by name.")] = {}
    http_client: Annotated[HttpClientConfig, Key("How sources are called.")] = HttpClientConfig()
    cache: Annotated[CacheConfig, Key("Where response bodies are kept.")] = CacheConfig()
    storage: Annotated[StorageConfig, Key("The SQLite file.")] = StorageConfig()
    history: Annotated[HistoryConfig, Key("Where time series come from.")] = HistoryConfig()
    alerts: Annotated[AlertsConfig, Key("Where alerts come from.")] = AlertsConfig()
    scoring: Annotated[ScoringConfig, Key("How the score is made.")] = ScoringConfig()
    api: Annotated[ApiConfig, Key("Who may use the JSON API, and how much.")] = ApiConfig()
    web: Annotated[WebConfig, Key("The HTTP server.")] = WebConfig()
    log: Annotated[LogConfig, Key("Lines on standard error.")] = LogConfig()

    @model_validator(mode="before")
    @classmethod
    def _complete_sources(cls, data: Any) -> Any:
        """Every declared source is there, with its declared base URLs where none are written."""
        if not isinstance(data, Mapping) or not isinstance(given := data.get("sources") or {}, Mapping):
            return data
        completed: dict[str, Any] = {source.name: given.get(source.name) or {} for source in SOURCES}
        completed.update(given)
        for source in SOURCES:
            written = completed[source.name] or {}
            if isinstance(written, Mapping) and written.get("base_urls") is None:
                completed[source.name] = {**written, "base_urls": source.base_urls}
        return {**data, "sources": completed}

    def endpoints(self, source: Source) -> tuple[Endpoint, ...]:
        """The endpoints to poll, with interval and `max_age` as configured."""
        chosen = self.sources[source.name]
        if not chosen.enabled:
            return ()
        tuned = (tune(one, chosen.endpoints.get(one.name, EndpointConfig())) for one in source.endpoints)
        return tuple(one for one in tuned if one.enabled)

    def effective(self) -> dict[str, Any]:
        """What is in force, in the form of the file: secrets masked, every endpoint with its interval and `max_age`."""
        shown: dict[str, Any] = self.model_dump(mode="json", exclude_none=False)
        for source in SOURCES:
            section = shown["sources"][source.name]
            written = self.sources[source.name].endpoints
            section["endpoints"] = {
                one.name: EndpointConfig(
                    interval=tuned.interval, max_age=tuned.max_age, enabled=tuned.enabled
                ).model_dump(mode="json")
                for one in source.endpoints
                for tuned in (tune(one, written.get(one.name, EndpointConfig())),)
            }
        return shown


def tune(endpoint: Endpoint, chosen: EndpointConfig) -> Endpoint:
    """The endpoint as the operator wants it; `max_age` follows the interval unless it is overridden too."""
    return replace(
        endpoint,
        interval=endpoint.interval if chosen.interval is None else chosen.interval,
        max_age_override=endpoint.max_age_override if chosen.max_age is None else chosen.max_age,
        enabled=endpoint.enabled if chosen.enabled is None else chosen.enabled,
    )


def as_yaml(config: Config) -> str:
    """As a file that would have the same effect, except for secrets, which are masked."""
    return yaml.safe_dump(config.effective(), sort_keys=False, allow_unicode=True, width=120)
