"""The exporter itself, and the alerts."""

from __future__ import annotations

from typing import Final

from grafana.generator import limits
from grafana.generator.annotations import PIPELINE
from grafana.generator.board import Board, Row
from grafana.generator.colours import BAD, BLUE, GOOD, GREY, ORANGE
from grafana.generator.panels import Field, Kind, Panel, lines, stat
from grafana.generator.queries import RATE, TARGET, Query, chosen, rate
from grafana.generator.tables import EVALUATED, FIRING, OURS, RUNBOOK, WATCHDOG, hidden

_REFUSED: Final = 'btchealth_http_requests_total{code!~"2..|3.."}'
_YES: Final = {"1": ("Yes", GOOD), "0": ("No", BAD)}


def _slowest(share: float) -> str:
    return (
        f"histogram_quantile({share}, sum by (handler, le)"
        f" (rate({chosen('btchealth_http_request_duration_seconds_bucket')}[{RATE}])))"
    )


_PROCESS: Final = (
    Panel(
        "Does every replica answer?", "1 if the last scrape of the replica succeeded.",
        Kind.STATES, (Query(f"up{{{TARGET}}}", "{{instance}}"),),
        width=8, height=6, mappings={"1": ("Answers", GOOD), "0": ("Silent", BAD)}, steps=limits.below(1),
    ),
    Panel(
        "Which version runs?", "Version of each replica; more than one is a rollout that did not finish.",
        Kind.TABLE,
        (
            Query(
                f"max by (instance, version, revision, pythonversion) ({chosen('btchealth_exporter_build_info')})",
                table=True,
            ),
        ),
        width=8, height=6,
        fields=(
            Field("instance", label="Replica"), Field("version", label="Version"),
            Field("revision", label="Commit"), Field("pythonversion", label="Python"),
        ),
        transformations=(hidden("Time", "Value"),),
    ),
    stat(
        "Is the configuration in force?", "btchealth_exporter_config_last_reload_successful",
        plain=True, mappings=_YES, height=6,
    ),
    stat(
        "Is the web file in force?", "btchealth_exporter_web_config_last_reload_successful",
        plain=True, mappings=_YES, height=6,
    ),
)  # fmt: skip
_REQUESTS: Final = (
    Panel(
        "Who asks for what?", "Requests a second, by handler.",
        Kind.LINES, (Query(rate("btchealth_http_requests_total", "handler"), "{{handler}}"),),
        unit="reqps", decimals=2, width=8, minimum=0,
    ),
    Panel(
        "How slow are the slowest answers?", "Time within which 99 of 100 requests were answered, by handler.",
        Kind.LINES, (Query(_slowest(0.99), "{{handler}}"),), unit="s", width=8, minimum=0,
        no_value="No request in this time",
    ),
    Panel(
        "Which requests are refused?", "Answers other than success, by handler and status.",
        Kind.LINES,
        (Query(f"{rate(_REFUSED, 'handler', 'code')} > 0", "{{handler}} {{code}}"),),
        unit="reqps", decimals=2, width=8, minimum=0, no_value="No error in this time",
        may_be_empty="nothing is refused in a healthy world",
    ),
    Panel(
        "How long does a scrape take?", "As Prometheus sees it. The line is the level of BtcHealthScrapeSlow.",
        Kind.LINES, (Query(f"scrape_duration_seconds{{{TARGET}}}", "{{instance}}"),),
        unit="s", width=8, minimum=0, shaded=True,
        steps=limits.band(limits.limit("scrape_slow_seconds"), low_is_bad=False, colour=BAD),
    ),
    Panel(
        "How many series are there?",
        "Samples of a scrape. The line is the level of BtcHealthSeriesBudgetExceeded, a tenth below the limit at which "
        "Prometheus drops the whole scrape.",
        Kind.LINES, (Query(f"scrape_samples_post_metric_relabeling{{{TARGET}}}", "{{instance}}"),),
        unit="locale", decimals=0, width=8, minimum=0, shaded=True,
        steps=limits.band(limits.limit("series_budget"), low_is_bad=False, colour=BAD),
    ),
    Panel(
        "Do the caches spare requests?", "Share of look-ups that found a body young enough to spare a request.",
        Kind.LINES,
        (
            Query(
                f"{rate('btchealth_cache_hits_total', 'tier')} / {rate('btchealth_cache_requests_total', 'tier')}",
                "{{tier}}",
            ),
        ),
        unit="percentunit", decimals=0, width=8, minimum=0, maximum=1, no_value="No look-up in this time",
        may_be_empty="nothing may have been looked up within the interval",
    ),
)  # fmt: skip
_RESOURCES: Final = (
    lines("How much memory does it take?", {"Resident": "process_resident_memory_bytes"}, minimum=0, width=6),
    Panel(
        "How busy is it?", "Processor time a second: 100 % is one core.", Kind.LINES,
        (Query(f"max without (pod) (rate(process_cpu_seconds_total{{{TARGET}}}[{RATE}]))", "{{instance}}"),),
        unit="percentunit", decimals=1, width=6, minimum=0,
    ),
    Panel(
        "How many files and sockets are open?", "Open descriptors and how many are allowed.", Kind.LINES,
        (
            Query(f"max(process_open_fds{{{TARGET}}})", "Open"),
            Query(f"max(process_max_fds{{{TARGET}}})", "Allowed"),
        ),
        unit="locale", decimals=0, width=6, minimum=1, log_scale=True, colours={"Open": BLUE, "Allowed": GREY},
    ),
    Panel(
        "Does storage fail?", "Reads and writes of the SQLite file that failed in the chosen time.",
        Kind.STAT, (Query(f"sum(increase({chosen('btchealth_storage_failures_total')}[$__range]))", instant=True),),
        unit="locale", decimals=0, width=6, height=8, plain=True, steps=limits.above(1),
    ),
    Panel(
        "Do the caches fail?",
        "Calls to a tier of the cache that failed in the chosen time, by reason. Replicas then go on alone.",
        Kind.BARS,
        (
            Query(
                "sort_desc(sum by (tier, reason)"
                f" (increase({chosen('btchealth_cache_failures_total')}[$__range])) > 0)",
                "{{tier}} {{reason}}", instant=True,
            ),
        ),
        unit="locale", decimals=0, width=12, height=7, minimum=0, no_value="No failure in this time",
        may_be_empty="nothing fails in a healthy world",
    ),
    Panel(
        "When was the configuration loaded?", "The last time that a replica took a configuration into force.",
        Kind.STAT,
        (Query(f"max({chosen('btchealth_exporter_config_last_reload_success_timestamp_seconds')}) * 1000"),),
        unit="dateTimeFromNow", width=6, height=7, plain=True,
    ),
    Panel(
        "When was it started?", "Start of the youngest replica.",
        Kind.STAT, (Query(f"max(process_start_time_seconds{{{TARGET}}}) * 1000"),),
        unit="dateTimeFromNow", width=6, height=7, plain=True,
    ),
)  # fmt: skip

