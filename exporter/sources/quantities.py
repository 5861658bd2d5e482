"""Quantities that several sources report and that mean the same thing: one series a source, and a consensus.

Only these families carry the label `source`. `exporter.consensus` says how the agreed value is found.
"""

from __future__ import annotations

from typing import Final

from exporter.spec import Group, Metric, Unit

# Below genesis nothing was mined; five million blocks are ninety years.
# From 2016 to 2046: heights of the test networks are below or above.
_HEIGHTS: Final = (400_000.0, 2_000_000.0)
_PRICES: Final = (0.01, 1e8)
_DIFFICULTIES: Final = (1.0, 1e20)
_MONEY_SUPPLY: Final = (1.0, 21e6)

TIP_HEIGHT = Metric(
    "btchealth_tip_height",
    "Height of the newest block this source knows. Sources lag one another by seconds to minutes; Blockchain.com "
    "counts blocks and has stood up to two below the others.",
    bounds=_HEIGHTS,
    labels={"source": ("mempool_space", "blockchain_com", "forkmonitor", "fork_observer")},
    group=Group.SECURITY,
)
TIP_HEIGHT_CONSENSUS = Metric(
    "btchealth_tip_height_consensus",
    "Height of the newest block by agreement of the sources in btchealth_tip_height.",
    bounds=_HEIGHTS,
    group=Group.SECURITY,
)
TIP_HEIGHT_DISAGREEMENT_BLOCKS = Metric(
    "btchealth_tip_height_disagreement_blocks",
    "Highest minus lowest height among the sources in btchealth_tip_height that were read at about the same time.",
    bounds=_HEIGHTS,
    group=Group.SECURITY,
)
TIP_TIMESTAMP = Metric(
    "btchealth_tip_timestamp_seconds",
    "Time in the header of the newest block this source knows. Header times are set by miners: they may run up to two "
    "hours ahead and may go backwards from block to block.",
    Unit.TIMESTAMP,
    bounds=(1_231_006_505.0, 4_102_444_800.0),
    labels={"source": ("mempool_space", "forkmonitor", "fork_observer")},
    group=Group.SECURITY,
)

DIFFICULTY = Metric(
    "btchealth_difficulty",
    "Proof-of-work difficulty in force. Sources round differently, so compare with a tolerance.",
    bounds=_DIFFICULTIES,
    labels={"source": ("mempool_space", "blockchain_com", "fork_observer")},
    group=Group.SECURITY,
)
DIFFICULTY_CONSENSUS = Metric(
    "btchealth_difficulty_consensus",
    "Proof-of-work difficulty by agreement of the sources in btchealth_difficulty; absent for minutes after a "
    "retarget, until enough of them have seen it.",
    bounds=_DIFFICULTIES,
    group=Group.SECURITY,
)
DIFFICULTY_DISAGREEMENT = Metric(
    "btchealth_difficulty_disagreement_ratio",
    "Highest minus lowest difficulty over their median, among the sources in btchealth_difficulty that were read at "
    "about the same time.",
    Unit.RATIO,
    bounds=(0.0, 1e6),
    group=Group.SECURITY,
)

PRICE = Metric(
    "btchealth_price_usd",
    "Price of one bitcoin as this source states it: each averages other exchanges at another pace. Context, never "
    "scored itself.",
    Unit.USD,
    bounds=_PRICES,
    labels={"source": ("mempool_space", "coingecko", "blockchain_com")},
    group=Group.CONTEXT,
)
PRICE_CONSENSUS = Metric(
    "btchealth_price_consensus_usd",
    "Price of one bitcoin by agreement of the sources in btchealth_price_usd.",
    Unit.USD,
    bounds=_PRICES,
    group=Group.CONTEXT,
)
PRICE_DISAGREEMENT = Metric(
    "btchealth_price_disagreement_ratio",
    "Highest minus lowest price over their median, among the sources in btchealth_price_usd that were read at about "
    "the same time.",
    Unit.RATIO,
    bounds=(0.0, 1e6),
    group=Group.CONTEXT,
)

CIRCULATING_SUPPLY = Metric(
    "btchealth_circulating_supply_bitcoins",
    "Bitcoins mined so far as this source states it, lost ones included.",
    Unit.BITCOINS,
    bounds=_MONEY_SUPPLY,
    labels={"source": ("coingecko", "blockchain_com")},
    group=Group.ADOPTION,
)
CIRCULATING_SUPPLY_CONSENSUS = Metric(
    "btchealth_circulating_supply_consensus_bitcoins",
    "Bitcoins mined so far by agreement of the sources in btchealth_circulating_supply_bitcoins.",
    Unit.BITCOINS,
    bounds=_MONEY_SUPPLY,
    group=Group.ADOPTION,
)
CIRCULATING_SUPPLY_DISAGREEMENT = Metric(
    "btchealth_circulating_supply_disagreement_ratio",
    "Highest minus lowest supply over their median, among the sources in btchealth_circulating_supply_bitcoins that "
    "were read at about the same time.",
    Unit.RATIO,
    bounds=(0.0, 1e6),
    group=Group.ADOPTION,
)

MARKET_CAP = Metric(
    "btchealth_market_cap_usd",
    "Price times bitcoins mined so far, as this source computes it.",
    Unit.USD,
    bounds=(1.0, 1e15),
    labels={"source": ("coingecko", "blockchain_com")},
    group=Group.CONTEXT,
)
