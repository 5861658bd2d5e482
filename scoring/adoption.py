"""Adoption & Protocol Efficiency: whether people use it, and use it well."""

from __future__ import annotations

from typing import Final

from scoring.curves import linear, logarithmic
from scoring.indicator import ORDINARY, Indicator, Level, Pillar, Ratio
from scoring.reading import series

NO_OTHER_CHART: Final = "no other free source with a daily series was found"
NO_OTHER_BLOCKS: Final = "no other source tells it without every transaction being fetched"


def _against_year(quantity: str, unit: str = "") -> Ratio:
    suffix = f"_{unit}" if unit else ""
    return Ratio(
        series(f"btchealth_daily_{quantity}_mean{suffix}", window="7d"),
        series(f"btchealth_daily_{quantity}_median{suffix}", window="365d"),
    )


ADOPTION: Final = Pillar(
    "adoption",
    "Adoption & Protocol Efficiency",
    0.15,
    "Do more people use it than a year ago, and do they make good use of scarce room?",
    (
        Indicator(
            "transactions",
            "Transactions a day (7-day mean) against the 365-day median",
            _against_year("transactions"),
            logarithmic(
                (0.5, 0, "judgement: half of an ordinary day gone; the lowest week was 0.64 (April 2018)"),
                (1.0, 75, ORDINARY),
                (2.0, 100, "use doubled within a year, as in March 2013 (1.97) and July 2015 (2.16)"),
            ),
            weight=0.31,
            source="Blockchain.com chart n-transactions",
            alone=NO_OTHER_CHART,
            why=(
                "The plainest measure of use; the level is bounded by the protocol and grows with the "
                "years, so the last year is the measure."
            ),
            daily=True,
            other_face="Spam counts as use here and hurts users in the throughput pillar.",
        ),
        Indicator(
            "addresses",
            "Active addresses a day (7-day mean) against the 365-day median",
            _against_year("addresses"),
            logarithmic(
                (0.5, 0, "judgement: half of an ordinary day gone; the lowest week was 0.68 (April 2018)"),
                (1.0, 75, ORDINARY),
                (2.0, 100, "use doubled within a year; December 2013 reached 2.65, March 2014 2.43"),
            ),
            weight=0.31,
            source="Blockchain.com chart n-unique-addresses",
            alone=NO_OTHER_CHART,
            why="Harder to inflate than transactions: batching hides payments, addresses show them.",
            daily=True,
        ),
        Indicator(
            "transfer_value",
            "Value moved a day in USD (7-day mean) against the 365-day median",
            _against_year("transfer", "usd"),
            logarithmic(
                (0.25, 0, "judgement: value is price times use, so twice as wide a fall as for transactions"),
                (1.0, 75, ORDINARY),
                (4.0, 100, "judgement: as wide upwards"),
            ),
            weight=0.10,
            source="Blockchain.com chart estimated-transaction-volume-usd",
            alone=NO_OTHER_CHART,
            why="Use weighed by what is at stake; it swings with the price, hence the wide curve.",
            daily=True,
        ),
        Indicator(
            "utxo_growth",
            "Growth of the number of unspent outputs in 90 days",
            Level(series("btchealth_utxos_growth_ratio", window="90d")),
            linear(
                (-0.07, 0, "the largest clean-up, -7 % in the quarter to December 2015 (-5 % in 2018)"),
                (0.0, 50, "arithmetic: as many as a quarter ago"),
                (0.1, 100, "a tenth more in a quarter, as in 2016, 2019 and 2021"),
            ),
            weight=0.10,
            source="Blockchain.com chart utxo-count",
            alone=NO_OTHER_CHART,
            why="Coins held in more pieces are held by more people, roughly.",
            unit="signed ratio",
            daily=True,
            other_face="Every unspent output is also a burden that all nodes carry; a clean-up is thrift, not decline.",
        ),
        Indicator(
            "segwit_share",
            "Share of transactions that spend SegWit, 15 blocks",
            Level(series("btchealth_segwit_transactions_ratio", window="15_blocks")),
            linear(
                (0.0, 0, "nobody uses it: the day before 2017-08-24"),
                (1.0, 100, "arithmetic: everybody does"),
            ),
            weight=0.12,
            source="mempool.space /api/v1/blocks",
            alone=NO_OTHER_BLOCKS,
            why="Room left unused by old formats is room that others pay for.",
        ),
        Indicator(
            "outputs_per_transaction",
            "Outputs per transaction, 15 blocks",
            Level(series("btchealth_outputs_per_transaction", window="15_blocks")),
            linear(
                (1.0, 0, "arithmetic: consolidation only, nobody is paid"),
                (2.0, 50, "arithmetic: one payment and its change"),
                (4.0, 100, "judgement: three payments and change share one transaction; more saves little room each"),
            ),
            weight=0.06,
            source="mempool.space /api/v1/blocks",
            alone=NO_OTHER_BLOCKS,
            why="Batching carries more payments through the same room.",
            unit="outputs",
        ),
    ),
)
