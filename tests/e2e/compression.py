"""The shipped configuration, faster: every duration divided by one factor. Factor 1 gives the shipped bytes.

Blocks are found by the world outside and do not come faster because we look more often: what counts them or measures
their gaps keeps its time (rules/blocks.yml, and thresholds that follow it).
"""

from __future__ import annotations

import re

from prometheus.generator.model import seconds

# Durations as they stand in the shipped files: after a key, inside a range, after offset.
_DURATION = re.compile(
    r"(?P<before>(?:^|\n)[ -]*\w*(?:interval|wait|for): |\[|\boffset )"
    r"(?P<duration>(?:\d+[smhd])+)(?=\]|\s|$|\))"
)
OUTSIDE = frozenset({"rules/blocks.yml"})


def compressed(name: str, text: str, factor: float) -> str:
    """`name`: path of the file inside its folder."""
    if factor == 1 or name in OUTSIDE:
        return text
    return _DURATION.sub(lambda match: match["before"] + shorter(match["duration"], factor), text)


def shorter(duration: str, factor: float) -> str:
    return f"{max(1, round(seconds(duration) * 1000 / factor))}ms"
