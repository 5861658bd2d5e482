"""Colours that people with any kind of colour vision tell apart (Okabe and Ito), on dark and on light ground."""

from __future__ import annotations

from typing import Final

BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
ORANGE: Final = "#E69F00"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#8E8E8E"
CLEAR: Final = "transparent"

# Meaning: one colour says one thing on every dashboard.
GOOD: Final = GREEN
WARNING: Final = ORANGE
BAD: Final = VERMILION
PLAIN: Final = BLUE

# For series without a meaning of their own, in this order.
LINES: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, GREY)

PILLARS: Final = {
    "security": BLUE,
    "decentralization": PURPLE,
    "throughput": ORANGE,
    "adoption": GREEN,
    "lightning": SKY,
}
