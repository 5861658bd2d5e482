"""The published quiet month is quiet, and so is a day of the same world run again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from prometheus.quiet_month import PAGE, Quiet, allowed, judged, lived, too_many
from prometheus.replaying.server import Labels

DAYS = 30
ROW = re.compile(r"^\| (BtcHealth\w+) \| (\w+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def test_no_alert_fired_more_often_in_the_published_month_than_its_published_rate_allows() -> None:
    text = PAGE.read_text()
    assert f"{DAYS} days" in text
    rows = [(name, int(alarms), int(most)) for name, severity, alarms, most in ROW.findall(text) if severity != "info"]
    assert [
        (name, alarms) for name, alarms, most in rows if alarms > allowed(name, DAYS) or most != allowed(name, DAYS)
    ] == []


@pytest.mark.torture
def test_a_day_of_the_simulated_world_is_shown_whole_and_is_quiet(tool: Callable[[str], Path], tmp_path: Path) -> None:
    tool("prometheus")
    quiet = Quiet(days=1)
    series = lived(quiet)
    overall = next(samples for labels, samples in series.items() if named(labels) == "btchealth_overall_score")
    assert overall.times == list(quiet.grid.times)
    assert all(60 < value <= 100 for value in overall.values)
    found = judged(series, quiet.grid, tmp_path)
    assert sum(not one.lacking for one in found) >= 50
    assert too_many(found, quiet.days) == []


def named(labels: Labels) -> str:
    return dict(labels)["__name__"]
