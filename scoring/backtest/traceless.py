"""Episodes of which the daily data hold no trace, with the reason: judged by reading, before any score was seen.

They stay in the report, and in the stricter of its two counts.
"""

from __future__ import annotations

from typing import Final

TRACELESS: Final = {
    "March 2013 chain fork (0.8 vs 0.7)": "the abandoned branch of 24 blocks is not in the list of stale blocks",
    "BIP66 fork (SPV mining of invalid blocks)": "the invalid branch of six blocks is not in the list of stale blocks",
    "SegWit active (height 481,824)": "no daily series of the use of SegWit",
    "CVE-2018-17144 inflation bug disclosed": "a defect of code, fixed before it was used: no series could move",
    "Taproot active (height 709,632)": "no daily series of the use of Taproot, which was close to nothing for a year",
    "btcd and LND parsing failures": "nodes stopped following the chain, channels stayed open: no series counts them",
}
