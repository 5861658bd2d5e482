"""Context outside the score: price and market."""

from __future__ import annotations

from typing import Final

from exporter.spec import Group
from grafana.generator import limits, rest
from grafana.generator.annotations import BASIS, HALVINGS, OUTAGES
from grafana.generator.board import ALL_PILLARS, OPERATIONS, Board, Row
from grafana.generator.colours import BAD
from grafana.generator.panels import lines, stat

_NOW: Final = (
    stat("What is a bitcoin worth?", "btchealth_price_consensus_usd", width=6, height=5),
    stat("How far below the highest price ever?", "btchealth_price_all_time_high_change_ratio", width=6, height=5),
    stat("How much is traded in a day?", 'btchealth_market_volume_usd{window="24h"}', decimals=1, width=6, height=5),
    stat(
        "How far apart are the sources?", "btchealth_price_disagreement_ratio", decimals=2, width=6, height=5,
        steps=limits.above(limits.limit("price_disagreement_ratio"), BAD),
    ),
)  # fmt: skip
_COURSE: Final = (
    lines(
        "What does each source say?",
        {"{{source}}": "btchealth_price_usd"},
        width=12,
        height=9,
    ),
    lines("How large is the market?", {"{{source}}": "btchealth_market_cap_usd"}, decimals=1, width=12, height=9),
    lines("How has the price changed?", {"{{window}}": "btchealth_price_change_ratio"}, width=12, height=9),
    lines("How volatile is it?", {"{{window}}": "btchealth_price_volatility_ratio"}, width=12, height=9, minimum=0),
)
_ROWS: Final = (Row("", _NOW), Row("How did it get here?", _COURSE))
_REST: Final = rest.row(Group.CONTEXT, (*_NOW, *_COURSE))

MARKET: Final = Board(
    "market", "Bitcoin health: market", "What is the market around the network like? None of it is scored by itself.",
    (*_ROWS, _REST) if _REST else _ROWS,
    onward=("overview", ALL_PILLARS, OPERATIONS, "history"), annotations=(HALVINGS, OUTAGES, BASIS), since="now-7d",
)  # fmt: skip
