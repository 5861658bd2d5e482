"""Single values of the configuration: text with a unit or a shape to a typed value, and back to text.

Where a person wrote them (validation context `Written`) numbers need a unit; elsewhere they are base units.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema
from yarl import URL

from exporter.cache import address

MASK: Final = "<secret>"

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_BYTES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_DURATION: Final = r"(\d+(ms|s|m|h|d|w|y))+"
_SIZE: Final = r"\d+(B|KiB|MiB|GiB)"
_ORIGIN: Final = r"(\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?)"
_HOST: Final = r"(\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"
_RATE: Final = r"[1-9]\d*/(second|minute|hour|day)"


@dataclass(frozen=True, slots=True)
class Written:
    """Validation context: values from a file, the environment or a flag, where a number alone would hide its unit."""


def parse_duration(text: str) -> float:
    """Seconds; the notation is Prometheus's: `90s`, `1h30m`, `400d`."""
    if not re.fullmatch(_DURATION, text):
        raise ValueError("expected a duration with its unit, such as 60s, 10m, 1h or 400d")
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def format_duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{round(seconds * 1000)}ms" if seconds else "0s"


def parse_size(text: str) -> int:
    if not re.fullmatch(_SIZE, text):
        raise ValueError("expected a size with its unit, such as 512KiB, 16MiB or 1GiB")
    number, unit = re.findall(r"(\d+)([A-Za-z]+)", text)[0]
    return int(number) * _BYTES[unit]


def format_size(size: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B"


def _bare_number(value: Any, info: ValidationInfo) -> bool:
    return isinstance(value, bool | int | float) and isinstance(info.context, Written)


def _duration(value: Any, info: ValidationInfo, *, least: float) -> Any:
    seconds = parse_duration(str(value)) if isinstance(value, str) or _bare_number(value, info) else value
    if isinstance(seconds, int | float) and seconds < least:
        raise ValueError(f"expected at least {format_duration(least)}")
    return seconds


def _size(value: Any, info: ValidationInfo) -> Any:
    size = parse_size(str(value)) if isinstance(value, str) or _bare_number(value, info) else value
    if isinstance(size, int) and size < 1024:  # noqa: PLR2004 - a body or a cache below 1 KiB is a slip of the pen
        raise ValueError("expected at least 1KiB")
    return size


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "examples": list(examples)})


_to_duration = PlainSerializer(format_duration, return_type=str)

Interval = Annotated[
    float, BeforeValidator(partial(_duration, least=1)), _to_duration, _schema(_DURATION, "60s", "10m", "1h")
]
Retention = Annotated[
    float, BeforeValidator(partial(_duration, least=86400)), _to_duration, _schema(_DURATION, "30d", "400d")
]
Size = Annotated[int, BeforeValidator(_size), PlainSerializer(format_size, return_type=str), _schema(_SIZE, "16MiB")]


def _rate(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(_RATE, value):
        raise ValueError("expected a rate such as 600/minute, per second, minute, hour or day")
    return value


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f"expected an address or a network such as 10.0.0.0/8 ({error})") from error


def _origin(text: str) -> str:
    if not re.fullmatch(_ORIGIN, text):
        raise ValueError("expected an origin such as https://status.example.org, without a path, or *")
    # As browsers write it: RFC 6454, 6.1.
    origin = text.lower()
    return origin.removesuffix(":443" if origin.startswith("https:") else ":80")


def _host(text: str) -> str:
    if not re.fullmatch(_HOST, text):
        raise ValueError("expected a host name without a port, such as scores.example.org, *.example.org or *")
    return text.lower()


Network = Annotated[str, AfterValidator(_network), WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]})]
Origin = Annotated[str, AfterValidator(_origin), _schema(_ORIGIN, "https://status.example.org")]
TrustedHost = Annotated[str, AfterValidator(_host), _schema(_HOST, "scores.example.org", "*.example.org")]

# By the label `handler` of the request counters; probes and scrapes are never limited.
LimitedEndpoint = Literal[
    "default", "landing", "config", "score_latest", "score_timeseries", "score_explain", "sources", "methodology",
    "openapi", "docs", "not_found",
]  # fmt: skip

