"""The published method: what it must contain, and that it does not change unseen."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from scoring.fingerprint import CODE, fingerprint, source
from scoring.indicator import Indicator, Level
from scoring.method import MINIMUM_COVERAGE
from scoring.methodology import CHANGES, METHOD, as_json, markdown
from scoring.owners import OWNERSHIPS
from tests.machine import ROOT

# One line a version: a change of anything that a score depends on needs a new one.
FINGERPRINTS = {
    "1.0": "fc7cad132bc4b617cacec097760ac3858db5d6922001f526804b056f38e6914c",
    "1.1": "22bbbe5b4a43133c9b0c9fe2a9d602a688da772b0d52d5e6159809abb79f03a9",
    "1.2": "4efe7b2430a3f6bc2b2e72e384ae98a65f2b998cde4eeb5032b7159399fa0ce3",
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


SOURCES = {name: source(name) for name in CODE}


def with_code(module: str, before: str, after: str) -> str:
    assert before in SOURCES[module]
    return fingerprint(METHOD, {**SOURCES, module: SOURCES[module].replace(before, after)})


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        pytest.param("quantities", "VBYTES: Final = 1_000_000.0", "VBYTES: Final = 4_000_000.0", id="room in a block"),
        pytest.param("quantities", "SECONDS: Final = 600.0", "SECONDS: Final = 601.0", id="the pace of blocks"),
        pytest.param(
            "quantities", "MINIMUM_RATIO: Final = 0.8", "MINIMUM_RATIO: Final = 0.5", id="days a window needs"
        ),
        pytest.param("quantities", "quotient(fees, fees + subsidy)", "quotient(fees, subsidy)", id="a formula"),
        pytest.param(
            "quantities", "return after / before - 1 if before > 0", "return after / before if before > 0", id="another"
        ),
        pytest.param("owners", "entry.since <= when", "entry.since < when", id="how owners are found"),
        pytest.param("curves", "if value > 0 else -math.inf", "if value > 0 else 0.0", id="a curve's axis"),
        pytest.param("indicator", "over * self.factor", "over / self.factor", id="a ratio"),
        pytest.param(
            "score",
            "ceiling = worst.counted_score + cap",
            "ceiling = worst.counted_score * cap",
            id="the cap's arithmetic",
        ),
    ],
)
def test_the_fingerprint_notices_the_arithmetic(module: str, before: str, after: str) -> None:
    assert with_code(module, before, after) != fingerprint(METHOD)


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        pytest.param("quantities", '"""Signed, 0 for no change."""', '"""Signed."""', id="a docstring"),
        pytest.param("quantities", "# Share of the days", "# Part of the days", id="a comment"),
        pytest.param("quantities", "    return after / before - 1", "    return (after / before) - 1", id="layout"),
        pytest.param("curves", "expected finite anchors", "wants finite anchors", id="words of an error"),
        pytest.param("indicator", "by convention is worth 75", "is worth 75", id="words of a fact"),
        pytest.param("owners", "names its pools", "lists its pools", id="the source of an ownership"),
    ],
)
def test_the_fingerprint_does_not_notice_words(module: str, before: str, after: str) -> None:
    assert with_code(module, before, after) == fingerprint(METHOD)


def test_the_fingerprint_notices_the_minimum_coverage_and_the_owners_of_pools() -> None:
    assert fingerprint(METHOD, minimum_coverage=MINIMUM_COVERAGE - 0.01) != fingerprint(METHOD)
    first, *others = OWNERSHIPS
    for changed in (replace(first, owner="x"), replace(first, pools=first.pools[1:]), replace(first, until=1.0)):
        assert fingerprint(METHOD, ownerships=(changed, *others)) != fingerprint(METHOD)
    assert fingerprint(METHOD, ownerships=(replace(first, source="x"), *others)) == fingerprint(METHOD)


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
        assert indicator.source in page
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
        faces[name]
        for name in (
            "fee_share",
            "fee_usd",
            "fee_density",
            "fee_shock",
            "backlog",
            "next_block_fee",
            "hashprice",
            "miner_revenue",
        )
    )


HAPPENED = re.compile(r"\b(19|20)\d\d\b|^ordinary|^an ordinary day")
LIMIT = re.compile(
    r"^(arithmetic|the protocol's)|standard error|by default|six confirmations|^two miners|half of the machines"
)


def test_every_anchor_names_an_extreme_or_a_limit_or_says_that_it_is_a_judgement() -> None:
    for indicator in METHOD.indicators():
        for anchor in indicator.curve.anchors:
            reasons = (anchor.judged, bool(HAPPENED.search(anchor.fact)), bool(LIMIT.search(anchor.fact)))
            assert any(reasons), f"{indicator.id}: {anchor}"


def test_judgements_are_few_and_counted_on_the_page() -> None:
    anchors = [anchor for one in METHOD.indicators() for anchor in one.curve.anchors]
    judged = sum(anchor.judged for anchor in anchors)
    assert judged <= len(anchors) / 5
    assert f"for {judged} of the {len(anchors)} anchors" in markdown(METHOD)


def test_every_indicator_has_a_fallback_or_says_why_there_is_none() -> None:
    page = markdown(METHOD)
    for one in METHOD.indicators():
        assert bool(one.fallbacks) is (one.alone is None), one.id
        assert f"no public fallback: {one.alone}" in page or all(f"`{other}`" in page for other in one.fallbacks)
    assert page.count("- Source: ") == page.count("- Without it: held for ") == len(list(METHOD.indicators()))


def test_only_a_fee_is_scored_as_a_level_in_money() -> None:
    """The page promises that levels which grow with the industry are not scored."""
    levels = [one for one in METHOD.indicators() if isinstance(one.quantity, Level)]
    assert [one.id for one in levels if "usd" in str(one.quantity)] == ["fee_usd"]
    assert not [one.id for one in levels if "hashes" in str(one.quantity) or "bitcoins" in str(one.quantity)]
    assert "`fee_usd` is a level in money" in markdown(METHOD)
