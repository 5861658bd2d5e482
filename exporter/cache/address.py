"""What a Redis URL says; pure.

redis://HOST[:PORT][/DATABASE], redis+sentinel://HOST,HOST/MASTER[/DATABASE], redis+cluster://HOST,HOST; rediss for TLS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


class Kind(StrEnum):
    SERVER = "redis"
    SENTINEL = "redis+sentinel"
    CLUSTER = "redis+cluster"


SCHEMES: Final = tuple(f"{tls}{kind.removeprefix('redis')}" for kind in Kind for tls in ("redis", "rediss"))
_PORTS: Final = {Kind.SERVER: 6379, Kind.SENTINEL: 26379, Kind.CLUSTER: 6379}
# Files of TLS, by their names in redis-py.
_FILES: Final = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_EXPECTED: Final = (
    "expected a URL that starts with redis:// or rediss:// (redis+sentinel://, redis+cluster://) and names a host"
)


@dataclass(frozen=True, slots=True)
class Address:
    """`master`: the name that Sentinels know it by. `account`: user name and password, where given."""

    kind: Kind
    hosts: tuple[tuple[str, int], ...]
    master: str
    database: int
    secure: bool
    account: Mapping[str, str] = field(repr=False)
    files: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError that says nothing of a password."""
        parts = _parts(url)
        if parts.scheme not in SCHEMES or re.search(r"[\s\x00-\x1f\x7f]", url):
            raise ValueError(_EXPECTED)
        if "@" in f"{parts.path}{parts.query}{parts.fragment}":
            raise ValueError("expected %2F, %3F, %23 and %40 in place of / ? # and @ in a password or a file name")
        kind = Kind(parts.scheme.replace("rediss", "redis", 1))
        account, _, netloc = parts.netloc.rpartition("@")
        first, _, second = parts.path.strip("/").partition("/")
        master, database = (first, second) if kind is Kind.SENTINEL else ("", f"{first}/{second}".strip("/"))
        address = cls(
            kind, tuple(_host(one, _PORTS[kind]) for one in netloc.split(",")), master, _database(database),
            parts.scheme.startswith("rediss"), _account(account), dict(parse_qsl(parts.query, keep_blank_values=True)),
        )  # fmt: skip
        address._check()
        return address

    def _check(self) -> None:
        if self.kind is Kind.SERVER and len(self.hosts) > 1:
            raise ValueError("expected one host; several need redis+sentinel:// or redis+cluster://")
        if self.kind is Kind.SENTINEL and not self.master:
            raise ValueError("expected the name of the master as first part of the path")
        if self.kind is Kind.CLUSTER and self.database:
            raise ValueError("expected no database: a cluster has only number 0")
        if unknown := sorted(self.files.keys() - (_FILES if self.secure else frozenset())):
            raise ValueError(f"unknown option {unknown[0]!r}; with rediss there are {', '.join(sorted(_FILES))}")


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        # What urlsplit says quotes the URL, with its password.
        raise ValueError(_EXPECTED) from error


def _host(text: str, usual_port: int) -> tuple[str, int]:
    place = _parts(f"//{text}")
    if not place.hostname:
        raise ValueError(_EXPECTED)
    try:
        port = place.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("expected a port from 1 to 65535")
    return place.hostname, port or usual_port


def _database(text: str) -> int:
    if text and not re.fullmatch(r"[0-9]{1,5}", text):
        raise ValueError(f"expected the number of a database, not {text!r}")
    return int(text or 0)


def _account(text: str) -> Mapping[str, str]:
    username, _, password = text.partition(":")
    return {key: unquote(value) for key, value in (("username", username), ("password", password)) if value}
