"""How a derived quantity is declared, and the inputs that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from exporter.spec import Group, Metric, Unit
from scoring.reading import series

# Selectors, of which the first that is shown is taken.
Choice = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """`formula` takes one value an input and may return None."""

    metric: Metric
    formula: Callable[..., float | None]
    inputs: tuple[Choice, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FromDays:
    """Made of the daily values of several bodies; `statistic` takes one mapping from day to value an endpoint.

    `witnesses` are series of the same bodies: while they are shown, the days behind them are young enough, too.
    """

    metric: Metric
    statistic: Callable[..., float | None]
    endpoints: tuple[tuple[str, str], ...]
    witnesses: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


def family(
    name: str, text: str, unit: Unit, bounds: tuple[float, float], group: Group, **labels: tuple[str, ...]
) -> Metric:
    return Metric(f"btchealth_{name}", text, unit, bounds, labels, group)


def _from(name: str, *sources: str) -> Choice:
    return tuple(series(name, source=source) for source in sources)


HEIGHT: Final[Choice] = (
    "btchealth_tip_height_consensus",
    *_from("btchealth_tip_height", "mempool_space", "fork_observer", "forkmonitor"),
)
TIP_TIME: Final[Choice] = _from("btchealth_tip_timestamp_seconds", "mempool_space", "fork_observer", "forkmonitor")
PRICE: Final[Choice] = (
    "btchealth_price_consensus_usd",
    *_from("btchealth_price_usd", "coingecko", "mempool_space", "blockchain_com"),
)
DIFFICULTY: Final[Choice] = (
    "btchealth_difficulty_consensus",
    *_from("btchealth_difficulty", "mempool_space", "fork_observer", "blockchain_com"),
)
SUPPLY: Final[Choice] = (
    "btchealth_circulating_supply_consensus_bitcoins",
    *_from("btchealth_circulating_supply_bitcoins", "blockchain_com", "coingecko"),
)
REWARD: Final[Choice] = (series("btchealth_reward_bitcoins", window="144_blocks"),)
FEES: Final[Choice] = (series("btchealth_fees_bitcoins", window="144_blocks"),)
FOUND_IN_A_DAY: Final[Choice] = (
    series("btchealth_blocks_found", window="24h"),
    series("btchealth_chain_blocks", window="24h"),
)
