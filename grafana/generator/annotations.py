"""What happened, drawn over every graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from grafana.generator.colours import BAD, METHOD, PROTOCOL, WARNING
from grafana.generator.episodes import LAST_SUBSIDY, Day
from grafana.generator.queries import LEAST_STEP, STEP, chosen, recorded, value
from grafana.generator.render import DATA_SOURCE


class Words(NamedTuple):
    """Of the tooltip, in Grafana's form: text with {{label}}."""

    title: str
    text: str = ""


class Marks(model.AnnotationQuery):
    """The SDK's annotation with the fields of the Prometheus data source, which it does not know.

    `times`: the value is itself the time, in milliseconds, so that the mark stands where it happened.
    `rare`: no switch for it above the panels, where a phone has room for one or two.
    """

    def __init__(self, name: str, expr: str, colour: str, words: Words, *, times: bool, rare: bool) -> None:
        super().__init__(name=name, datasource=DATA_SOURCE, icon_color=colour, enable=True, hide=rare)
        self._own: dict[str, object] = {
            "target": {"expr": expr, "interval": LEAST_STEP, "refId": "Anno"},
            "titleFormat": words.title, "textFormat": words.text, "useValueForTime": times,
        }  # fmt: skip

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), **self._own}


class Annotation(build.AnnotationQuery):
    """Built already: the frame wants something with a `build` method."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks

    def build(self) -> Marks:
        return self._marks


def at_times(name: str, series: str, colour: str, title: str, text: str = "", *, rare: bool = False) -> Annotation:
    return Annotation(Marks(name, f"{series} * 1000", colour, Words(title, text), times=True, rare=rare))


def while_true(name: str, expr: str, colour: str, title: str, text: str = "", *, rare: bool = False) -> Annotation:
    return Annotation(Marks(name, expr, colour, Words(title, text), times=False, rare=rare))


# How long a gap may be for the time before it to be remembered: the last piece as a whole, the rest by its quarters of
# days, the midnights of backfilled data among them, because reading every sample of a month takes a second.
_MONTH: Final = "30d"
_PIECE: Final = "6h"


def _halved(below: float | None = None) -> str:
    """One step long. `below`: only those to a smaller subsidy."""
    coins = chosen("btchealth_subsidy_bitcoins")
    now = f"min(last_over_time({coins}[{STEP}]))"
    recent = f"min(min_over_time({coins}[{_PIECE}] offset {STEP}))"
    long_ago = f"min_over_time(min({coins})[{_MONTH}:{_PIECE}] offset {STEP})"
    return f"({recent} or {long_ago}) > 1.5 * ({now}{'' if below is None else f' < {below:g}'})"


def _another_method() -> str:
    """The versions of a step that the last step with any did not have; nothing where there was none before.

    After a gap it is the versions of a month that count, so that neither a gap nor data of each midnight make a mark.
    """
    found = chosen("btchealth_methodology_info")

    def versions(over: str, offset: str = "") -> str:
        return f"max by (version) (last_over_time({found}[{over}]{offset}))"

    now, before = versions(STEP), versions(STEP, f" offset {STEP}")
    long_ago = f"max_over_time((max by (version) ({found}))[{_MONTH}:{_PIECE}] offset {STEP})"
    known = f"({versions(_PIECE, f' offset {STEP}')} or {long_ago})"
    at_once = f"({now} unless on (version) {before}) and on () {before}"
    after_a_gap = f"(({now} unless on () {before}) unless on (version) {known}) and on () {known}"
    return f"{at_once} or {after_a_gap}"


RETARGETS: Final = at_times(
    "Retargets", value("btchealth_difficulty_last_retarget_timestamp_seconds"), PROTOCOL, "Difficulty retarget",
    rare=True,
)  # fmt: skip
REORGS: Final = at_times(
    "Reorganisations", value("btchealth_stale_block_timestamp_seconds"), WARNING, "A block went stale",
    "The chain was reorganised: another block took this one's height.",
)  # fmt: skip
HALVINGS: Final = while_true(
    "Halvings", _halved(), PROTOCOL, "Halving", "A block earns half as many new coins from here on.", rare=True,
)  # fmt: skip
BASIS: Final = at_times(
    "Basis of the score", value("btchealth_scorecard_basis_change_timestamp_seconds"), METHOD, "Basis changed",
    "The set of indicators behind the scores changed: a step across this mark is not the network's.", rare=True,
)  # fmt: skip
METHODOLOGY: Final = while_true(
    "Methodology", _another_method(), METHOD, "Methodology {{version}}",
    "Scores before this mark were made by another method.", rare=True,
)  # fmt: skip
OUTAGES: Final = while_true(
    "Source outages",
    f"1 - min_over_time({recorded('job_source:btchealth_source_up:max')}[{STEP}])", BAD, "{{source}} is down",
    "No endpoint of this source succeeded within three of its intervals.",
)  # fmt: skip
NETWORK: Final = (HALVINGS, RETARGETS, REORGS, METHODOLOGY, BASIS, OUTAGES)
PIPELINE: Final = (OUTAGES, BASIS, METHODOLOGY)


def known_times(name: str, days: Iterable[Day], colour: str, *, rare: bool = False) -> Annotation:
    """Days that are written down; the query only carries them, so no series has to reach back to them."""
    marks = (f'label_replace(vector({day.at:.0f}000), "event", "{day.name}", "", "")' for day in days)
    return Annotation(Marks(name, " or ".join(marks), colour, Words("{{event}}"), times=True, rare=rare))


# The history dashboard writes down the halvings that everybody knows the day of; later ones are read from the data.
LATER_HALVINGS: Final = while_true(
    "Later halvings", _halved(LAST_SUBSIDY), PROTOCOL, "Halving", "A block earns half as many new coins from here on.",
    rare=True,
)  # fmt: skip
