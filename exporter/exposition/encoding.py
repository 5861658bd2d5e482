"""Content encodings: which one a client gets, and bodies packed in it (RFC 9110, 12.5.3; RFC 8878)."""

from __future__ import annotations

import gzip
from enum import StrEnum
from functools import lru_cache
from typing import Final

import zstandard

from exporter.exposition.negotiation import ranges


class Encoding(StrEnum):
    """In order of preference; the value is the token of HTTP."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


# (zstd, gzip) levels. A page made anew every second costs a millisecond, a document made seldom some more.
QUICK: Final = {Encoding.ZSTD: 3, Encoding.GZIP: 1}
THOROUGH: Final = {Encoding.ZSTD: 9, Encoding.GZIP: 6}
_ALIASES: Final = {"x-gzip": "gzip"}


@lru_cache(maxsize=256)
def encoding_of(accept_encoding: str) -> Encoding:
    """The one the client likes best; of several ours, and none where it does not say."""
    weights: dict[str, float] = {}
    for element in accept_encoding.split(","):
        name = element.partition(";")[0].strip().lower()
        # A weight that is 0 or makes no sense says no.
        weights[_ALIASES.get(name, name)] = next((one.weight for one in ranges(element)), 0.0)
    packed = {one: weights.get(one, weights.get("*", 0.0)) for one in (Encoding.ZSTD, Encoding.GZIP)}
    best = max(packed, key=packed.__getitem__)
    return best if packed[best] > 0 and packed[best] >= weights.get(Encoding.IDENTITY, 0.0) else Encoding.IDENTITY


def packed(body: bytes, encoding: Encoding, levels: dict[Encoding, int]) -> bytes:
    if encoding is Encoding.ZSTD:
        return zstandard.ZstdCompressor(level=levels[encoding]).compress(body)
    if encoding is Encoding.GZIP:
        return gzip.compress(body, compresslevel=levels[encoding], mtime=0)
    return body


def headers_of(encoding: Encoding) -> dict[str, str]:
    return {} if encoding is Encoding.IDENTITY else {"Content-Encoding": str(encoding)}
