"""What happened, drawn over every graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

from grafana.generator.colours import BAD, BLUE, PURPLE, SKY, WARNING
from grafana.generator.episodes import Day
from grafana.generator.queries import chosen, recorded, value
from grafana.generator.render import DATA_SOURCE


class Marks(model.AnnotationQuery):
    """The SDK's annotation with the fields of the Prometheus data source, which it does not know.

    `times`: the value is itself the time, in milliseconds, so that the mark stands where it happened.
    """

    def __init__(self, name: str, expr: str, colour: str, title: str, text: str, *, times: bool) -> None:
        super().__init__(name=name, datasource=DATA_SOURCE, icon_color=colour, enable=True)
        self._own: dict[str, object] = {
            "target": {"expr": expr, "interval": "60s", "refId": "Anno"},
            "titleFormat": title, "textFormat": text, "useValueForTime": times,
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


def at_times(name: str, series: str, colour: str, title: str, text: str = "") -> Annotation:
    return Annotation(Marks(name, f"{series} * 1000", colour, title, text, times=True))


def while_true(name: str, expr: str, colour: str, title: str, text: str = "") -> Annotation:
    return Annotation(Marks(name, expr, colour, title, text, times=False))


RETARGETS: Final = at_times(
    "Retargets", value("btchealth_difficulty_last_retarget_timestamp_seconds"), SKY, "Difficulty retarget",
)  # fmt: skip
REORGS: Final = at_times(
    "Reorganisations", value("btchealth_stale_block_timestamp_seconds"), WARNING, "A block went stale",
    "The chain was reorganised: another block took this one's height.",
)  # fmt: skip
HALVINGS: Final = while_true(
    "Halvings", f"resets({chosen('btchealth_subsidy_bitcoins')}[1d]) > 0", PURPLE, "Halving",
    "A block earns half as many new coins from here on.",
)  # fmt: skip
BASIS: Final = at_times(
    "Basis of the score", value("btchealth_scorecard_basis_change_timestamp_seconds"), BLUE, "Basis changed",
    "The set of indicators behind the scores changed: a step across this mark is not the network's.",
)  # fmt: skip
METHODOLOGY: Final = while_true(
    "Methodology",
    f"max by (version) ({chosen('btchealth_methodology_info')})"
    f" unless on (version) last_over_time({chosen('btchealth_methodology_info')}[6h] offset 18h)",
    PURPLE, "Methodology {{version}}", "Scores before this mark were made by another method.",
)  # fmt: skip
OUTAGES: Final = while_true(
    "Source outages",
    f"1 - {recorded('job_source:btchealth_source_up:max')}", BAD, "{{source}} is down",
    "No endpoint of this source succeeded within three of its intervals.",
)  # fmt: skip
NETWORK: Final = (HALVINGS, RETARGETS, REORGS, METHODOLOGY, BASIS, OUTAGES)
PIPELINE: Final = (OUTAGES, BASIS, METHODOLOGY)


def known_times(name: str, days: Iterable[Day], colour: str) -> Annotation:
    """Days that are written down; the query only carries them, so no series has to reach back to them."""
    marks = (f'label_replace(vector({day.at:.0f}000), "event", "{day.name}", "", "")' for day in days)
    return Annotation(Marks(name, " or ".join(marks), colour, "{{event}}", "", times=True))
