import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import RemoteError, StorageError
from exporter.history import History, Point, Window, on_grid
from exporter.history.selector import Selector
from exporter.history.sqlite import SqliteHistory
from exporter.storage.archive import Archive
from exporter.storage.database import Storage
from exporter.web.answer import Answer, Ask, Refusal
from exporter.web.api import timeseries
from exporter.web.api.naming import Known
from exporter.web.api.routes import Api
from exporter.web.api.stored import Stored
from exporter.web.api.timeseries import FAILED_SECONDS, REPEATED_SECONDS, Timeseries, statistics
from tests.unit.web.world import NOW, readable, world

PATH = "/api/v2/score/timeseries"


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([], {"min": None, "max": None, "mean": None, "std_dev": None, "count": 0}),
        ([3.0], {"min": 3.0, "max": 3.0, "mean": 3.0, "std_dev": 0.0, "count": 1}),
        ([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], {"min": 2.0, "max": 9.0, "mean": 5.0, "std_dev": 2.0, "count": 8}),
        ([0.1] * 3, {"min": 0.1, "max": 0.1, "mean": 0.1, "std_dev": 0.0, "count": 3}),
        ([-1.0, 0.0, 1.0], {"min": -1.0, "max": 1.0, "mean": 0.0, "std_dev": (2 / 3) ** 0.5, "count": 3}),
        ([1e308, 1e308], {"min": 1e308, "max": 1e308, "mean": 1e308, "std_dev": 0.0, "count": 2}),
        ([-1e308, 1e308], {"min": -1e308, "max": 1e308, "mean": 0.0, "std_dev": 1e308, "count": 2}),
        ([5e-324, 5e-324], {"min": 5e-324, "max": 5e-324, "mean": 5e-324, "std_dev": 0.0, "count": 2}),
    ],
)
def test_statistics_of_the_points(values: list[float], want: dict[str, Any]) -> None:
    assert statistics(values) == want


@pytest.mark.parametrize(
    ("samples", "want"),
    [
        ([], []),
        ([(90, 1.0)], [(100, 1.0)]),
        ([(100, 1.0), (110, 2.0), (199, 3.0), (301, 4.0)], [(100, 1.0), (200, 3.0)]),
        ([(40, 1.0)], []),
        ([(100, 1.0), (200, 2.0), (300, 3.0)], [(100, 1.0), (200, 2.0), (300, 3.0)]),
        ([(100, 1.0), (160, 2.0), (190, None), (250, None), (260, 3.0)], [(100, 1.0), (300, 3.0)]),
        ([(100, 1.0), (101, None)], [(100, 1.0)]),
    ],
)
def test_each_moment_has_the_last_sample_before_it_unless_that_is_too_old_or_says_that_there_was_none(
    samples: list[tuple[int, float | None]], want: list[Point]
) -> None:
    assert on_grid(samples, Window(100, 300, 100), lambda _: 60) == want


