"""House rules that no linter knows. Words that may not appear are put together here, so that this file obeys too."""

import ast
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import repository
from tests.machine import ROOT
from tests.repository import named, places, short, text

ROOMS = ("exporter", "scoring", "simulator", "grafana")
MODULE_LINES = 350
FUNCTION_LINES = 50
BROAD_EXCEPTS = 2

REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "proxy.golang" + ".org")
SETTINGS_OF_REGISTRIES = (
    ("pip", "config", "list"),
    ("npm", "config", "get", "registry"),
    ("go", "env", "GOPROXY", "GOSUMDB"),
)
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK|NotImplemented" + r"Error)\b")
MACHINE_PATH = re.compile(
    r"(?<![\w.~/$}-])/(work|root|home/\w+|Users/\w+)/[\w.]|/tmp" + r"/(plan|bash_jobs|venv|clone)"
)
WORKPLACE = re.compile(r"\b(CE" + "O|sub-?" + "agents?|language " + "models?|LL" + "Ms?|issues " + r"(show|close))\b")

SILENCER = r"(?:noqa|type: ignore|pragma: no cover|nosec|shellcheck disable=|yamllint disable)"
SILENCED = re.compile(rf"#\s*{SILENCER}(?P<rest>.*)")
REASON = re.compile(r"[a-z]+( [\w'`.,()-]+){2,}", re.IGNORECASE)


def modules() -> list[Path]:
    return [file for file in named("*.py") if file.relative_to(ROOT).parts[0] in ROOMS]


def registries_of_this_machine() -> set[str]:
    """Hosts that this machine's package tools are set to: the ones a lock file would leak."""
    hosts: set[str] = set()
    for command in SETTINGS_OF_REGISTRIES:
        if shutil.which(command[0]):
            settings = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
            urls = re.findall(r"https?://[^\s'\",|]+", settings)
            hosts.update(host for host in (urlsplit(url).hostname for url in urls) if host)
    return hosts - {"localhost", "127.0.0.1", "::1"}


def test_no_file_names_a_package_registry() -> None:
    hosts = registries_of_this_machine() | set(REGISTRIES)
    assert places(re.compile("|".join(map(re.escape, sorted(hosts))))) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    own = re.compile(rf"{re.escape(str(ROOT))}\b|{re.escape(str(Path.home()))}/")
    assert places(MACHINE_PATH) + places(own) == []


def test_no_file_tells_how_the_work_was_organised() -> None:
    assert places(WORKPLACE) == []


def test_no_file_has_a_mark_of_unfinished_work() -> None:
    assert places(UNFINISHED) == []


def test_what_git_ignores_is_not_committed() -> None:
    assert repository.git("ls-files", "--cached", "--ignored", "--exclude-standard") == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# TO" + "DO: later"),
        (UNFINISHED, "raise NotImplemented" + "Error"),
        (MACHINE_PATH, "cd /work" + "/main"),
        (MACHINE_PATH, "see /home" + "/someone/notes"),
        (WORKPLACE, "asked by the CE" + "O"),
    ],
)
def test_a_forbidden_word_is_found(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def too_long(source: str) -> list[str]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    found = [node.name for node in functions if length(node) > FUNCTION_LINES]
    return ["module", *found] if len(source.splitlines()) > MODULE_LINES else found


def test_modules_and_functions_are_short_enough_to_read() -> None:
    assert {short(file): found for file in modules() if (found := too_long(text(file)))} == {}


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("x = 1\n" * MODULE_LINES, []),
        ("x = 1\n" * (MODULE_LINES + 1), ["module"]),
        ("def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1), []),
        ("async def f():\n" + "    x = 1\n" * FUNCTION_LINES, ["f"]),
    ],
    ids=["longest module", "longer module", "longest function", "longer function"],
)
def test_what_is_too_long_is_found(source: str, want: list[str]) -> None:
    assert too_long(source) == want


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


def broad_excepts(source: str) -> list[int]:
    """Line numbers."""
    handlers = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler))
    return [handler.lineno for handler in handlers if is_broad(handler)]


def test_only_two_places_catch_everything() -> None:
    broad = [f"{short(file)}:{line}" for file in modules() for line in broad_excepts(text(file))]
    assert len(broad) <= BROAD_EXCEPTS, broad


@pytest.mark.parametrize(
    ("clause", "want"),
    [
        ("except", [3]),
        ("except Exception as error", [3]),
        ("except (OSError, BaseException)", [3]),
        ("except (OSError, ValueError)", []),
    ],
)
def test_a_broad_except_is_found(clause: str, want: list[int]) -> None:
    assert broad_excepts(f"try:\n  x = 1\n{clause}:\n  x = 2\n") == want


def test_whatever_silences_a_check_says_why() -> None:
    silenced = [
        (short(file), line.strip(), match["rest"])
        for file in named("*.py", "*.yml", "*.yaml", "Makefile", "tools/*", ".ci/*")
        if file != Path(__file__)
        for line in text(file).splitlines()
        if (match := SILENCED.search(line))
    ]
    assert [(file, line) for file, line, rest in silenced if not REASON.search(rest)] == []


@pytest.mark.parametrize(
    ("comment", "explained"),
    [
        ("# noqa: S104", False),
        ("# noqa: S104, S105", False),
        ("# type: ignore[attr-defined]", False),
        ("# noqa: S104  only compared with, nothing listens", True),
        ("# type: ignore[attr-defined]  # the stubs lack it", True),
    ],
)
def test_a_silenced_check_without_a_reason_is_found(comment: str, *, explained: bool) -> None:
    match = SILENCED.search(comment)
    assert match
    assert bool(REASON.search(match["rest"])) is explained