EXPORTER: Final = Board(
    "exporter", "Bitcoin health: exporter", "Does the exporter itself work, and how close is it to its limits?",
    (Row("", _PROCESS), Row("How does it answer?", _REQUESTS), Row("What does it use?", _RESOURCES)),
    onward=("overview", "sources", "alerts"), annotations=PIPELINE, tag="operations", since="now-6h",
)  # fmt: skip

_ALERTS: Final = f'ALERTS{{alertstate="firing",alertname!="{WATCHDOG}",{OURS}}}'
_FOR: Final = f"sum by (alertname) (count_over_time({_ALERTS}[$__range:1m])) * 60"
_STARTS: Final = f"sum by (alertname) (count_over_time(({_ALERTS} unless {_ALERTS} offset 1m)[$__range:1m]))"


def _count(severity: str) -> str:
    fitting = _ALERTS.replace("{", f'{{severity="{severity}",', 1)
    return f"count({fitting}) or vector(0)"


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
        fields=(Field("Warning", steps=limits.above(1, ORANGE)), Field("Info", steps=limits.above(1, BLUE))),
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
        "When did which alert fire?", "One line an alert, coloured while it fired. The watchdog is left out.",
        Kind.STATES, (Query(f"max by (alertname) ({_ALERTS})", "{{alertname}}"),),
        width=24, height=12, mappings={"1": ("Firing", BAD)}, steps=limits.above(1),
        no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts cost the most attention?",
        "Time that each alert fired within the chosen time. One that fires long and is not acted on is noise.",
        Kind.BARS, (Query(f"sort_desc({_FOR})", "{{alertname}}", instant=True),),
        unit="s", decimals=0, width=12, height=10, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
    Panel(
        "Which alerts flap?", "How often each alert began to fire within the chosen time.",
        Kind.BARS, (Query(f"sort_desc({_STARTS})", "{{alertname}}", instant=True),),
        unit="locale", decimals=0, width=12, height=10, minimum=0, no_value="Nothing fired in this time",
        may_be_empty="nothing fires in a healthy world",
    ),
)  # fmt: skip
_PENDING: Final = Panel(
    "Which alerts are about to fire?", "Their condition holds, but not for long enough yet.",
    Kind.TABLE,
    (Query(f'max by (alertname, severity, pillar, source) (ALERTS{{alertstate="pending",{OURS}}})', table=True),),
    width=12, no_value="Nothing is pending", may_be_empty="nothing is pending in a healthy world",
    fields=(
        Field("alertname", label="Alert", links=(RUNBOOK,), width=300), Field("severity", label="Severity", width=100),
        Field("pillar", label="Pillar"), Field("source", label="Source"),
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
    onward=("overview", "sources", "exporter"), annotations=PIPELINE, tag="operations", since="now-7d",
)  # fmt: skip
