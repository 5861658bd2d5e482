"""The published false alarms are those of the rules as they are, and no rule cries wolf."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from prometheus import replay
from tests.machine import ROOT, absent

HISTORY = ROOT.parent / "shared" / "history"
ROW = re.compile(r"^\| (BtcHealth\w+) \| (\w+) \| \d+ \| \d+ \| \d+ \| ([\d.]+) \|$", re.MULTILINE)


def test_no_rule_has_more_unexplained_alarms_in_the_published_history_than_accepted() -> None:
    rows = ROW.findall(replay.PAGE.read_text())
    assert len(rows) >= 15
    loud = {name: rate for name, severity, rate in rows if severity != "info" and float(rate) > replay.MOST_A_YEAR}
    assert loud == {}


@pytest.mark.torture
def test_the_published_table_is_that_of_a_run_over_the_history(tool: Callable[[str], Path]) -> None:
    tool("prometheus")
    if not HISTORY.is_dir():
        absent(f"no folder of daily history at {HISTORY}")
    assert replay.made(HISTORY) == replay.PAGE.read_text()
