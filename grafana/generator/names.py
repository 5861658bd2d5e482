"""Short names of indicators and pillars: bars and legends have no room for titles."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grafana.generator.colours import LINES
from grafana.generator.panels import Field
from scoring.indicator import Pillar
from scoring.methodology import METHOD

# Where the words of the id would read badly.
_BETTER: Final = {
    "hashrate_quarter": "Hash rate, 90 days", "hashrate_year": "Hash rate, year", "utxo_growth": "UTXO growth",
    "segwit_share": "SegWit share", "fee_usd": "Fee in dollars",
    "pool_two_largest": "Two largest pools", "pool_nakamoto": "Owners for a majority",
    "node_hosts_eight": "Eight largest hosts", "block_pace_week": "Block pace, week",
    "block_pace_day": "Block pace, day",
}  # fmt: skip


def short(indicator: str, pillar: str = "") -> str:
    """The words of its id, which alerts, the API and the method say too; without the name of its pillar, if given."""
    words = indicator.removeprefix(f"{pillar}_").replace("_", " ")
    return _BETTER.get(indicator, words[0].upper() + words[1:])


def indicators(pillar: Pillar | None = None) -> tuple[Field, ...]:
    """Names for series that are called by the indicator's id: of one pillar, or of all."""
    if pillar is not None:
        return tuple(Field(one.id, label=short(one.id, pillar.id)) for one in pillar.indicators)
    return tuple(Field(one.id, label=short(one.id)) for each in METHOD.pillars for one in each.indicators)


def lines(pillar: Pillar) -> tuple[Field, ...]:
    """The same for graphs, each in a colour of its own; when the colours are used up, dashed."""
    return tuple(
        replace(
            one,
            colour=LINES[index % len(LINES)],
            properties={"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}} if index >= len(LINES) else {},
        )
        for index, one in enumerate(indicators(pillar))
    )


def pillars() -> tuple[Field, ...]:
    return tuple(Field(one.id, label=one.id.capitalize()) for one in METHOD.pillars)
