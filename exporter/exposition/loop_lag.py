"""How late the event loop is: what keeps it busy makes every page and every poll wait as long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from exporter.exposition.families import Declared
from exporter.exposition.histogram import Histogram
from exporter.exposition.page import Family, Kind

BOUNDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5)
# A stall is seen if the timer falls into it: often enough to find those of a tenth of a second, too rare to cost.
INTERVAL: Final = 0.25

LAG: Final = Declared(
    "btchealth_event_loop_lag_seconds", "How much later than asked for a timer of the event loop fires.",
    (), Kind.HISTOGRAM, "seconds",
)  # fmt: skip
DECLARED: Final = (LAG,)


class LoopLag:
    def __init__(self, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[object]]) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._lags = Histogram(BOUNDS)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            asked = self._monotonic()
            await self._sleep(INTERVAL)
            # A timer may fire a clock tick early, which is no lag.
            self._lags.observe(max(0.0, self._monotonic() - asked - INTERVAL))

    def family(self) -> Family:
        return LAG.of(self._lags.series())
