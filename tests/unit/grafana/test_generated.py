"""The committed dashboards are what the declarations say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grafana import build
from tests.machine import ROOT


def test_committed_dashboards_and_their_page_are_the_generated_ones() -> None:
    differing = [str(file.relative_to(ROOT)) for file, _ in build.differences()]
    assert not differing, f"run `python -m grafana.build`: {differing}"


def test_a_dashboard_that_is_no_longer_declared_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "DASHBOARDS", tmp_path)
    stray = tmp_path / "btchealth-gone.json"
    stray.write_text("{}")
    assert (stray, None) in list(build.differences())


def test_a_changed_dashboard_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "DASHBOARDS", tmp_path)
    for file, text in build.files().items():
        if file.parent == tmp_path:
            file.write_text(text)
    overview = tmp_path / "btchealth-overview.json"
    document = json.loads(overview.read_text())
    document["title"] = "by hand"
    overview.write_text(json.dumps(document))
    assert [file for file, _ in build.differences()] == [overview]
