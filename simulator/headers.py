"""Block headers: eighty bytes that hash to the block's hash and name the block before.

No work went into them, so that their hashes do not start with zeros. To know one hash without knowing all before it,
the chain of hashes starts anew every 144 blocks: there alone the bytes name a block that does not exist.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field

from simulator.chain import GENESIS_HASH, Chain
from simulator.dice import Dice

RUN = 144


@dataclass(frozen=True, slots=True)
class Header:
    hash: str
    raw: bytes
    version: int
    merkle_root: str
    nonce: int


@dataclass(frozen=True, slots=True)
class Headers:
    chain: Chain
    dice: Dice
    _known: dict[tuple[int, int, str], Header] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, chain: Chain) -> Headers:
        return cls(chain, Dice.named(seed, "block headers"))

    def at(self, height: int, branch: int, previous: str | None) -> Header:
        """`branch` tells competing blocks of one height apart; `previous` is the hash of the block before."""
        previous = previous or self.dice.digits(64, height, 9)
        key = height, branch, previous
        if key not in self._known:
            self._known[key] = self._made(*key)
        return self._known[key]

    def _made(self, height: int, branch: int, previous: str) -> Header:
        chain, bits = self.chain, self.dice.bits(height, branch)
        version, nonce = 0x20000000 | (bits & 0x1FFFE000), bits >> 32
        merkle_root = self.dice.digits(64, height, branch, 1)
        time = int(chain.arrival(height) + chain.header_offset(height))
        linked = bytes.fromhex(previous)[::-1] + bytes.fromhex(merkle_root)[::-1]
        raw = struct.pack("<i", version) + linked + struct.pack("<III", time, chain.bits(height), nonce)
        block_hash = hashlib.sha256(hashlib.sha256(raw).digest()).digest()[::-1].hex()
        return Header(block_hash if height else GENESIS_HASH, raw, version, merkle_root, nonce)
