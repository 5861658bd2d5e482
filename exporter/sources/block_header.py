"""The eighty bytes of a block header: enough to know which block it is, when it was made, and on which network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = 80
_MANTISSA_BYTES: Final = 3
# Target of difficulty 1.
_EASIEST: Final = 0xFFFF << 208


@dataclass(frozen=True, slots=True)
class BlockHeader:
    time: float
    difficulty: float


def read_header(text: str, block_hash: str) -> BlockHeader | None:
    """The header in `text` (hex), or None unless it hashes to `block_hash`."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    found = hashlib.sha256(hashlib.sha256(raw).digest()).digest()[::-1].hex()
    target = target_of(int.from_bytes(raw[72:76], "little"))
    if len(raw) != _LENGTH or found != block_hash.lower() or not target:
        return None
    return BlockHeader(float(int.from_bytes(raw[68:72], "little")), _EASIEST / target)


def target_of(bits: int) -> int:
    """The largest hash allowed, from the compact form that headers carry."""
    shift = 8 * ((bits >> 24) - _MANTISSA_BYTES)
    mantissa = bits & 0x7FFFFF
    return mantissa << shift if shift > 0 else mantissa >> -shift
