"""The web configuration file while the server runs: read again when it or a certificate has changed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from exporter.errors import ConfigError
from exporter.web.tls import context_of, files_of
from exporter.web.webconfig import WebFileContent, parse_file

log = structlog.get_logger(__name__)

# Changes with content written in place, with files moved over, and with who may read them.
State = tuple[int, int, int] | None

# owasp.org REST Security Cheat Sheet, "Security Headers".
SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_WITH_TLS: Final = {"Strict-Transport-Security": "max-age=31536000"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """`headers` go with every answer."""

    content: WebFileContent
    context: ssl.SSLContext | None
    headers: Mapping[str, str]

    @classmethod
    def from_content(cls, content: WebFileContent, folder: Path) -> Loaded:
        tls = content.tls_server_config
        context = context_of(tls, folder) if tls.enabled else None
        headers = SECURITY_HEADERS | (_WITH_TLS if context else {}) | content.http_server_config.headers
        return cls(content, context, {name: value for name, value in headers.items() if value})


class WebFile:
    """`path` None: nothing is configured, and nothing changes."""

    def __init__(self, path: Path | None) -> None:
        """Raises ConfigError when the file cannot be used."""
        self._path = path
        # Every file that was looked at last, as it was just before it was read.
        self._seen: dict[Path, State] = {}
        self._loaded = self._load()
        self.last_reload_successful = True

    def current(self) -> Loaded:
        """What holds now: a change that cannot be used is logged once and leaves the old in force."""
        if all(_state_of(file) == state for file, state in self._seen.items()):
            return self._loaded
        try:
            self._loaded = self._reload()
        except ConfigError as error:
            self._kept(str(error))
            return self._loaded
        self.last_reload_successful = True
        log.info("web configuration reloaded", file=str(self._path))
        return self._loaded

    def _kept(self, problem: str) -> None:
        self.last_reload_successful = False
        log.error("web configuration not reloaded", file=str(self._path), error=problem)

    def _reload(self) -> Loaded:
        loaded = self._load()
        if (loaded.context is None) != (self._loaded.context is None):
            raise ConfigError("tls_server_config: TLS cannot be switched on or off while running; restart instead")
        return loaded

    def _load(self) -> Loaded:
        if self._path is None:
            return Loaded.from_content(WebFileContent(), Path())
        self._seen = {self._path: _state_of(self._path)}
        content = parse_file(self._path)
        files = files_of(content.tls_server_config, self._path.parent)
        self._seen |= {file: _state_of(file) for file in files}
        return Loaded.from_content(content, self._path.parent)


def _state_of(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ctime_ns, found.st_size, found.st_ino
