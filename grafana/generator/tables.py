"""Tables of alerts, used on several dashboards."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import yaml

from grafana.generator import limits
from grafana.generator.board import link_to
from grafana.generator.colours import BAD, BLUE, GOOD, WARNING
from grafana.generator.panels import Field, Kind, Link, Panel
from grafana.generator.queries import Query

_DECLARATIONS: Final = Path(__file__).resolve().parents[2] / "prometheus" / "declarations"


def runbook(alert: str) -> str:
    """Where alerts say that their runbook is."""
    template: str = yaml.safe_load((_DECLARATIONS / "links.yml").read_text())["runbooks"]
    return template.format(name=alert)


# By name and not by job: what says that rules or notifications fail has the job of Prometheus or Alertmanager, and what
# says that the exporter is gone may have none.
OURS: Final = 'alertname=~"BtcHealth.*"'
WATCHDOG: Final = "BtcHealthWatchdog"
RANKS: Final = {"3": ("critical", BAD), "2": ("warning", WARNING), "1": ("info", BLUE)}

TO_PILLAR: Final = link_to("${__value.raw}", "Look into ${__value.raw}")
RUNBOOK: Final = Link("Runbook of ${__value.raw}", runbook("${__value.raw}"))


def _elsewhere() -> dict[str, list[str]]:
    """Dashboards by id, with the alerts that their declarations send there and not to the dashboard of a pillar."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(_DECLARATIONS.glob("alerts_*.yml")):
        group = yaml.safe_load(file.read_text())
        for alert in group["alerts"]:
            board = alert.get("dashboard", group["dashboard"]).removeprefix("btchealth-")
            if board != group.get("pillar"):
                found[board].append(alert["name"])
    return found


def hidden(*columns: str, **names: str) -> tuple[str, dict[str, object]]:
    """Grafana's transformation that leaves out columns and renames others."""
    return "organize", {"excludeByName": dict.fromkeys(columns, True), "renameByName": names}


def alerts(state: str, severity: str = "") -> str:
    """Without the watchdog, which always fires."""
    one = f'severity="{severity}",' if severity else ""
    return f'ALERTS{{{one}alertstate="{state}",alertname!="{WATCHDOG}",{OURS}}}'


def ranked(state: str, over: str | None = None) -> str:
    """3 for critical, 2 for a warning, 1 for what is only to be known. `over`: at any time within this range."""
    each = {rank: f"max_over_time({found}[{over}])" if over else found
            for rank, found in ((rank, alerts(state, text)) for rank, (text, _) in RANKS.items())}  # fmt: skip
    return " or ".join(f"{rank} * {found}" for rank, found in each.items())


def _with_place(found: str) -> str:
    """The dashboard to look at as the label `place`: where the link in the alert's message leads, too."""
    placed = f'label_replace({found}, "place", "$1", "pillar", "(.+)")'
    for place, names in _elsewhere().items():
        placed = f'label_replace({placed}, "place", "{place}", "alertname", "BtcHealth({"|".join(names)})")'
    return placed


def _table(title: str, description: str, state: str, nothing: str, why: str) -> Panel:
    return Panel(
        title, f"{description} Worst first. Click a name for its runbook, a place for its dashboard.", Kind.TABLE,
        (Query(_with_place(f"max by (alertname, pillar, source) ({ranked(state)})")),),
        width=12, height=7, no_value=nothing, may_be_empty=why,
        fields=(
            Field("Value", label="Severity", mappings=RANKS, width=90),
            Field("alertname", label="Alert", links=(RUNBOOK,), width=280),
            Field("place", label="Place", links=(TO_PILLAR,), width=130),
            Field("source", label="Source"),
        ),
        transformations=(hidden("Time", "pillar"),), sort_column="Severity", descending=True,
    )  # fmt: skip


FIRING: Final = _table(
    "Which alerts are firing?", "Alerts that Prometheus reports as firing, without the watchdog, which always fires.",
    "firing", "Nothing is firing", "nothing fires in a healthy world",
)  # fmt: skip
PENDING: Final = _table(
    "Which alerts are about to fire?", "Their condition holds, but not for long enough yet.",
    "pending", "Nothing is pending", "nothing is pending in a healthy world",
)  # fmt: skip

_EVALUATED: Final = f'max(ALERTS{{alertstate="firing",alertname="{WATCHDOG}"}})'
EVALUATED: Final = Panel(
    "Are rules evaluated?",
    "The watchdog always fires. If it does not, Prometheus does not evaluate the rules and silence means nothing.",
    Kind.STAT, (Query(_EVALUATED),),
    width=4, height=4, no_value="No", empty_colour=BAD, mappings={"1": ("Yes", GOOD)},
)  # fmt: skip


def _count(severity: str) -> str:
    """0 only while rules are evaluated at all."""
    return f"count({alerts('firing', severity)}) or 0 * {_EVALUATED}"


COUNT: Final = Panel(
    "What fires now?", "Alerts that fire now, by severity. Nothing: the rules are not evaluated.", Kind.STAT,
    (
        Query(_count("critical"), "Critical"),
        Query(_count("warning"), "Warning"),
        Query(_count("info"), "Info"),
    ),
    unit="none", decimals=0, width=3, height=8, steps=limits.above(1), no_value="Not evaluated", empty_colour=BAD,
    fields=(Field("Warning", steps=limits.above(1, WARNING)), Field("Info", steps=limits.above(1, BLUE))),
    links=(link_to("alerts", "Look at the alerts"),),
)  # fmt: skip
