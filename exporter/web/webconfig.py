"""The web configuration file of Prometheus's exporter-toolkit: TLS, users, headers, rate limit.

Keys and meaning are those of its docs/web-configuration.md, so that `promtool check web-config` checks the same file.
What Python's TLS cannot do is refused with what to write instead, never ignored.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import bcrypt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from exporter.configuration.mistakes import explain, refuse
from exporter.configuration.scalars import parse_duration
from exporter.configuration.yamlfile import read

# Go's names of the cipher suites it still offers for TLS 1.2, and OpenSSL's. Neither lets those of TLS 1.3 be chosen.
CIPHERS: Final = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_AES_128_GCM_SHA256": None,
    "TLS_AES_256_GCM_SHA384": None,
    "TLS_CHACHA20_POLY1305_SHA256": None,
}
CURVES: Final = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}

_BCRYPT: Final = re.compile(r"\$2[abxy]?\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}


def _header_value(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name not in _HEADERS:
            raise ValueError(f"expected only the headers {', '.join(_HEADERS)}, not {name}")
        allowed = _HEADERS[name]
        if allowed and value not in ("", *allowed):
            raise ValueError(f"expected {name} to be {' or '.join(allowed)} or empty, not {value!r}")
        if re.search(r"[\r\n\x00]", value):
            raise ValueError(f"expected {name} on one line")
    return headers


def _bcrypt_hash(text: str) -> str:
    mistake = ValueError("expected a bcrypt hash, such as `htpasswd -nBC 10 NAME` prints")
    if not _BCRYPT.fullmatch(text):
        raise mistake
    try:
        # At the least cost: whether its salt and its prefix are such that passwords can be compared with it.
        bcrypt.checkpw(b"", re.sub(r"\$\d\d\$", "$04$", text, count=1).encode())
    except ValueError as error:
        raise mistake from error
    return text


def _user(name: str) -> str:
    if ":" in name:
        raise ValueError("expected a name without a colon, which ends the name where a browser sends it")
    return name


def _cipher(name: str) -> str:
    if name not in CIPHERS:
        raise ValueError(f"expected one of {', '.join(CIPHERS)}")
    return name


def _duration(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) and value != "0" else value


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_means_defaults(cls, data: Any) -> Any:
        """As Go reads YAML: a key without a value is not written."""
        if not isinstance(data, dict):
            return {} if data is None else data
        return {name: value for name, value in data.items() if value is not None or name not in cls.model_fields}


Version = Literal["TLS12", "TLS13"]
ClientAuth = Literal["", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]


def _client_auth(value: Any) -> Any:
    if value in ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert"):
        raise ValueError(
            "expected NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert: "
            "a certificate that is asked for is always verified here"
        )
    return value


class TlsServerConfig(Strict):
    cert: str = ""
    key: str = ""
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Annotated[ClientAuth, BeforeValidator(_client_auth)] = ""
    client_ca_file: str = ""
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[Annotated[str, AfterValidator(_cipher)], ...] = ()
    prefer_server_cipher_suites: bool = True
    # Python's TLS takes one curve, not an order of several.
    curve_preferences: Annotated[
        tuple[Literal["CurveP256", "CurveP384", "CurveP521", "X25519"], ...], Field(max_length=1)
    ] = ()

    @property
    def enabled(self) -> bool:
        return any(
            (
                self.cert,
                self.cert_file,
                self.key,
                self.key_file,
                self.client_ca,
                self.client_ca_file,
                self.client_auth_type,
            )
        )

    @model_validator(mode="after")
    def _is_whole(self) -> TlsServerConfig:
        written = (getattr(self, name) != field.default for name, field in TlsServerConfig.model_fields.items())
        if not self.enabled and any(written):
            raise ValueError("expected cert_file and key_file: without them nothing is encrypted")
        if self.cipher_suites and self.max_version == "TLS12" and not any(map(CIPHERS.get, self.cipher_suites)):
            raise ValueError("expected a cipher suite of TLS 1.2 beside max_version TLS12")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> TlsServerConfig:
        verifies = self.client_auth_type in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
        for name in ("cert", "key"):
            written = bool(getattr(self, name)) + bool(getattr(self, f"{name}_file"))
            if self.enabled and written != 1:
                raise ValueError(f"expected one of {name} and {name}_file")
        if self.client_ca and self.client_ca_file:
            raise ValueError("expected only one of client_ca and client_ca_file")
        if (self.client_ca or self.client_ca_file) and not verifies:
            raise ValueError("expected client_auth_type RequireAndVerifyClientCert beside a client CA")
        if self.client_allowed_sans is not None and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ValueError("expected client_auth_type RequireAndVerifyClientCert beside client_allowed_sans")
        if self.min_version > self.max_version:
            raise ValueError("expected min_version at most max_version")
        return self


class HttpServerConfig(Strict):
    """`http2` is read for the sake of the format; this server speaks HTTP/1.1, which every HTTP/2 client does too."""

    http2: bool = True
    headers: Annotated[dict[str, str], AfterValidator(_header_value)] = {}


class RateLimit(Strict):
    interval: Annotated[float, Field(ge=0), BeforeValidator(_duration)] = 0.0
    burst: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> RateLimit:
        if self.interval and not self.burst:
            raise ValueError("expected a burst of at least 1 beside interval: without it every request is refused")
        return self


class WebFileContent(Strict):
    tls_server_config: TlsServerConfig = TlsServerConfig()
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[Annotated[str, AfterValidator(_user)], Annotated[str, AfterValidator(_bcrypt_hash)]] = {}
    rate_limit: RateLimit = RateLimit()


SECRETS: Final = ("basic_auth_users", "key", "cert", "client_ca")


def parse_file(path: Path) -> WebFileContent:
    """Raises ConfigError with one line a mistake. File names inside count from the folder of the file."""
    document = read(path)
    mistakes = list(document.mistakes)
    try:
        content = WebFileContent.model_validate(document.data)
    except ValidationError as error:
        mistakes.extend(explain(error, WebFileContent, document.where, SECRETS))
        content = WebFileContent()
    refuse(mistakes)
    return content
