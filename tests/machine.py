"""What tests need from the machine they run on. A user without it: the test is left out by name; under CI: it fails."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED_VARIABLE = "BTC_HEALTH_RECORDED"
RECORDED = Path(os.environ.get(RECORDED_VARIABLE, ROOT.parent / "shared" / "payloads"))


def absent(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; CI must have it", pytrace=False)
    pytest.skip(what)


def recorded() -> Path:
    """Folder of responses recorded from the real sources."""
    if not RECORDED.is_dir():
        absent(f"no folder of recorded responses at {RECORDED} (set {RECORDED_VARIABLE})")
    return RECORDED


def tool(name: str) -> Path:
    """Path of an outside tool such as promtool: the one that `make tools` chose, else one on PATH."""
    found = shutil.which(name, path=f"{ROOT / 'tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        absent(f"{name} is not installed (make tools)")
    return Path(found)
