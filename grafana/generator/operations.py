"""The dashboard of the exporter itself."""

from __future__ import annotations

from typing import Final

from grafana.generator import limits
from grafana.generator.annotations import PIPELINE
from grafana.generator.board import OPERATIONS, Board, Row
from grafana.generator.colours import BAD, GOOD
from grafana.generator.panels import Field, Kind, Panel, stat
from grafana.generator.queries import LEAST_STEP, RATE, STEP, TARGET, Query, chosen, rate, value
from grafana.generator.tables import hidden

_REFUSED: Final = 'btchealth_http_requests_total{code!~"2..|3.."}'
_YES: Final = {"1": ("Yes", GOOD), "0": ("No", BAD)}


def _slowest(buckets: str, share: float, by: str) -> str:
    """Nothing rather than NaN where nothing was measured."""
    return f"histogram_quantile({share:g}, sum by ({by}, le) (rate({chosen(buckets)}[{RATE}]))) >= 0"


def _in_force(title: str, name: str) -> Panel:
    query = Query(value(name, pick="min"))
    return stat(title, name, "No: at least one replica refused it.", queries=(query,), mappings=_YES, width=3)


_PROCESS: Final = (
    Panel(
        "Does every replica answer?", "Silent where any scrape of the replica failed within a step of the line.",
        Kind.STATES,
        (Query(f"min_over_time(up{{{TARGET}}}[{STEP}])", "{{instance}}", interval=LEAST_STEP),),
        width=9, height=8, mappings={"1": ("Answers", GOOD), "0": ("Silent", BAD)},
    ),
    Panel(
        "Which version runs?", "Version of each replica; more than one is a rollout that did not finish.",
        Kind.TABLE,
        (
            Query(
                f"max by (instance, version, revision, pythonversion) ({chosen('btchealth_exporter_build_info')})",
            ),
        ),
        width=9, height=8,
        fields=(
            Field("instance", label="Replica", width=160), Field("version", label="Version", width=90),
            Field("pythonversion", label="Python", width=90), Field("revision", label="Commit"),
        ),
        transformations=(hidden("Time", "Value"),),
    ),
    _in_force("Settings in force?", "btchealth_exporter_config_last_reload_successful"),
    _in_force("Web file in force?", "btchealth_exporter_web_config_last_reload_successful"),
    Panel(
        "Settings loaded?", "When the replica that is furthest behind took its configuration into force.",
        Kind.STAT,
        (Query(f"min({chosen('btchealth_exporter_config_last_reload_success_timestamp_seconds')}) * 1000"),),
        unit="dateTimeFromNow", width=3, height=4,
    ),
    Panel(
        "Last started?", "Start of the youngest replica.",
        Kind.STAT, (Query(f"max(process_start_time_seconds{{{TARGET}}}) * 1000"),),
        unit="dateTimeFromNow", width=3, height=4,
    ),
)  # fmt: skip
_REQUESTS: Final = (
    Panel(
        "Who asks for what?", "Requests a second, by handler.",
        Kind.LINES, (Query(f"{rate('btchealth_http_requests_total', 'handler')} > 0", "{{handler}}"),),
        unit="reqps", decimals=2, width=8, minimum=0,
    ),
    Panel(
        "How slow are the slowest answers?", "Time within which 99 of 100 requests were answered, by handler.",
        Kind.LINES,
        (Query(_slowest("btchealth_http_request_duration_seconds_bucket", 0.99, "handler"), "{{handler}}"),),
        unit="s", width=8, minimum=0, no_value="No request in this time",
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
        "How late is the event loop?",
        "How much later than asked for a timer fires: nearly always, and at worst, as far as the buckets tell. What "
        "keeps the loop busy keeps every page and every poll waiting.",
        Kind.LINES,
        (
            Query(_slowest("btchealth_event_loop_lag_seconds_bucket", 1, "instance"), "{{instance}}: worst"),
            Query(_slowest("btchealth_event_loop_lag_seconds_bucket", 0.99, "instance"), "{{instance}}: 99 of 100"),
        ),
        unit="s", width=8, minimum=0,
    ),
    Panel(
        "How many series are there?",
        "Samples of a scrape. The line is the level of BtcHealthSeriesBudgetExceeded, a tenth below the limit at which "
        "Prometheus drops the whole scrape.",
        Kind.LINES, (Query(f"scrape_samples_post_metric_relabeling{{{TARGET}}}", "{{instance}}"),),
        unit="locale", decimals=0, width=8, minimum=0, shaded=True, reaching=limits.limit("series_budget"),
        steps=limits.band(limits.limit("series_budget"), low_is_bad=False, colour=BAD),
    ),
)  # fmt: skip
_RESOURCES: Final = (
    Panel(
        "How much memory does it take?", "Resident memory of each replica.", Kind.LINES,
        (Query(f"process_resident_memory_bytes{{{TARGET}}}", "{{instance}}"),),
        unit="bytes", decimals=1, width=8, minimum=0,
    ),
    Panel(
        "How busy is it?", "Processor time a second: 100 % is one core.", Kind.LINES,
        (Query(f"max by (instance) (rate(process_cpu_seconds_total{{{TARGET}}}[{RATE}]))", "{{instance}}"),),
        unit="percentunit", decimals=1, width=8, minimum=0,
    ),
    Panel(
        "How many files and sockets are open?", "Open descriptors as a share of how many are allowed.", Kind.LINES,
        (Query(f"process_open_fds{{{TARGET}}} / process_max_fds{{{TARGET}}}", "{{instance}}"),),
        unit="percentunit", decimals=1, width=8, minimum=0, maximum=1,
    ),
    Panel(
        "Do the caches spare requests?",
        "Share of look-ups that found a body young enough to spare a request, and of answers that had been made "
        "before.",
        Kind.LINES,
        (
            Query(
                f"{rate('btchealth_cache_hits_total', 'tier')}"
                f" / ({rate('btchealth_cache_requests_total', 'tier')} > 0)",
                "{{tier}}",
            ),
            Query(
                f"{rate('btchealth_response_cache_hits_total', 'handler')}"
                f" / ({rate('btchealth_response_cache_requests_total', 'handler')} > 0)",
                "answers: {{handler}}",
            ),
        ),
        unit="percentunit", decimals=0, width=8, minimum=0, maximum=1, no_value="No look-up in this time",
        may_be_empty="nothing may have been looked up within the interval",
    ),
    Panel(
        "Do the caches fail?",
        "Calls to a tier of the cache that failed in the chosen time, by reason. Replicas then go on alone.",
        Kind.BARS,
        (
            Query(
                "sort_desc(sum by (tier, reason)"
                f" (increase({chosen('btchealth_cache_failures_total')}[$__range])) > 0)",
                "{{tier}} {{reason}}",
            ),
        ),
        unit="locale", decimals=0, width=8, minimum=0, no_value="No failure in this time",
        may_be_empty="nothing fails in a healthy world",
    ),
    Panel(
        "Does storage fail?", "Reads and writes of the SQLite file that failed in the chosen time.",
        Kind.STAT, (Query(f"sum(increase({chosen('btchealth_storage_failures_total')}[$__range]))"),),
        unit="locale", decimals=0, width=8, height=8, steps=limits.above(1),
    ),
)  # fmt: skip

EXPORTER: Final = Board(
    "exporter", "Bitcoin health: exporter", "Does the exporter itself work, and how close is it to its limits?",
    (Row("", _PROCESS), Row("How does it answer?", _REQUESTS), Row("What does it use?", _RESOURCES)),
    onward=("overview", OPERATIONS), annotations=PIPELINE, tag=OPERATIONS, since="now-6h",
)  # fmt: skip
