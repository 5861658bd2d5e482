"""The files of this repository, for the tests of its house rules."""

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.machine import ROOT


def git(*arguments: str) -> list[str]:
    """Names that a listing command of git prints with -z."""
    listed = subprocess.run(("git", *arguments, "-z"), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or would be."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard")
    return tuple(file for name in sorted(set(names)) if (file := ROOT / name).is_file())


def named(*patterns: str) -> list[Path]:
    return [file for file in files() if any(file.match(pattern) for pattern in patterns)]


@cache
def text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def places(pattern: re.Pattern[str]) -> list[str]:
    """Every line of the repository that the pattern is in."""
    return [
        f"{short(file)}:{number}: {line.strip()}"
        for file in files()
        if pattern.search(text(file))
        for number, line in enumerate(text(file).splitlines(), 1)
        if pattern.search(line)
    ]
