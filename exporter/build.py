"""Which version this is, and which commit it was built from."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "btc-health"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Build:
    version: str
    revision: str
    branch: str
    pythonversion: str

    def __str__(self) -> str:
        return (
            f"btc-health {self.version} (revision {self.revision}, branch {self.branch}, Python {self.pythonversion})"
        )


def build(package: Path = Path(__file__).parent) -> Build:
    """Revision and branch from `build.json`, which an image build writes into the package, else from the checkout."""
    stamp = package / "build.json"
    if stamp.is_file():
        stated = json.loads(stamp.read_text())
        revision, branch = str(stated["revision"]), str(stated["branch"])
    else:
        revision, branch = _checkout(package.parent / ".git")
    return Build(version(DISTRIBUTION), revision, branch, platform.python_version())


def _checkout(git: Path) -> tuple[str, str]:
    """Read rather than asked of the git command, which a server need not have."""
    if not (git / "HEAD").is_file():
        return UNKNOWN, UNKNOWN
    head = (git / "HEAD").read_text().strip()
    reference = head.removeprefix("ref: ")
    if reference == head:
        return head, UNKNOWN
    branch = reference.removeprefix("refs/heads/")
    if (git / reference).is_file():
        return (git / reference).read_text().strip(), branch
    packed = (git / "packed-refs").read_text().splitlines() if (git / "packed-refs").is_file() else []
    return next((line.split()[0] for line in packed if line.endswith(f" {reference}")), UNKNOWN), branch
