"""A decade of daily history, where the machine has it, replayed once for all tests here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from scoring.backtest import Result, run
from scoring.backtest.history import History, history
from scoring.backtest.table import read
from scoring.methodology import METHOD
from tests.machine import ROOT, absent

VARIABLE: Final = "BTC_HEALTH_HISTORY"

# Read here: the settings of the user's environment are taken away before the first test.
FOLDER: Final = Path(os.environ.get(VARIABLE, ROOT.parent / "shared" / "history"))


@pytest.fixture(scope="session")
def folder() -> Path:
    if not (FOLDER / "daily.csv").is_file():
        absent(f"no folder of daily history at {FOLDER} (set {VARIABLE})")
    return FOLDER


@pytest.fixture(scope="session")
def known(folder: Path) -> History:
    """Its series, not yet scored."""
    return history(read(folder), METHOD)


@pytest.fixture(scope="session")
def result(folder: Path) -> Result:
    return run(folder, folder / "events.csv")
