"""The page on replicas says what is done when Redis is in trouble."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.cache import lease, link, redis
from exporter.web import limits, shared_limits

PAGE = " ".join((Path(__file__).parents[3] / "docs" / "replicas.md").read_text(encoding="utf-8").split())


def test_every_reason_is_explained_and_no_other() -> None:
    assert set(re.findall(r"\| `([a-z]+)` \|", PAGE)) == set(link.Failure)


@pytest.mark.parametrize(
    "said",
    [
        f"takes over {link.SECONDS:g} s for a command, or over {link.SLOW_SECONDS:g} s three times in a row",
        f"tried again after {link.OPEN_FIRST:g} s, then after twice as long each time, up to {link.OPEN_CEILING:g} s",
        f"waits at most {shared_limits.SECONDS:g} s for the count",
        f"counts alone for {shared_limits.PAUSE_SECONDS:g} s",
        f"a clock over {redis.SKEW:g} s ahead of ours",
        f"at most {limits.MOST_WINDOWS:,} of those at a time",
        f"the lease ends within {lease.SECONDS:g} seconds",
        f"| {lease.SECONDS:g} s, renewed |",
        f"| {redis.KEPT_SECONDS / 86400:g} days |",
    ],
)
def test_the_page_states_the_times_and_numbers_in_force(said: str) -> None:
    assert said in PAGE
    assert (link.SLOW_REPLIES, link.QUIET_SECONDS) == (3, 60.0), "three times in a row, one line a minute"
