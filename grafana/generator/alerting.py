"""The dashboard of the alerts: what needs somebody now, what did, and what is noise."""

from __future__ import annotations

from typing import Final

from grafana.generator import limits
from grafana.generator.annotations import PIPELINE
from grafana.generator.board import ALL_PILLARS, Board, Row
from grafana.generator.colours import BAD, BLUE, WARNING
from grafana.generator.panels import Field, Kind, Panel
from grafana.generator.queries import RATE, Query
from grafana.generator.tables import EVALUATED, FIRING, OURS, RUNBOOK, TO_PILLAR, TO_SOURCE, WATCHDOG, hidden

_ALERTS: Final = f'ALERTS{{alertstate="firing",alertname!="{WATCHDOG}",{OURS}}}'
_FOR: Final = f"sum by (alertname) (count_over_time({_ALERTS}[$__range:1m])) * 60"
_STARTS: Final = f"sum by (alertname) (count_over_time(({_ALERTS} unless {_ALERTS} offset 1m)[$__range:1m]))"


def _of(severity: str) -> str:
    return _ALERTS.replace("{", f'{{severity="{severity}",', 1)


def _count(severity: str) -> str:
    return f"count({_of(severity)}) or vector(0)"


_LEVELS: Final = {"1": ("Info", BLUE), "2": ("Warning", WARNING), "3": ("Critical", BAD)}
_BY_SEVERITY: Final = f"max by (alertname) (3 * {_of('critical')} or 2 * {_of('warning')} or {_of('info')})"


def _share(failed: str, attempted: str) -> str:
    """0 where nothing was attempted."""
    return f"sum(rate({failed}[{RATE}])) / (sum(rate({attempted}[{RATE}])) > 0) or vector(0)"


_NOW: Final = (
    EVALUATED,
    Panel(
        "How many are firing?", "Alerts that fire now, by severity.", Kind.STAT,
        (
            Query(_count("critical"), "Critical"),
            Query(_count("warning"), "Warning"),
            Query(_count("info"), "Info"),
        ),
        unit="none", decimals=0, width=8, height=4, plain=True, steps=limits.above(1),
        fields=(Field("Warning", steps=limits.above(1, WARNING)), Field("Info", steps=limits.above(1, BLUE))),
    ),
    Panel(
        "Do notifications go out?",
        "Share of alerts that could not be handed to Alertmanager, and of notifications that it could not send.",
        Kind.STAT,
        (
            Query(
                _share("prometheus_notifications_errors_total", "prometheus_notifications_sent_total"),
                "To Alertmanager",
            ),
            Query(
                _share("alertmanager_notifications_failed_total", "alertmanager_notifications_total"), "To people",
            ),
        ),
        unit="percentunit", decimals=1, width=8, height=4, plain=True,
        steps=limits.above(limits.limit("notification_failures")),
    ),
    Panel(
        "Do rules fail?", "Rule evaluations that failed in the chosen time.", Kind.STAT,
        (Query("sum(increase(prometheus_rule_evaluation_failures_total[$__range])) or vector(0)", instant=True),),
        unit="locale", decimals=0, width=4, height=4, plain=True, steps=limits.above(1),
    ),
)  # fmt: skip
_PAST: Final = (
    Panel(
        "When did which alert fire?",
        "One line an alert, in the colour of its severity while it fired. The watchdog is left out.",
        Kind.STATES, (Query(_BY_SEVERITY, "{{alertname}}"),),
        width=24, height=11, mappings=_LEVELS, steps=(limits.Step(None, BLUE),),
        no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts cost the most attention?",
        "Time that each alert fired within the chosen time. One that fires long and is not acted on is noise.",
        Kind.BARS, (Query(f"sort_desc({_FOR})", "{{alertname}}", instant=True),),
        unit="s", decimals=0, width=12, height=8, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts flap?", "How often each alert began to fire within the chosen time.",
        Kind.BARS, (Query(f"sort_desc({_STARTS})", "{{alertname}}", instant=True),),
        unit="locale", decimals=0, width=12, height=8, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
)  # fmt: skip
_PENDING: Final = Panel(
    "Which alerts are about to fire?", "Their condition holds, but not for long enough yet.",
    Kind.TABLE,
    (Query(f'max by (alertname, severity, pillar, source) (ALERTS{{alertstate="pending",{OURS}}})', table=True),),
    width=12, height=7, no_value="Nothing is pending", may_be_empty="nothing is pending in a healthy world",
    fields=(
        Field("alertname", label="Alert", links=(RUNBOOK,), width=300), Field("severity", label="Severity", width=100),
        Field("pillar", label="Pillar", links=(TO_PILLAR,)), Field("source", label="Source", links=(TO_SOURCE,)),
    ),
    transformations=(hidden("Time", "Value"),),
)  # fmt: skip

_LIST: Final = Panel(
    "What do the rules themselves say?",
    "Grafana's own list of the alert rules of Prometheus that fire, are about to, or cannot be evaluated; it opens the "
    "rule and lets you silence it.",
    Kind.ALERTS, width=24, height=9,
    options={
        "viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 30, "sortOrder": 3,
        "dashboardAlerts": False, "alertName": "BtcHealth", "alertInstanceLabelFilter": "", "folder": None,
        "datasource": "Prometheus",
        "stateFilter": {
            "firing": True, "pending": True, "error": True, "noData": False, "normal": False, "recovering": True,
        },
    },
)  # fmt: skip

ALERTS: Final = Board(
    "alerts", "Bitcoin health: alerts", "What needs somebody now, what did lately, and which alerts are noise?",
    (
        Row("", _NOW), Row("What fires?", (FIRING, _PENDING)), Row("What fired?", _PAST),
        Row("What can I do about it?", (_LIST,)),
    ),
    onward=("overview", ALL_PILLARS, "sources", "exporter"), annotations=PIPELINE, tag="operations", since="now-7d",
)  # fmt: skip
