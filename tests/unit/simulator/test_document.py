from __future__ import annotations

import re

from simulator.scenario import FAULTS, INCIDENTS, SOURCES
from tests.machine import ROOT

DOCUMENT = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_document_lists_every_scenario_in_the_words_of_the_program() -> None:
    assert dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", DOCUMENT, re.MULTILINE)) == INCIDENTS | FAULTS


def test_the_document_names_every_source() -> None:
    assert [source for source in SOURCES if f"`{source}`" not in DOCUMENT] == []
