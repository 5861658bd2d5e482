"""What a replay counts as one alarm, what explains it, and which rules it cannot judge."""

from datetime import UTC, date, datetime

import pytest

from prometheus.replay import APART, DAY, ECHO, explains, joined
from prometheus.replaying.firing import Alarm
from prometheus.replaying.shipped import lacking, levels, names, rules
from scoring.backtest.episodes import Episode

KNOWN = {"a", 'b{x="1"}'}


def alarm(start: int, end: int) -> Alarm:
    return Alarm(start * DAY, end * DAY)


def test_firings_close_to_each_other_are_one_alarm() -> None:
    near, far = alarm(10, 11), alarm(12 + 2 * APART, 13 + 2 * APART)
    assert list(joined([alarm(1, 2), near, far])) == [alarm(1, 11), far]
    assert list(joined([])) == []


@pytest.mark.parametrize(
    ("first", "last", "want"),
    [(0, 9, False), (0, 10, True), (12, 12, True), (20 + ECHO, 99, True), (23 + ECHO, 99, False)],
)
def test_an_episode_explains_what_overlaps_with_it_or_its_echo(first: int, last: int, *, want: bool) -> None:
    episode = Episode(date(1970, 1, 11), date(1970, 1, 21), "x", "security", upward=False)
    assert datetime(1970, 1, 11, tzinfo=UTC).timestamp() == 10 * DAY
    assert explains(episode, alarm(first, last)) is want


@pytest.mark.parametrize(
    ("expr", "want"),
    [
        ("a > 1", set()),
        ('b{x="1"} / c > 1', {"c"}),
        ("max_over_time(c[7d] offset 1d) > 1", {"c"}),
        ("a > 1 or c > 1", set()),
        ("d > 1 or c > 1", {"c", "d"}),
        ("a > 1 unless on (job) c", set()),
        ("a > 1 and on (job) (-c)", {"c"}),
    ],
)
def test_a_rule_lacks_what_it_cannot_do_without(expr: str, want: set[str]) -> None:
    assert lacking(expr, KNOWN.__contains__) == want


def test_every_record_comes_after_what_it_reads() -> None:
    seen: set[str] = set()
    recorded = {rule.name for rule in rules("record")}
    for level in levels():
        for rule in level:
            assert names(rule.expr) & recorded <= seen
        seen |= {rule.name for rule in level}
    assert seen == recorded
