"""Physical and protocol limits shared by several metrics."""

from __future__ import annotations

from typing import Final

# The genesis block's header time, and the year 2100.
TIMES: Final = (1_231_006_505.0, 4_102_444_800.0)
# Five million blocks are ninety years.
HEIGHTS: Final = (0.0, 5_000_000.0)
MONEY: Final = (0.0, 21e6)
SHARES: Final = (0.0, 1.0)
# A relay node drops less than it is paid for; whole bitcoins per virtual byte are a slip of a unit.
FEE_RATES: Final = (0.0, 1e6)
# The protocol lets difficulty change by a factor of four at most, both ways.
LEAST_RETARGET: Final = 0.25
LARGEST_RETARGET: Final = 4.0
RETARGET_CHANGES: Final = (LEAST_RETARGET - 1, LARGEST_RETARGET - 1)
# Far beyond any chip yet to be built, yet below a unit mistaken by a thousand for long.
HASHRATES: Final = (1.0, 1e25)
