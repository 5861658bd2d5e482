"""The eighty bytes of a block header."""

from __future__ import annotations

import struct

from simulator.view import View


def header_hex(view: View, height: int, branch: int | None = None) -> str:
    """`branch` names a competing block of this height; its proof of work is as unreal as that of all others."""
    ledger = view.world.ledger
    branch = view.effects.branch(height) if branch is None else branch
    previous = bytes.fromhex(view.block_hash(height - 1))[::-1] if height else bytes(32)
    merkle = bytes.fromhex(ledger.merkle_root(height, branch))[::-1]
    numbers = view.header_time(height), view.world.chain.bits(height), ledger.nonce(height)
    return (struct.pack("<i", ledger.version(height)) + previous + merkle + struct.pack("<III", *numbers)).hex()