async def test_our_file_shows_a_gap_of_minutes_now_and_bridges_the_hours_of_long_ago(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive = Archive(storage, 400 * 86_400.0)
    now = 1_790_000_000 // 3_600 * 3_600
    for ago in (10 * 86_400, 10 * 86_400 - 3_600, 1_200, 60, 0):
        archive.append(now - ago, {}, {"x": float(ago)})
    await storage.written()
    history = SqliteHistory(archive, lambda: now)
    old = await history.points(Selector("x"), Window(now - 10 * 86_400, now - 10 * 86_400 + 5_400, 1_800))
    new = await history.points(Selector("x"), Window(now - 1_200, now, 300))
    await storage.close()
    assert [value for _, value in old] == [864_000.0, 864_000.0, 860_400.0, 860_400.0]
    assert [time - now for time, _ in new] == [-1_200, 0]


@pytest.mark.parametrize("days_ago", [0, 10])
async def test_our_file_shows_no_score_while_it_was_withheld(tmp_path: Path, days_ago: int) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive = Archive(storage, 400 * 86_400.0)
    now = 1_790_000_000 // 3_600 * 3_600
    end = now - days_ago * 86_400
    for minute in range(-180, 1, 5):
        withheld = -100 < minute <= -30
        archive.append(end + minute * 60, {}, {"y": 1.0} if withheld else {"x": float(minute)})
    await storage.written()
    points = await SqliteHistory(archive, lambda: now).points(Selector("x"), Window(end - 10_800, end, 1_800))
    await storage.close()
    assert [(time - end) // 60 for time, _ in points] == [-180, -150, -120, 0]


class Slow:
    """Counts questions and answers when `gate` opens."""

    def __init__(self, *points: Point, fails: bool = False) -> None:
        self.asked = 0
        self.gate = asyncio.Event()
        self._points, self._fails = points, fails

    async def points(self, selector: Selector, window: Window) -> list[Point]:
        del selector, window
        self.asked += 1
        await self.gate.wait()
        if self._fails:
            raise RemoteError("answered 500")
        return list(self._points)


def ask(history: Slow, storage: Storage) -> Any:
    route = Api(readable(storage, history=history)).routes()[PATH]
    return lambda query="": route.handlers["GET"](Ask("GET", PATH, query))


async def test_those_who_ask_the_same_at_the_same_time_are_answered_at_once(tmp_path: Path) -> None:
    history = Slow((1_789_999_200, 50.5))
    page = ask(history, Storage(tmp_path / "a.sqlite"))
    asking = [asyncio.create_task(page()) for _ in range(5)]
    await asyncio.sleep(0)
    gone = asking.pop()
    gone.cancel()
    history.gate.set()
    answers: list[Answer] = await asyncio.gather(*asking)
    assert history.asked == 1
    body = json.loads(answers[0].body)
    assert body["data"] == [[1_789_999_200, 50.5]]
    assert (body["series"], body["step"], body["statistics"]["count"]) == ("btchealth_overall_score", 3_600, 1)
    assert [one.kept for one in answers] == [False] * 4
    assert await page() == replace(answers[0], kept=True)
    assert history.asked == 1


async def test_a_question_that_comes_again_is_answered_without_waiting_for_a_second(tmp_path: Path) -> None:
    first, second = Slow((1_789_999_200, 50.5)), Slow((1_789_999_200, 60.5))
    first.gate.set()
    second.gate.set()
    given, now = readable(Storage(tmp_path / "a.sqlite"), history=first), 0.0
    in_force: History = first
    stored = Stored(given.world, given.archive, given.wall)
    page = Timeseries(lambda: in_force, lambda: Known({}, ()), stored, given.wall, lambda: now)
    question = Ask("GET", PATH, "kind=overall")

    async def again() -> Answer | None:
        handler = page.ready(question)
        return None if handler is None else await handler(question)

    assert await again() is None
    answer = await page(question)
    assert await again() == replace(answer, kept=True)
    now = REPEATED_SECONDS
    assert await again() is None
    await page(question)
    in_force = second
    assert await again() is None, "of another history"
    assert json.loads((await page(question)).body)["data"] == [[1_789_999_200, 60.5]]


async def test_a_history_server_that_fails_is_said_and_asked_again_when_the_answer_says_so(tmp_path: Path) -> None:
    history, now = Slow(fails=True), 0.0
    history.gate.set()
    given = readable(Storage(tmp_path / "a.sqlite"), history=history)
    stored = Stored(given.world, given.archive, given.wall)
    page = Timeseries(given.history, lambda: Known({}, ()), stored, given.wall, lambda: now)

    async def refused(query: str = "") -> str:
        with pytest.raises(Refusal, match="the history server answered 500") as caught:
            await page(Ask("GET", PATH, query))
        assert caught.value.status == 503
        return caught.value.headers["Retry-After"]

    waits = [await refused() for _ in range(10)]
    assert (set(waits), history.asked) == ({str(FAILED_SECONDS)}, 1)
    await refused("days=7")
    assert history.asked == 2, "another question is another matter"
    now = float(waits[0])
    await refused()
    assert history.asked == 3


@pytest.mark.parametrize(
    "query", ["days=1", "kind=metric&id=btchealth_silent", "kind=metric&id=btchealth_backlog_vbytes"]
)
async def test_a_file_that_cannot_be_read_is_not_an_empty_series(tmp_path: Path, query: str) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive = Archive(storage, 86_400.0)
    archive.append(NOW, {}, {"btchealth_overall_score": 50.0})
    await storage.written()
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as other:
        for table in ("samples", "series"):
            other.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    route = Api(readable(storage)).routes()[PATH]
    with pytest.raises(Refusal, match=r"^history cannot be read from the SQLite file now") as caught:
        await route.handlers["GET"](Ask("GET", PATH, query))
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "5"})
    await storage.close()


async def test_what_is_alive_can_be_asked_for_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "a.sqlite")
    archive = Archive(storage, 86_400.0)
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as other:
        other.execute("ALTER TABLE series RENAME TO series_away")
    now = world()
    stored = Stored(lambda: now, archive, lambda: NOW)
    alive = min(now.view)
    assert alive in await stored(alive.partition("{")[0])
    with pytest.raises(StorageError):
        await stored("btchealth_nothing")
    await storage.close()


async def test_an_answer_of_a_history_that_a_reload_replaced_is_not_given_for_the_new_one(tmp_path: Path) -> None:
    first, second = Slow((1_789_999_200, 50.5)), Slow((1_789_999_200, 60.5))
    second.gate.set()
    given = readable(Storage(tmp_path / "a.sqlite"), history=first)
    in_force: History = first
    stored = Stored(given.world, given.archive, given.wall)
    page = Timeseries(lambda: in_force, lambda: Known({}, ()), stored, given.wall)
    old = asyncio.create_task(page(Ask("GET", PATH)))
    await asyncio.sleep(0)
    in_force = second
    new = await page(Ask("GET", PATH))
    first.gate.set()
    await old
    assert json.loads(new.body)["data"] == [[1_789_999_200, 60.5]]
    assert (await page(Ask("GET", PATH, "days=30"))).body == new.body


async def test_answers_are_remembered_within_a_bound_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeseries, "MOST_BYTES", 1 << 16)
    history = Slow(*((NOW_MINUTE - 60 * number, number * 1.000001) for number in range(100)))
    history.gate.set()
    page = ask(history, Storage(tmp_path / "a.sqlite"))
    for days in (1, 2, 1, 2):
        await page(f"days={days}")
    assert history.asked == 2, "both fit"
    for days in range(3, 41):
        await page(f"days={days}")
    await page("days=1")
    assert history.asked == 41


NOW_MINUTE = int(NOW) // 60 * 60
