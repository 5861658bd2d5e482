"""What the report says of itself."""

from __future__ import annotations

from typing import Final

DEFINITIONS: Final = (
    "Every day is scored by the code that scores live data, from what was known at its end. "
    "A move is the difference between the mean of the 30 days before a window and the lowest (highest, where the "
    "stated direction is up) 7-day mean inside it; of a shorter window, its mean. "
    "An ordinary window has the same length and touches, with the 30 days before it, no listed episode of the same "
    "pillar (for the overall score: of any pillar). The p-value is the share of ordinary windows that moved at least "
    "as far, all of them counted and none drawn at random; an episode is seen at 0.10 or less. "
    "Warning: days from the first daily score beyond what one ordinary window in ten exceeds to the extreme. "
    "An episode is evaluable when the score is known on half of its days and half of the 30 days before. "
    "A false fall is a 7-day mean of at most 50 and at least 15 below the 30 days before that week, apart from the "
    "down episodes of the pillar and the 30 days after them."
)

RULE: Final = (
    "Of the K that move no more in ordinary months than the plain mean (K = 100), those that see most episodes, and of "
    "these the lowest, which hides a crisis least."
)

LACKING: Final = (
    "Series that scoring reads and this folder cannot give, with the columns or files that it lacks for them, or why "
    "what it holds does not serve. Where nothing is named, no column tells it."
)

UNUSABLE: Final = (
    "Cells that hold something but no value (NaN, NA, inf, a blank), or zero where no day can have none; they count as "
    "missing."
)
