"""The shipped configuration, faster: every duration and every threshold in seconds divided by one factor.

Factor 1 gives the shipped bytes. Why this is sound although blocks take ten minutes: hurried.py.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from prometheus.generator.model import Threshold, load, seconds

# Durations as they stand in the shipped files: after a key, inside a range, after offset.
_DURATION: Final = re.compile(
    r"(?P<before>(?:^|\n)[ -]*\w*(?:interval|wait|for|timeout): |\[|\boffset )"
    r"(?P<duration>(?:\d+[smhd])+)(?=\]|\s|$|\))"
)
# Folders whose files hold expressions.
_EXPRESSIONS: Final = ("rules/", "alerts/")
# Seconds of the machine's own work, which nothing makes faster.
UNCOMPRESSED: Final = frozenset({"scrape_slow_seconds"})


def compressed(name: str, text: str, factor: float) -> str:
    """`name`: path of the file inside its folder."""
    if factor == 1:
        return text
    text = _DURATION.sub(lambda match: match["before"] + shorter(match["duration"], factor), text)
    if name.startswith(_EXPRESSIONS):
        text = thresholds().sub(lambda match: f"{float(match[0]) / factor:.12g}", text)
    return text


def shorter(duration: str, factor: float) -> str:
    return f"{max(1, round(seconds(duration) * 1000 / factor))}ms"


@cache
def thresholds() -> re.Pattern[str]:
    """The thresholds in seconds as they stand in expressions: behind a comparison or a division."""
    numbers = {one.number for name, one in in_seconds().items() if name not in UNCOMPRESSED}
    return re.compile(rf"(?<=[<>=/] )(?:{'|'.join(sorted(numbers))})(?![\w.])")


def in_seconds() -> dict[str, Threshold]:
    return {name: one for name, one in load().thresholds.items() if one.unit == "seconds"}
