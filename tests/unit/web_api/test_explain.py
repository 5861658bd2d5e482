import asyncio
import json
import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.scorecards import compact, scalars
from exporter.storage.archive import Archive
from exporter.storage.database import Storage
from exporter.web.answer import Ask
from exporter.web.api.explain import Explain, explanation, values_by_indicator
from exporter.web.api.explain_models import Explanation
from scoring.memory import Memory
from scoring.methodology import METHOD
from scoring.reading import Reading
from scoring.score import score
from scoring.scorecard import Scorecard
from tests.unit.web.world import NOW, world

PILLARS = [pillar.id for pillar in METHOD.pillars]


def card(value: float = 1.0, at: float = NOW, without: tuple[str, ...] = ()) -> Scorecard:
    known = [selector for selector in METHOD.selectors if selector not in without]
    return score({selector: Reading(value, at, at, "test") for selector in known}, at, Memory(), METHOD)


def test_losses_are_listed_costliest_first_and_sum_to_what_the_score_lacks() -> None:
    body = Explanation.model_validate(explanation(card(), "nothing is kept") | {"unusual": {}})
    points = [one.points_lost for one in body.lost]
    assert points == sorted(points, reverse=True)
    assert body.overall is not None
    assert sum(points) == pytest.approx(100 - body.overall)
    assert body.missing == []
    assert {one.pillar for one in body.sensitivity} <= set(PILLARS)


def test_movements_since_an_earlier_card_sum_to_the_change() -> None:
    before, after = card(0.5), card(2.0)
    changed = explanation(after, (1_789_990_000, json.loads(json.dumps(compact(before)))))["changed"]
    assert before.overall is not None
    assert after.overall is not None
    assert changed["since"] == 1_789_990_000
    assert (changed["overall_before"], changed["overall_now"]) == (before.overall, after.overall)
    assert sum(one.points for one in changed["movements"]) == pytest.approx(after.overall - before.overall)
    assert all(one.by_score + one.by_weight == pytest.approx(one.points) for one in changed["movements"])


EMPTY = world(fresh=False).scorecard


@pytest.mark.parametrize(
    ("now", "kept", "want"),
    [
        (card(), "the file is away", "the file is away"),
        (card(), (1, {}), "another release or method"),
        (card(), (1, "garbage"), "another release or method"),
        (card(), (1, {"methodology": METHOD.version}), "another release or method"),
        (card(), (1, compact(replace(card(), methodology="0.1"))), "another release or method"),
        (card(), (1, compact(EMPTY)), "withheld then"),
        (EMPTY, (1, compact(card())), "withheld now"),
    ],
)
def test_why_a_change_is_not_known_is_said(now: Scorecard, kept: tuple[int, Any] | str, want: str) -> None:
    body = Explanation.model_validate(explanation(now, kept) | {"unusual": {}})
    assert body.changed is None
    assert want in (body.changed_reason or "")


def test_what_is_missing_is_named_with_the_inputs_that_are_absent() -> None:
    gone = METHOD.pillars[0].indicators[0].quantity.selectors[0]
    missing = explanation(card(without=(gone,)), "")["missing"]
    assert any(gone in one["absent_inputs"] and one["state"] == "missing" for one in missing)


def test_daily_values_skip_what_is_not_known_or_not_a_card() -> None:
    cards = [
        {"indicators": {"a": {"value": 1.0}, "b": {"value": None}}},
        {},
        "garbage",
        {"indicators": {"a": {"value": 3.0}}},
    ]
    assert values_by_indicator(cards) == {"a": [1.0, 3.0]}


def test_scores_are_archived_under_the_selectors_of_the_page() -> None:
    kept = scalars(card())
    assert kept["btchealth_overall_score"] == card().overall
    assert {f'btchealth_pillar_score{{pillar="{name}"}}' for name in PILLARS} <= kept.keys()
    assert len(kept) == 1 + len(PILLARS) + len(list(METHOD.indicators()))
    assert scalars(EMPTY) == {}


async def test_the_last_card_at_or_before_a_time_is_compared_and_a_year_tells_what_is_unusual(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive, later = Archive(storage, 400 * 86_400.0), int(NOW) // 60 * 60
    for day in range(300, 0, -1):
        archive.append(later - day * 86_400, compact(card(0.5)), {})
        await storage.written()
    archive.append(later - 3_600, compact(card(0.7)), {})
    await storage.written()
    now = replace(world(), scorecard=card(2.0))
    page = Explain(lambda: now, archive, lambda: NOW)

    async def asked(query: str) -> Any:
        return json.loads((await page(Ask("GET", "/", query))).body)

    assert (await asked(""))["changed"]["since"] == later - 86_400
    changed = (await asked(f"since={later - 1_800}"))["changed"]
    assert changed["since"] == later - 3_600
    assert changed["overall_before"] == card(0.7).overall != changed["overall_now"] == now.scorecard.overall
    assert math.isclose(sum(one["points"] for one in changed["movements"]), changed["points"], abs_tol=1e-9)
    assert (await asked("since=1000"))["changed_reason"] == "no scorecard of that time is kept"
    assert await page(Ask("GET", "/", "since=1000")) == await page(Ask("GET", "/", "since=1001"))
    ranks = (await asked(""))["unusual"]
    assert ranks
    assert all(0 <= rank <= 1 for rank in ranks.values())
    await storage.close()


async def test_an_explanation_is_made_once_for_all_who_ask_and_anew_for_a_new_world(tmp_path: Path) -> None:
    storage, now = Storage(tmp_path / "x.sqlite"), world()
    page = Explain(lambda: now, Archive(storage, 86_400.0), lambda: NOW)
    question = Ask("GET", "/api/v2/score/explain")
    answers = await asyncio.gather(*(page(question) for _ in range(5)))
    assert sorted(str(one.kept) for one in answers) == ["False", "True", "True", "True", "True"]
    now = world(fresh=False)
    later = json.loads((await page(question)).body)
    assert (json.loads(answers[0].body)["overall"] is None, later["overall"] is None) == (False, True)
    await storage.close()


async def test_a_file_that_cannot_be_read_is_said_and_looked_at_again(tmp_path: Path) -> None:
    storage, later = Storage(tmp_path / "a.sqlite"), int(NOW) // 60 * 60
    archive = Archive(storage, 400 * 86_400.0)
    archive.append(later - 86_400, compact(card(0.5)), {})
    await storage.written()
    page = Explain(world, archive, lambda: NOW)
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as other:
        other.execute("ALTER TABLE scorecards RENAME TO away")
        broken = json.loads((await page(Ask("GET", "/"))).body)
        other.execute("ALTER TABLE away RENAME TO scorecards")
    assert broken["changed_reason"] == "history cannot be read from the SQLite file now"
    assert broken["overall"] is not None
    assert json.loads((await page(Ask("GET", "/"))).body)["changed"]["since"] == later - 86_400
    await storage.close()
