"""What the exporter serves against the simulated world and against recorded bodies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.blackbox.machine_room import SOURCES, Page, Room, until
from tests.blackbox.test_facts import OVERALL, domain, settled

PILLARS = ("security", "decentralization", "throughput", "adoption", "lightning")


def sources_up(page: Page) -> set[str]:
    return {source for source in SOURCES if page.value(f'btchealth_source_up{{source="{source}"}}') == 1}


def domain_families(page: Page) -> set[str]:
    return {line.split("{")[0].split(" ")[0] for line in domain(page)}


def test_the_simulated_world_fills_the_page(room: Room, tool: Callable[[str], Path]) -> None:
    exporter = room.exporter(room.simulator().url)
    page = settled(exporter)
    until(exporter.ready, "ready")
    assert sources_up(page) == set(SOURCES)
    assert len(domain_families(page)) >= 120
    page = exporter.scrape()
    assert 0 <= page.samples[OVERALL] <= 100
    for pillar in PILLARS:
        assert 0 <= page.samples[f'btchealth_pillar_score{{pillar="{pillar}"}}'] <= 100
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=page.text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_recorded_bodies_bring_every_source_up(room: Room, recorded: Path) -> None:
    exporter = room.exporter(room.simulator("--recorded", str(recorded)).url)
    page = settled(exporter)
    assert sources_up(page) == set(SOURCES)
    assert len(domain_families(page)) >= 120
