"""One good body and the refused ones of every endpoint; see `tests.unit.sources.example`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.unit.sources.example import Example
from tests.unit.sources.mempool_space import (
    chain_examples,
    fee_examples,
    lightning_examples,
    mining_examples,
    reward_examples,
)

EXAMPLES: Final[Mapping[str, Example]] = {
    **chain_examples.EXAMPLES,
    **fee_examples.EXAMPLES,
    **mining_examples.EXAMPLES,
    **reward_examples.EXAMPLES,
    **lightning_examples.EXAMPLES,
}
