"""Documents point only at what exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.machine import ROOT
from tests.repository import named, short, text

CHANGE = re.compile(r"\[(CHANGE|FEATURE|ENHANCEMENT|BUGFIX)\] [A-Z`]")
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]+`")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[\s`(;&$])make ([a-z][a-z-]*)\b")


def anchors(file: Path) -> set[str]:
    titles = HEADING.findall(FENCE.sub("", text(file)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(file: Path) -> Iterator[str]:
    for inline, reference in LINK.findall(FENCE.sub("", text(file))):
        target = inline or reference
        if urlsplit(target).scheme or target.startswith("//"):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / path.lstrip("/") if path.startswith("/") else file.parent / path).resolve() if path else file
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            yield target


def targets() -> set[str]:
    names = re.findall(r"^([\w$() -]+):(?!=)", text(ROOT / "Makefile"), re.MULTILINE)
    return {name for line in names for name in line.split()}


def targets_named(document: str) -> set[str]:
    code = [match.group() for pattern in (FENCE, INLINE_CODE) for match in pattern.finditer(document)]
    return {name for part in code for name in MAKE.findall(part)}


@pytest.mark.parametrize("file", named("*.md"), ids=short)
def test_document_points_at_what_exists(file: Path) -> None:
    assert list(broken_links(file)) == []
    assert targets_named(text(file)) - targets() == set()


def test_a_broken_link_and_a_missing_target_are_found(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# One\n[x](#one) [y](gone.md) [z](#two) `make nothing` make sure\n", encoding="utf-8")
    assert list(broken_links(document)) == ["gone.md", "#two"]
    assert targets_named(text(document)) == {"nothing"}


def test_changelog_entries_say_of_what_kind_they_are() -> None:
    entries = re.findall(r"^[-*] (.*)$", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert [entry for entry in entries if not CHANGE.match(entry)] == []
    assert "## Unreleased" in text(ROOT / "CHANGELOG.md")
