"""Everything that may go wrong, drawn once.

BtcHealthError
├── ConfigError             a mistake in flags, environment or files: exit code 2
├── StorageError            the SQLite file cannot be opened or written
├── RemoteError             the operator's own Prometheus or Alertmanager does not answer, or not as expected
└── UpstreamError           one attempt at one endpoint of one base URL failed; carries a reason
    ├── FetchError          no usable response
    └── BodyError           a response whose body must not be believed
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Label values of `btchealth_fetch_failures_total`; the list is closed."""

    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    REDIRECT = "redirect"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    FORMAT = "format"
    ERROR_BODY = "error_body"
    EMPTY = "empty"
    INCONSISTENT = "inconsistent"
    STALE = "stale"
    FUTURE = "future"
    OLDER = "older"
    WRONG_NETWORK = "wrong_network"
    BUG = "bug"


class BtcHealthError(Exception):
    """Root of the tree; its text is meant for an operator."""


class ConfigError(BtcHealthError):
    """One line a mistake: where, key, value, what was expected."""


class StorageError(BtcHealthError):
    pass


class RemoteError(BtcHealthError):
    """Its text ends a sentence that names the server; never an address, which may be private."""


class UpstreamError(BtcHealthError):
    def __init__(self, reason: Reason, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class FetchError(UpstreamError):
    """`url`: what was asked last, after redirects; None where nobody was asked."""

    url: str | None = None


class BodyError(UpstreamError):
    pass
