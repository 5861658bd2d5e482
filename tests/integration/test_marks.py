"""Marks of a change stand where something changed and nowhere else, asked of a real Prometheus as Grafana asks.

Each job is a world of its own: scraped or filled in once a day, with its first sample, a gap, or a change in it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.blackbox.machine_room import Room
from tests.dashboards import dashboards
from tests.integration.panels import Server, events
from tests.machine import tool

MINUTE, HOUR, DAY = 60, 3600, 86_400
# A midnight, as the days of backfilled samples end at one.
END: Final = 1_700_006_400
NOON: Final = END - 2 * DAY - 12 * HOUR
MONTHS: Final = END - 100 * DAY


class Run(NamedTuple):
    """A series that says one value from `start` to `end`, each `step` seconds, or nothing between two runs."""

    said: str
    start: int
    end: int
    step: int = MINUTE
    instance: str = "a"


METHODS: Final[Mapping[str, tuple[Run, ...]]] = {
    "always": (Run("1.0", END - 4 * DAY, END),),
    "first-sample": (Run("1.0", NOON, END),),
    "gap": (Run("1.0", END - 4 * DAY, NOON), Run("1.0", NOON + DAY, END)),
    "short-gaps": tuple(Run("1.0", NOON + hour * HOUR, NOON + hour * HOUR + 50 * MINUTE) for hour in range(48)),
    "changed": (Run("0.9", END - 4 * DAY, NOON), Run("1.0", NOON, END)),
    "changed-in-gap": (Run("0.9", END - 4 * DAY, NOON - DAY), Run("1.0", NOON, END)),
    "taken-back": (
        Run("0.9", END - 4 * DAY, NOON), Run("1.0", NOON, NOON + DAY), Run("0.9", NOON + DAY, END),
    ),
    "rolled-out": (
        Run("0.9", END - 4 * DAY, NOON), Run("1.0", NOON, END),
        Run("0.9", END - 4 * DAY, NOON + HOUR, instance="b"), Run("1.0", NOON + HOUR, END, instance="b"),
    ),
    "daily": (Run("1.0", END - 300 * DAY, END, DAY),),
    "daily-first": (Run("1.0", MONTHS, END, DAY),),
    "daily-changed": (Run("0.9", END - 300 * DAY, MONTHS, DAY), Run("1.0", MONTHS, END, DAY)),
    "daily-then-live": (Run("1.0", END - 300 * DAY, END - 5 * DAY, DAY), Run("1.0", END - 4 * DAY, END)),
}  # fmt: skip
COINS: Final[Mapping[str, tuple[Run, ...]]] = {
    "always": (Run("3.125", END - 4 * DAY, END),),
    "first-sample": (Run("3.125", NOON, END),),
    "gap": (Run("3.125", END - 4 * DAY, NOON), Run("3.125", NOON + DAY, END)),
    "changed": (Run("6.25", END - 4 * DAY, NOON), Run("3.125", NOON, END)),
    "changed-in-gap": (Run("6.25", END - 4 * DAY, NOON - DAY), Run("3.125", NOON, END)),
    "daily": (Run("3.125", END - 300 * DAY, END, DAY),),
    "daily-changed": (Run("6.25", END - 300 * DAY, MONTHS, DAY), Run("3.125", MONTHS, END, DAY)),
    "earlier": (Run("12.5", END - 4 * DAY, NOON), Run("6.25", NOON, END)),
}  # fmt: skip

# Steps that Grafana chooses for a screen of about 1,400 points, and two that do not divide a day.
STEPS: Final = {DAY: (MINUTE,), 4 * DAY: (5 * MINUTE, 7 * MINUTE), 200 * DAY: (DAY, 7 * HOUR)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    room = Room(tmp_path_factory.mktemp("room"))
    file, data = room.folder / "past.om", room.folder / "data"
    with file.open("w", encoding="utf-8") as written:
        written.writelines(exposition())
    blocks = ["tsdb", "create-blocks-from", "--max-block-duration=8928h", "openmetrics", str(file), str(data)]
    subprocess.run([str(tool("promtool")), *blocks], check=True, capture_output=True)
    try:
        yield Server(room, Path(data))
    finally:
        room.close()


def exposition() -> Iterator[str]:
    yield "# TYPE btchealth_methodology_info gauge\n"
    for job, runs in METHODS.items():
        for run in runs:
            yield from lines(
                f'btchealth_methodology_info{{job="{job}",instance="{run.instance}",version="{run.said}"}} 1', run
            )
    yield "# TYPE btchealth_subsidy_bitcoins gauge\n"
    for job, runs in COINS.items():
        for run in runs:
            yield from lines(f'btchealth_subsidy_bitcoins{{job="{job}",instance="a"}} {run.said}', run)
    yield "# EOF\n"


def lines(head: str, run: Run) -> Iterator[str]:
    return (f"{head} {at}\n" for at in range(run.start, run.end, run.step))


def annotation(board: str, name: str) -> dict[str, Any]:
    found = next(one for one in dashboards() if one["uid"] == f"btchealth-{board}")
    return next(one for one in found["annotations"]["list"] if one["name"] == name)


def marked(server: Server, asked: dict[str, Any], job: str, span: int, step: int) -> list[tuple[str, float]]:
    """Titles and times of marks; AssertionError where one is a band and not a moment."""
    end = END // step * step
    found = events(server, asked, {"$job": job}, end - span // step * step, end, step)
    assert [one for one in found if one.end - one.start > step] == []
    return [(one.title, one.start) for one in found]


CHANGES: Final = {
    "changed": [("Methodology 1.0", NOON)],
    "changed-in-gap": [("Methodology 1.0", NOON)],
    "taken-back": [("Methodology 1.0", NOON), ("Methodology 0.9", NOON + DAY)],
    "rolled-out": [("Methodology 1.0", NOON)],
    "daily-changed": [("Methodology 1.0", MONTHS)],
}
HALVED: Final = {
    "changed": [("Halving", NOON)],
    "changed-in-gap": [("Halving", NOON)],
    "daily-changed": [("Halving", MONTHS)],
    "earlier": [("Halving", NOON)],
}


def fitting(wanted: list[tuple[str, int]], span: int, step: int) -> list[tuple[str, int]]:
    """What the steps show: what is taken back within two of them was there in both."""
    seen = [one for one in wanted if END - span < one[1] <= END // step * step]
    return seen[:1] if step >= DAY else seen


def near(found: list[tuple[str, float]], wanted: list[tuple[str, int]], step: int) -> bool:
    """A step shows what happened within it."""
    times = sorted(found, key=lambda one: one[1])
    return [title for title, _ in times] == [title for title, _ in wanted] and all(
        0 <= at - when <= 2 * step for (_, at), (_, when) in zip(times, wanted, strict=True)
    )


VIEWS: Final = [(span, step) for span, steps in STEPS.items() for step in steps]


@pytest.mark.parametrize(("span", "step"), VIEWS)
@pytest.mark.parametrize("job", METHODS)
def test_a_mark_of_the_method_stands_where_it_changed_and_nowhere_else(
    server: Server, job: str, span: int, step: int
) -> None:
    found = marked(server, annotation("overview", "Methodology"), job, span, step)
    assert near(found, fitting(CHANGES.get(job, []), span, step), step), found


@pytest.mark.parametrize(("span", "step"), VIEWS)
@pytest.mark.parametrize("job", COINS)
def test_a_halving_is_marked_where_the_subsidy_fell(server: Server, job: str, span: int, step: int) -> None:
    found = marked(server, annotation("overview", "Halvings"), job, span, step)
    assert near(found, fitting(HALVED.get(job, []), span, step), step), found


@pytest.mark.parametrize(("job", "number"), [("changed", 1), ("daily-changed", 1), ("earlier", 0)])
def test_the_history_reads_only_halvings_that_it_does_not_know_by_heart(server: Server, job: str, number: int) -> None:
    assert len(marked(server, annotation("history", "Later halvings"), job, 200 * DAY, DAY)) == number
