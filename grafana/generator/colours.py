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
# Two more that differ from those above for everyone (Tol's muted scheme): only for marks in time.
OLIVE: Final = "#999933"
ROSE: Final = "#CC6677"
CLEAR: Final = "transparent"

# Meaning: one colour says one thing on every dashboard.
GOOD: Final = GREEN
WARNING: Final = ORANGE
BAD: Final = VERMILION
PLAIN: Final = BLUE

# What happened: by the protocol, to the method, to the world.
PROTOCOL: Final = GREY
METHOD: Final = OLIVE
EPISODE: Final = ROSE

# For series without a meaning of their own, in this order; none in the colour of what is bad.
LINES: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY, GREY)

PILLARS: Final = {
    "security": BLUE,
    "decentralization": PURPLE,
    "throughput": ORANGE,
    "adoption": GREEN,
    "lightning": SKY,
}
