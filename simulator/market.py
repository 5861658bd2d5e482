"""One price path, seen by every source that tells a price."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from simulator.clock import DAY, HOUR, MINUTE, YEAR
from simulator.dice import Waves

_START = 1_640_995_200  # 2022-01-01
_START_PRICE = 46_000.0
_GROWTH = 0.12  # a year, logarithmic

# Units of each currency for one US dollar.
RATES = {"USD": 1.0, "EUR": 0.87, "GBP": 0.747, "CAD": 1.398, "CHF": 0.822, "AUD": 1.404, "JPY": 156.9}


@dataclass(frozen=True, slots=True)
class Market:
    waves: Waves

    @classmethod
    def of(cls, seed: int) -> Market:
        return cls(
            Waves.of(
                seed,
                "price",
                {180 * DAY: 0.10, 40 * DAY: 0.05, 9 * DAY: 0.02, DAY: 0.008, 3 * HOUR: 0.003, 10 * MINUTE: 0.001},
            )
        )

    def price(self, time: float) -> float:
        """USD for one bitcoin."""
        return _START_PRICE * exp(_GROWTH * (time - _START) / YEAR + self.waves.at(time))

    def volume(self, time: float) -> float:
        """USD traded in 24 hours on the exchanges CoinGecko adds up."""
        return 3.4e10 * exp(0.3 * self.waves.at(time * 3))
