"""What `pip install` gives a user: three packages and one command, nothing of the rest of the repository."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.machine import ROOT

PACKAGES = ("exporter", "scoring", "simulator")
FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        copytree(ROOT / name, source / name, ignore=ignore_patterns("__pycache__"))
    for name in FILES:
        (source / name).write_bytes((ROOT / name).read_bytes())
    (source / "grafana").mkdir()
    (source / "grafana" / "build.py").touch()
    built = source / "wheel"
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run((*command, "--wheel-dir", str(built), str(source)), check=True)
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        yield archive


def part(wheel: zipfile.ZipFile, name: str) -> bytes:
    return next(wheel.read(file) for file in wheel.namelist() if file.endswith(f".dist-info/{name}"))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_bytes(part(wheel, "METADATA"))


def test_wheel_holds_the_three_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {Path(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_wheel_tells_type_checkers_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    assert {f"{name}/py.typed" for name in PACKAGES} <= set(wheel.namelist())


def test_wheel_holds_every_data_file_of_its_packages(wheel: zipfile.ZipFile) -> None:
    data = {
        str(file.relative_to(ROOT))
        for name in PACKAGES
        for file in (ROOT / name).rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    }
    assert data - set(wheel.namelist()) == set()


def test_wheel_has_the_command(wheel: zipfile.ZipFile) -> None:
    assert b"btc-health = exporter.cli:main" in part(wheel, "entry_points.txt")


def test_wheel_names_its_licence(metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"


def test_wheel_needs_nothing_that_only_tests_need(metadata: Message) -> None:
    needed = metadata.get_all("Requires-Dist", [])
    assert needed
    assert [one for one in needed if one.startswith(("pytest", "hypothesis", "ruff", "mypy"))] == []