Rate = Annotated[str, BeforeValidator(_rate), _schema(_RATE, "600/minute")]


# Where the exporter's other pages are or may come to be.
_TAKEN: Final = r"/|/(health|config|docs|openapi\.json)/?|/(-|api)(/.*)?"


def _telemetry_path(path: str) -> str:
    if re.fullmatch(_TAKEN, path):
        raise ValueError("expected a path that no other page has")
    return path


TelemetryPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]+$"), AfterValidator(_telemetry_path)]


# From the user name to the last @: also a password that should have been percent-encoded is not to be shown.
_PASSWORD: Final = re.compile(r"([^/@]*://[^:/?#@\[]*:)(.*)@", re.DOTALL)
_PORT: Final = re.compile(r"[0-9]+[/?#]")


def _password(url: str) -> re.Match[str] | None:
    found = _PASSWORD.match(url)
    # As in https://host:8080/path@v2; no path of a Redis URL has an @.
    port = found is not None and _PORT.match(found[2]) is not None
    return None if port and not url.startswith("redis") else found


def mask_url(url: str) -> str:
    """The same URL with the password replaced."""
    found = _password(url)
    return url if found is None else f"{found[1]}{MASK}{url[found.end(2) :]}"


def has_password(url: str) -> bool:
    return _password(url) is not None


def _url(value: Any, *, schemes: tuple[str, ...], prefix: bool) -> Any:
    if not isinstance(value, str):
        return value
    expected = f"a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)} and names a host"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise ValueError(f"expected {expected} ({error})") from error
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError(f"expected {expected}")
    if prefix and (parts.query or parts.fragment):
        raise ValueError("expected a URL without ? and #: paths are appended to it")
    return value.rstrip("/") if prefix else value


def _pattern(schemes: tuple[str, ...]) -> str:
    return f"^({'|'.join(re.escape(scheme) for scheme in schemes)})://[^\\s]+$"


def _url_type(*schemes: str, prefix: bool) -> tuple[BeforeValidator, PlainSerializer, WithJsonSchema]:
    return (
        BeforeValidator(partial(_url, schemes=schemes, prefix=prefix)),
        PlainSerializer(mask_url, return_type=str),
        WithJsonSchema({"type": "string", "format": "uri", "pattern": _pattern(schemes)}),
    )


BaseUrl = Annotated[str, *_url_type("http", "https", prefix=True)]


def _each_once(urls: tuple[str, ...]) -> tuple[str, ...]:
    """A second way to the same place takes over nothing, and would be asked twice as often as its host allows."""
    places = [str(URL(url).with_user(None)).rstrip("/") for url in urls]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise ValueError(f"expected each base URL once, got {place} twice")
    return urls


BaseUrls = Annotated[tuple[BaseUrl, ...], Field(min_length=1), AfterValidator(_each_once)]
ProxyUrl = Annotated[str, *_url_type("http", "https", "socks4", "socks5", "socks5h", prefix=False)]


def _redis_url(value: str) -> str:
    address.Address.parse(value)
    return value


RedisUrl = Annotated[
    str,
    AfterValidator(_redis_url),
    PlainSerializer(mask_url, return_type=str),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": _pattern(address.SCHEMES)}),
]

Secret = Annotated[str, PlainSerializer(lambda _: MASK, return_type=str, when_used="unless-none")]


class Address(NamedTuple):
    """Where to listen; host None means every address of the machine."""

    host: str | None
    port: int

    def __str__(self) -> str:
        host = self.host or ""
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:\[\]/]*)):(\d{1,5})", text)
    if not match or int(match[3]) > 65535:  # noqa: PLR2004 - the largest TCP port
        raise ValueError("expected HOST:PORT, :PORT or [IPV6]:PORT with a port of 0 to 65535")
    return Address(match[1] or match[2] or None, int(match[3]))


def _address(value: Any) -> Any:
    return parse_address(value) if isinstance(value, str) else value


ListenAddress = Annotated[
    Address,
    BeforeValidator(_address),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": [":9833", "127.0.0.1:9833", "[::1]:9833"]}),
]
