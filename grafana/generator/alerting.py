"""The dashboard of the alerts: what needs somebody now, what did, and what is noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grafana.generator import limits
from grafana.generator.annotations import PIPELINE
from grafana.generator.board import ALL_PILLARS, OPERATIONS, Board, Row
from grafana.generator.panels import Kind, Panel
from grafana.generator.queries import LEAST_STEP, STEP, Query
from grafana.generator.tables import COUNT, EVALUATED, FIRING, PENDING, RANKS, alerts, ranked

_ALERTS: Final = alerts("firing")
_FOR: Final = f"sum by (alertname) (count_over_time({_ALERTS}[$__range:1m])) * 60"
_STARTS: Final = f"sum by (alertname) (count_over_time(({_ALERTS} unless {_ALERTS} offset 1m)[$__range:1m]))"
_LEVELS: Final = {rank: (text.capitalize(), colour) for rank, (text, colour) in RANKS.items()}


# That of BtcHealthNotificationsFailing.
_WINDOW: Final = "15m"


def _share(failed: str, attempted: str, *by: str) -> str:
    """That of the worst, as the alert takes it; 0 where nothing was attempted, nothing where nobody counts."""
    each = ", ".join(("job", *by))
    tried = f"sum by ({each}) (rate({attempted}[{_WINDOW}]))"
    return f"max(sum by ({each}) (rate({failed}[{_WINDOW}])) / ({tried} > 0)) or max(0 * {tried})"


_NOW: Final = (
    EVALUATED,
    replace(COUNT, title="How many are firing?", width=8, height=4, links=()),
    Panel(
        "How many notifications fail?",
        "Share of alerts that could not be handed to Alertmanager, and of notifications that it could not send to the "
        f"worst of its receivers, within {_WINDOW}: red where BtcHealthNotificationsFailing begins to count.",
        Kind.STAT,
        (
            Query(
                _share("prometheus_notifications_errors_total", "prometheus_notifications_sent_total"),
                "To Alertmanager",
            ),
            Query(
                _share("alertmanager_notifications_failed_total", "alertmanager_notifications_total", "integration"),
                "To people",
            ),
        ),
        unit="percentunit", decimals=1, width=8, height=4,
        steps=limits.above(limits.limit("notification_failures")),
    ),
    Panel(
        "Do rules fail?", "Rule evaluations that failed in the chosen time.", Kind.STAT,
        (Query("sum(increase(prometheus_rule_evaluation_failures_total[$__range]))"),),
        unit="locale", decimals=0, width=4, height=4, steps=limits.above(1),
    ),
)  # fmt: skip
_PAST: Final = (
    Panel(
        "When did which alert fire?",
        "One line an alert, in the colour of its severity while it fired. The watchdog is left out.",
        Kind.STATES, (Query(f"max by (alertname) ({ranked('firing', STEP)})", "{{alertname}}", interval=LEAST_STEP),),
        width=24, height=11, mappings=_LEVELS,
        no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts cost the most attention?",
        "Time that each alert fired within the chosen time. One that fires long and is not acted on is noise.",
        Kind.BARS, (Query(f"sort_desc({_FOR})", "{{alertname}}"),),
        unit="s", decimals=0, width=12, height=8, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts flap?", "How often each alert began to fire within the chosen time.",
        Kind.BARS, (Query(f"sort_desc({_STARTS})", "{{alertname}}"),),
        unit="locale", decimals=0, width=12, height=8, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
)  # fmt: skip
_LIST: Final = Panel(
    "What do the rules themselves say?",
    "Grafana's own list of the alert rules of Prometheus that fire, are about to, or cannot be evaluated; it opens the "
    "rule, and after signing in lets you silence it.",
    Kind.ALERTS, width=24, height=9,
    options={
        "viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 30, "sortOrder": 3,
        # Of whichever data source has rules of these names: here it cannot be a variable. The watchdog has no severity.
        "dashboardAlerts": False, "alertName": "BtcHealth", "folder": None,
        "alertInstanceLabelFilter": f'severity=~"{"|".join(text for text, _ in RANKS.values())}"',
        "stateFilter": {
            "firing": True, "pending": True, "error": True, "noData": False, "normal": False, "recovering": True,
        },
    },
)  # fmt: skip

ALERTS: Final = Board(
    "alerts", "Bitcoin health: alerts", "What needs somebody now, what did lately, and which alerts are noise?",
    (
        Row("", _NOW), Row("What fires?", (FIRING, PENDING)), Row("What fired?", _PAST),
        Row("What can I do about it?", (_LIST,)),
    ),
    onward=("overview", ALL_PILLARS, OPERATIONS), annotations=PIPELINE, tag=OPERATIONS, since="now-7d",
)  # fmt: skip
