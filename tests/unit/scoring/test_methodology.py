"""The published method: what it must contain, and that it does not change unseen."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from scoring.indicator import Indicator
from scoring.methodology import CHANGES, METHOD, as_json, fingerprint, markdown
from tests.machine import ROOT

# One line a version: a change of any anchor, weight, quantity, hold time or of the cap needs a new one.
FINGERPRINTS = {
    "1.0": "fc7cad132bc4b617cacec097760ac3858db5d6922001f526804b056f38e6914c",
    "1.1": "22bbbe5b4a43133c9b0c9fe2a9d602a688da772b0d52d5e6159809abb79f03a9",
}

TITLES_AND_WEIGHTS = {
    "security": ("Security & Mining Economics", 0.30),
    "decentralization": ("Decentralization & Resilience", 0.25),
    "throughput": ("Throughput & Mempool", 0.15),
    "adoption": ("Adoption & Protocol Efficiency", 0.15),
    "lightning": ("Lightning Network", 0.15),
}

# Two sources that live on the goodwill of one person or have gone away before.
FRAGILE = ("Bitnodes", "ForkMonitor")


def test_the_pillars_are_those_of_the_product() -> None:
    assert {pillar.id: (pillar.title, pillar.weight) for pillar in METHOD.pillars} == TITLES_AND_WEIGHTS


def test_there_are_enough_indicators_everywhere() -> None:
    assert len(list(METHOD.indicators())) >= 28
    assert min(len(pillar.indicators) for pillar in METHOD.pillars) >= 4


def test_anything_that_moves_a_score_needs_a_new_version() -> None:
    assert fingerprint(METHOD) == FINGERPRINTS[METHOD.version]
    assert CHANGES[0][0] == METHOD.version
    assert [version for version, _ in CHANGES] == list(reversed(FINGERPRINTS))


HASHRATE, HASHRATE_YEAR = METHOD.pillars[0].indicators[:2]


@pytest.mark.parametrize(
    "altered",
    [
        pytest.param((replace(HASHRATE, daily=False), HASHRATE_YEAR), id="a hold time"),
        pytest.param((replace(HASHRATE, fallbacks=(HASHRATE_YEAR.quantity,)), HASHRATE_YEAR), id="a fallback"),
        pytest.param((replace(HASHRATE, quantity=HASHRATE_YEAR.quantity), HASHRATE_YEAR), id="a quantity"),
        pytest.param((replace(HASHRATE, curve=METHOD.pillars[1].indicators[0].curve), HASHRATE_YEAR), id="anchors"),
        pytest.param(
            (replace(HASHRATE, weight=HASHRATE_YEAR.weight), replace(HASHRATE_YEAR, weight=HASHRATE.weight)),
            id="weights",
        ),
    ],
)
def test_the_fingerprint_notices(altered: tuple[Indicator, ...]) -> None:
    first, *others = METHOD.pillars
    changed = replace(first, indicators=(*altered, *first.indicators[2:]))
    assert fingerprint(replace(METHOD, pillars=(changed, *others))) != fingerprint(METHOD)


def test_the_fingerprint_notices_the_cap() -> None:
    assert fingerprint(replace(METHOD, cap=METHOD.cap + 1)) != fingerprint(METHOD)


def test_words_do_not_need_a_new_version() -> None:
    first, *others = METHOD.pillars
    worded = replace(first, indicators=tuple(replace(one, why="Because.") for one in first.indicators))
    assert fingerprint(replace(METHOD, pillars=(worded, *others))) == fingerprint(METHOD)


def test_the_page_in_the_documentation_is_what_the_program_prints() -> None:
    page = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
    assert page == markdown(METHOD), "run: btc-health methodology --format markdown > docs/methodology.md"


def test_the_page_states_every_indicator_with_every_anchor() -> None:
    page = markdown(METHOD)
    for indicator in METHOD.indicators():
        assert f"`{indicator.id}`, weight" in page
        assert all(anchor.fact in page for anchor in indicator.curve.anchors)
        assert indicator.other_face is None or indicator.other_face in page
    assert METHOD.version in page


def test_the_json_carries_the_same() -> None:
    told = json.loads(json.dumps(as_json(METHOD)))
    assert told["version"] == METHOD.version
    assert told["aggregation"]["cap"] == METHOD.cap
    listed = [one["id"] for pillar in told["pillars"] for one in pillar["indicators"]]
    assert listed == [one.id for one in METHOD.indicators()]
    assert told["pillars"][0]["indicators"][0]["anchors"][0]["score"] == 0
    assert told["changes"][0]["version"] == METHOD.version


@pytest.mark.parametrize("source", FRAGILE)
def test_no_pillar_falls_below_the_minimum_coverage_without_a_fragile_source(source: str) -> None:
    for pillar in METHOD.pillars:
        left = sum(one.weight for one in pillar.indicators if source not in one.source)
        assert left >= 0.6 - 1e-9, pillar.id


def test_the_other_face_names_indicators_that_exist() -> None:
    ids = {one.id for one in METHOD.indicators()}
    named = {
        word
        for one in METHOD.indicators()
        if one.other_face is not None
        for word in re.findall(r"\b[a-z]+_[a-z_]+\b", one.other_face)
    }
    assert named
    assert named <= ids


def test_fees_state_both_faces() -> None:
    faces = {one.id: one.other_face for one in METHOD.indicators()}
    assert all(
        faces[name] for name in ("fee_share", "fee_usd", "fee_density", "fee_shock", "backlog", "next_block_fee")
    )
