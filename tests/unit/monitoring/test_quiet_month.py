"""What a quiet month may show: no alarm but what the published rates give."""

from __future__ import annotations

import pytest

from prometheus.quiet_month import Quiet, allowed, page, too_many
from prometheus.replaying.firing import Alarm
from prometheus.replaying.shipped import Outcome, rules


def outcome(name: str, alarms: int) -> Outcome:
    rule = next(rule for rule in rules("alert") if rule.name == name)
    return Outcome(rule, (), {(("job", "x"),): tuple(Alarm(start, start + 1) for start in range(alarms))})


@pytest.mark.parametrize(
    ("name", "days", "want"),
    [
        ("BtcHealthHashrateDrop", 30, 0),
        ("BtcHealthBlockRateLow", 1, 0),
        ("BtcHealthBlockRateLow", 30, 1),
        ("BtcHealthBlockRateLow", 365.25, 3),
    ],
)
def test_an_alert_may_fire_as_often_as_its_published_rate_makes_likely(name: str, days: float, want: int) -> None:
    assert allowed(name, days) == want


@pytest.mark.parametrize(
    ("name", "alarms", "want"),
    [
        ("BtcHealthHashrateDrop", 0, []),
        ("BtcHealthHashrateDrop", 1, ["BtcHealthHashrateDrop: 1"]),
        ("BtcHealthBlockRateLow", 1, []),
        ("BtcHealthBlockRateLow", 2, ["BtcHealthBlockRateLow: 2"]),
        ("BtcHealthScoreFell", 9, []),
    ],
)
def test_more_alarms_of_a_warning_than_published_are_too_many(name: str, alarms: int, want: list[str]) -> None:
    assert too_many([outcome(name, alarms)], 30) == want


def test_the_page_names_what_fired_and_what_could_not_be_judged() -> None:
    missing = Outcome(rules("alert")[0], ("up",), {})
    text = page([outcome("BtcHealthBlockRateLow", 2), missing], Quiet())
    assert "| BtcHealthBlockRateLow | warning | 2 | 1 |" in text
    assert "allows: BtcHealthBlockRateLow: 2." in text
    assert f"| {missing.rule.name} | nothing shows `up` |" in text
