"""Prometheus computes the same scores from what the exporter shows, and none where it withholds them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
import yaml

from exporter.exposition.families import scores
from scoring.method import MINIMUM_COVERAGE, Method, customised
from scoring.methodology import METHOD
from scoring.reading import Reading, Readings
from scoring.score import score
from scoring.scorecard import Scorecard
from tests.machine import ROOT
from tests.unit.scoring.worlds import HOUR, NOW, plain

PLAIN = plain(METHOD)
OF = {pillar.id: [one.id for one in pillar.indicators] for pillar in PLAIN.pillars}
OWN = customised(PLAIN, {"security": 0.9, "lightning": 0, "hashprice": 0.7, "backlog": 0})


def known(low: Collection[str] = (), without: Collection[str] = ()) -> Readings:
    """Every indicator at a score of its own from 60 to 91, those of the pillars `low` at 60 less."""
    return {
        name: Reading(number / 1.3 + (0 if pillar in low else 60), NOW, NOW, "test")
        for number, (pillar, name) in enumerate((pillar, name) for pillar, names in OF.items() for name in names)
        if name not in without and pillar not in without
    }


def scored(readings: Readings, method: Method = PLAIN, minimum_coverage: float = MINIMUM_COVERAGE) -> Scorecard:
    return score(readings, NOW, method=method, minimum_coverage=minimum_coverage)


FULL = scored(known())
ONE_OF_SECURITY = set(OF["security"]) - {"invalid_blocks"}
LITTLE_SECURITY = known(without=ONE_OF_SECURITY)
LOW_SECURITY = known(low={"security"})


def held(readings: Readings) -> Scorecard:
    """An hour after everything was fresh."""
    return score(readings, NOW + HOUR, FULL.memory, PLAIN)


# By case: the replicas' scorecards, how many pillars are shown, and whether the overall score is.
CASES: dict[str, tuple[tuple[Scorecard, ...], int, bool]] = {
    "all inputs": ((FULL,), 5, True),
    "some inputs of every pillar missing": ((scored(known(without={names[-1] for names in OF.values()})),), 5, True),
    "a pillar without any input": ((scored(known(without={"lightning"})),), 4, True),
    "a pillar of which too little is known": ((scored(LITTLE_SECURITY),), 4, True),
    "the same with a minimum that it reaches": ((scored(LITTLE_SECURITY, minimum_coverage=0.03),), 5, True),
    "too little to score at all": ((scored(known(without={"security", "adoption"})),), 3, False),
    "nothing at all": ((scored({}),), 0, False),
    "a few inputs held": ((held(known(without={"hashprice", "fee_density"})),), 5, True),
    "a whole pillar held: it counts but is not shown": ((held(known(without={"lightning"})),), 4, True),
    "everything held": ((held({}),), 0, False),
    "capped": ((scored(LOW_SECURITY),), 5, True),
    "the worst pillar does not count, so it does not cap": (
        (scored(known(low={"security"}, without=ONE_OF_SECURITY)),),
        4,
        True,
    ),
    "own weights, one of them 0": ((scored(known(low={"lightning"}), OWN),), 5, True),
    "own weights and own minimum": ((scored(LITTLE_SECURITY, OWN, 0.01),), 5, True),
    "no minimum, and of one pillar nothing but what weighs nothing": (
        (scored(known(without=set(OF["throughput"]) - {"backlog"}), OWN, 0.0),),
        4,
        True,
    ),
    "replicas on two bases": (
        (scored(known(without={"hashprice", "pool_largest"})), scored(LOW_SECURITY)),
        5,
        True,
    ),
    "one replica withholds a pillar, the other the overall": (
        (scored(LITTLE_SECURITY), scored(known(without={"lightning", "adoption", "throughput"}))),
        5,
        True,
    ),
    "the published method with its curves": (
        (scored({one: Reading(0.4 + n / 50, NOW, NOW, "test") for n, one in enumerate(METHOD.selectors)}, METHOD),),
        5,
        True,
    ),
}


def series(cards: Collection[Scorecard]) -> Iterator[tuple[str, float]]:
    """What a scrape of each replica brings."""
    for number, card in enumerate(cards):
        for family in scores(card):
            for one in family.series:
                labels = {**dict(one.labels), "job": "btc-health", "instance": f"{number}:9833", "pod": f"{number}"}
                pairs = ",".join(f'{name}="{text}"' for name, text in labels.items())
                yield f"{family.name}{{{pairs}}}", one.value


def check(expr: str, count: int) -> dict[str, object]:
    samples = [{"labels": "{}", "value": count}] if count else []
    return {"expr": f"count({expr})", "eval_time": "2m", "exp_samples": samples}


def shown(family: str) -> str:
    return f"max without (instance, pod) ({family})"


PILLARS = "job_pillar:btchealth_indicator_score:weighted_sum"
WHOLE = "job:btchealth_indicator_score:overall"
WEIGHTS = "btchealth_pillar_effective_weight_ratio"
# Each replica's weights of the pillars that count, made of the weights as configured.
SHARES = (
    f"(btchealth_pillar_weight_ratio and {WEIGHTS} > 0) / ignoring (pillar) group_left () "
    f"sum without (pillar) (btchealth_pillar_weight_ratio and {WEIGHTS} > 0)"
)


@pytest.mark.parametrize("case", CASES)
def test_scores_are_the_sum_of_their_parts(case: str, tool: Callable[[str], Path], tmp_path: Path) -> None:
    cards, pillars, overall = CASES[case]
    weighty = sum(pillar.effective_weight > 0 for card in cards for pillar in card.pillars)
    checks = [
        check(PILLARS, pillars),
        check(f"abs({shown('btchealth_pillar_score')} - {PILLARS}) < 1e-9", pillars),
        check(WHOLE, int(overall)),
        check(f"abs({shown('btchealth_overall_score')} - {WHOLE}) < 1e-9", int(overall)),
        check(f"abs({WEIGHTS} - ({SHARES})) < 1e-9", weighty),
    ]
    document = {
        "rule_files": [str(ROOT / "prometheus" / "rules" / "parity.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": f"{value!r}+0x5"} for name, value in series(cards)],
                "promql_expr_test": checks,
            }
        ],
    }
    file = tmp_path / "parity.yml"
    file.write_text(yaml.safe_dump(document))
    done = subprocess.run([tool("promtool"), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cases_are_what_they_say() -> None:
    def card(case: str) -> Scorecard:
        return CASES[case][0][0]

    assert {(one.overall is not None) for cards, _, _ in CASES.values() for one in cards} == {True, False}
    assert card("capped").capped_by == "security"
    assert FULL.capped_by is None
    assert card("the worst pillar does not count, so it does not cap").capped_by is None
    assert card("a whole pillar held: it counts but is not shown").overall == FULL.overall
    assert card("own weights, one of them 0").capped_by is None
