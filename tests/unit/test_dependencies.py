"""The lock files say the same as pyproject.toml."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.machine import ROOT
from tests.repository import text


def project() -> dict[str, list[str]]:
    """Requirements of each lock file, as pyproject.toml declares them."""
    declared = tomllib.loads(text(ROOT / "pyproject.toml"))
    groups = declared["dependency-groups"]
    run = declared["project"]["dependencies"]
    return {"build": groups["build"], "run": run, "dev": [*run, *(one for group in groups.values() for one in group)]}


def locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", text(ROOT / "requirements" / f"{name}.txt"), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize("name", ["build", "run", "dev"])
def test_lock_file_satisfies_what_is_declared(name: str) -> None:
    pins = locked(name)
    unmet = [
        one
        for one in map(Requirement, project()[name])
        if (pin := pins.get(canonicalize_name(one.name))) is None or not one.specifier.contains(pin)
    ]
    assert unmet == [], "make lock"


def test_lock_files_agree_on_every_version() -> None:
    everything = locked("dev")
    assert {**locked("build"), **locked("run")}.items() <= everything.items()


@pytest.mark.parametrize("name", ["build", "run", "dev"])
def test_lock_file_has_a_hash_for_every_package(name: str) -> None:
    packages = re.split(r"^(?=[\w.-]+==)", text(ROOT / "requirements" / f"{name}.txt"), flags=re.MULTILINE)
    assert [package.split()[0] for package in packages[1:] if "--hash=sha256:" not in package] == []
