"""Tables of alerts, used on several dashboards."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from grafana.generator.board import link_to
from grafana.generator.colours import BAD, BLUE, GOOD, WARNING
from grafana.generator.panels import Field, Kind, Link, Panel
from grafana.generator.queries import Query

_LINKS: Final = Path(__file__).resolve().parents[2] / "prometheus" / "declarations" / "links.yml"


def runbook(alert: str) -> str:
    """Where alerts say that their runbook is."""
    template: str = yaml.safe_load(_LINKS.read_text())["runbooks"]
    return template.format(name=alert)


# Alerts about the exporter being gone have no job; an empty job stands for them.
OURS: Final = 'alertname=~"BtcHealth.*",job=~"|$job"'
WATCHDOG: Final = "BtcHealthWatchdog"
SEVERITIES: Final = {"critical": ("critical", BAD), "warning": ("warning", WARNING), "info": ("info", BLUE)}

TO_PILLAR: Final = link_to("${__value.text}", "Look into ${__value.text}")
TO_SOURCE: Final = link_to("sources", "Look into ${__value.text}", "&var-source=${__value.text}")
RUNBOOK: Final = Link("Runbook of ${__value.text}", runbook("${__value.text}"))


def hidden(*columns: str, **names: str) -> tuple[str, dict[str, object]]:
    """Grafana's transformation that leaves out columns and renames others."""
    return "organize", {"excludeByName": dict.fromkeys(columns, True), "renameByName": names}


FIRING: Final = Panel(
    "Which alerts are firing?",
    "Alerts that Prometheus reports as firing, without the watchdog, which always fires. Click a name for its runbook.",
    Kind.TABLE,
    (
        Query(
            "max by (alertname, severity, pillar, source) "
            f'(ALERTS{{alertstate="firing",alertname!="{WATCHDOG}",{OURS}}})',
            table=True,
        ),
    ),
    width=12, height=7, no_value="Nothing is firing",
    fields=(
        Field("alertname", label="Alert", links=(RUNBOOK,), width=300),
        Field("severity", label="Severity", mappings=SEVERITIES, width=100),
        Field("pillar", label="Pillar", links=(TO_PILLAR,)),
        Field("source", label="Source", links=(TO_SOURCE,)),
    ),
    transformations=(hidden("Time", "Value"),),
    may_be_empty="nothing fires in a healthy world",
)  # fmt: skip

EVALUATED: Final = Panel(
    "Are rules evaluated?",
    "The watchdog always fires. If it does not, Prometheus does not evaluate the rules and silence means nothing.",
    Kind.STAT, (Query(f'max(ALERTS{{alertstate="firing",alertname="{WATCHDOG}"}})'),),
    width=4, height=4, plain=True, no_value="No",
    mappings={"1": ("Yes", GOOD)},
)  # fmt: skip
