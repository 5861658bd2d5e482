"""A TLS context from the web configuration file, and what a client certificate says of its owner."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from exporter.errors import ConfigError
from exporter.web.webconfig import CIPHERS, CURVES, TlsServerConfig

_VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENTS: Final = {
    "": ssl.CERT_NONE,
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def files_of(config: TlsServerConfig, folder: Path) -> list[Path]:
    """The files that a context is made from."""
    return [folder / name for name in (config.cert_file, config.key_file, config.client_ca_file) if name]


def context_of(config: TlsServerConfig, folder: Path) -> ssl.SSLContext:
    """Raises ConfigError naming the key whose file or content cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    context.set_alpn_protocols(["http/1.1"])
    if not config.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if ciphers := [name for one in config.cipher_suites if (name := CIPHERS[one])]:
        context.set_ciphers(":".join(ciphers))
    elif config.cipher_suites:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    for curve in config.curve_preferences:
        context.set_ecdh_curve(CURVES[curve])
    _load_certificate(context, config, folder)
    context.verify_mode = _CLIENTS[config.client_auth_type]
    _load_authorities(context, config, folder)
    return context


def _load_certificate(context: ssl.SSLContext, config: TlsServerConfig, folder: Path) -> None:
    for name in ("cert_file", "key_file"):
        if file := getattr(config, name):
            _readable(f"tls_server_config.{name}", folder / file)
    with contextlib.ExitStack() as stack:
        cert = _as_file(config.cert, stack) if config.cert else folder / config.cert_file
        key = _as_file(config.key, stack) if config.key else folder / config.key_file
        try:
            context.load_cert_chain(cert, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise ConfigError(f"tls_server_config: certificate and key cannot be used: {error}") from error


def _as_file(text: str, stack: contextlib.ExitStack) -> Path:
    """Python's TLS reads certificates from files only; what mkdtemp makes is open to its owner alone."""
    try:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory()), "pem")
        path.write_text(text)
    except OSError as error:
        raise ConfigError(
            f"tls_server_config: cert and key need a folder for temporary files, write cert_file and key_file: {error}"
        ) from error
    return path


def _no_password() -> str:
    raise ValueError("the key is encrypted; expected one without a password")


def _load_authorities(context: ssl.SSLContext, config: TlsServerConfig, folder: Path) -> None:
    if config.client_ca_file:
        _readable("tls_server_config.client_ca_file", folder / config.client_ca_file)
    try:
        if config.client_ca or config.client_ca_file:
            text = config.client_ca or (folder / config.client_ca_file).read_text()
            context.load_verify_locations(cadata=text)
        elif context.verify_mode is not ssl.CERT_NONE:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except (OSError, ValueError) as error:
        raise ConfigError(f"tls_server_config: client CA cannot be used: {error}") from error


def _readable(name: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError(f"{name}: cannot read {path}: {error.strerror}") from error


def names_of(certificate: Mapping[str, Any] | None) -> Iterator[str]:
    """Subject alternative names of a verified peer certificate, as `SSLSocket.getpeercert` gives it."""
    for kind, name in (certificate or {}).get("subjectAltName", ()):
        if kind == "IP Address":
            # An address of a wrong length is nobody's name.
            with contextlib.suppress(ValueError):
                yield str(ipaddress.ip_address(name.strip()))
        elif kind in ("DNS", "email", "URI"):
            yield name
