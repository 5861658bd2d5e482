"""The dashboard about trust: where the numbers come from, how old they are, what was refused."""

from __future__ import annotations

from typing import Final

from exporter.sources import registry
from grafana.generator import limits
from grafana.generator.annotations import PIPELINE
from grafana.generator.board import ALL_PILLARS, OPERATIONS, Board, Row, Variable
from grafana.generator.colours import BAD, GOOD, LINES, WARNING
from grafana.generator.panels import Field, Kind, Link, Panel
from grafana.generator.queries import Query, lowest, recorded, value
from grafana.generator.tables import hidden, runbook

_SOURCE: Final = 'source=~"$source"'
SOURCES_BY_COLOUR: Final = {source.name: colour for source, colour in zip(registry.SOURCES, LINES, strict=False)}
_UP: Final = {"1": ("Up", GOOD), "0": ("Down", BAD)}
_OPEN: Final = {"0": ("Closed", GOOD), "1": ("Open", BAD)}
# Of columns: a table that is too narrow for them is moved sideways.
_READABLE: Final = {"custom.minWidth": 90}
_CHOSEN: Final = f'{{job=~"$job",instance=~"$instance",{_SOURCE}}}'


def _kept(name: str) -> str:
    return value(f"{name}{{{_SOURCE}}}")


def _counted(name: str, *by: str) -> str:
    """Within the chosen time."""
    return f"sum by ({', '.join(by)}) (increase({name}{_CHOSEN}[$__range]))"


def _a_minute(name: str, *by: str) -> str:
    return f"sum by ({', '.join(by)}) (rate({name}{_CHOSEN}[$__rate_interval])) * 60"


_STATE: Final = Panel(
    "Which sources are up?",
    "Up while any endpoint of the source succeeded within three of its intervals. Nothing: the exporter was silent.",
    Kind.STATES, (lowest(f"btchealth_source_up{{{_SOURCE}}}", "{{source}}"),),
    width=11, height=8, mappings=_UP,
    links=(Link("What to do when one is down", runbook("BtcHealthSourceDown")),),
)  # fmt: skip
_TABLE: Final = Panel(
    "How is each source doing?",
    "Data quality: mean over the endpoints of 0 where data are too old, else of the share of declared fields that was "
    "accepted. Requests left: how many our own limit allows now. Clock: ours minus the source's. Breaker: open while "
    "the source is left alone after repeated failures.",
    Kind.TABLE,
    (
        Query(_kept("btchealth_source_up")),
        Query(_kept("btchealth_source_data_quality_ratio")),
        Query(_kept("btchealth_breaker_open")),
        Query(_kept("btchealth_rate_limit_remaining_requests")),
        Query(_kept("btchealth_clock_skew_seconds")),
    ),
    width=13, height=8,
    fields=(
        Field("source", label="Source", properties={"custom.minWidth": 130}),
        Field("Value #A", label="State", mappings=_UP, properties=_READABLE),
        Field(
            "Value #B", label="Data quality", unit="percentunit", decimals=0, steps=limits.coverage_steps(),
            properties=_READABLE,
        ),
        Field("Value #C", label="Breaker", mappings=_OPEN, properties=_READABLE),
        Field("Value #D", label="Requests left", decimals=0, properties=_READABLE),
        Field("Value #E", label="Clock", unit="s", decimals=1, properties=_READABLE),
    ),
    transformations=(("merge", {}), hidden("Time", "job")),
)  # fmt: skip

_OLDEST: Final = 25
_AGE: Final = Panel(
    "Which data are closest to being too old?",
    "Age of each endpoint's data over the age at which values leave the page: from 100 % on they are gone. The "
    f"{_OLDEST} oldest by that measure.",
    Kind.BARS,
    (
        Query(
            f"sort_desc(topk({_OLDEST}, (time() - {_kept('btchealth_endpoint_data_timestamp_seconds')})"
            f" / {_kept('btchealth_endpoint_max_age_seconds')}))",
            "{{source}} {{endpoint}}",
        ),
    ),
    unit="percentunit", decimals=0, width=24, height=14, minimum=0, maximum=1,
    steps=(limits.Step(None, GOOD), limits.Step(limits.limit("coverage_low_ratio"), WARNING), limits.Step(1, BAD)),
)  # fmt: skip
_ENDPOINTS: Final = Panel(
    "When was each endpoint read?",
    "Last success: our last good request. Data from: the time the data describe, by the source. Changed: when a value "
    "was last seen to differ. Next: when it is due. Duration: of the last request.",
    Kind.TABLE,
    (
        Query(_kept("btchealth_endpoint_up")),
        Query(f"{_kept('btchealth_endpoint_last_success_timestamp_seconds')} * 1000"),
        Query(f"{_kept('btchealth_endpoint_data_timestamp_seconds')} * 1000"),
        Query(f"{_kept('btchealth_endpoint_last_change_timestamp_seconds')} * 1000"),
        Query(f"{_kept('btchealth_next_poll_timestamp_seconds')} * 1000"),
        Query(_kept("btchealth_fetch_duration_seconds")),
    ),
    width=24, height=18,
    fields=(
        Field("source", label="Source", width=130),
        Field("endpoint", label="Endpoint", width=200),
        Field("Value #A", label="State", mappings=_UP, width=70),
        Field("Value #B", label="Last success", unit="dateTimeFromNow"),
        Field("Value #C", label="Data from", unit="dateTimeFromNow"),
        Field("Value #D", label="Changed", unit="dateTimeFromNow"),
        Field("Value #E", label="Next", unit="dateTimeFromNow"),
        Field("Value #F", label="Duration", unit="s", decimals=2, width=90),
    ),
    transformations=(("merge", {}), hidden("Time", "job")),
    links=(Link("What to do about stale data", runbook("BtcHealthSourceStale")),),
)  # fmt: skip

_FAILURES: Final = (
    Panel(
        "Which requests fail, and why?",
        "Requests a minute that brought no body that could be believed, by source and reason.",
        Kind.LINES,
        (Query(f"{_a_minute('btchealth_fetch_failures_total', 'source', 'reason')} > 0", "{{source}}: {{reason}}"),),
        unit="none", decimals=1, width=12, minimum=0,
        no_value="No failure in this time", may_be_empty="nothing fails in a healthy world",
    ),
    Panel(
        "How many requests are made?",
        "Requests a minute to each source. Replicas that share a cache make those of one.",
        Kind.LINES, (Query(_a_minute("btchealth_fetches_total", "source"), "{{source}}"),),
        unit="none", decimals=1, width=12, minimum=0, colours=SOURCES_BY_COLOUR,
    ),
    Panel(
        "Which fields are refused?",
        "Values refused for their type or bounds, or missing, by declared field, in the chosen time. An odd one "
        "happens; many mean that the interface has changed.",
        Kind.TABLE,
        (
            Query(
                f"{_counted('btchealth_rejected_values_total', 'source', 'endpoint', 'field')} > 0",
            ),
        ),
        width=12, height=7, no_value="No value was refused", may_be_empty="nothing is refused in a healthy world",
        fields=(
            Field("source", label="Source"), Field("endpoint", label="Endpoint"), Field("field", label="Field"),
            Field("Value", label="Refused", decimals=0),
        ),
        transformations=(hidden("Time"),),
        links=(Link("What to do about a changed interface", runbook("BtcHealthSourceSchemaDrift")),),
    ),
    Panel(
        "Which responses have fields we do not know?",
        "Fields that responses had and no payload declares: the schema of the source has grown.",
        Kind.BARS,
        (
            Query(
                f"sort_desc({_counted('btchealth_unknown_fields_total', 'source', 'endpoint')} > 0)",
                "{{source}} {{endpoint}}",
            ),
        ),
        unit="locale", decimals=0, width=12, height=7, minimum=0, no_value="Every field is known",
        may_be_empty="sources may send what we declare and no more",
    ),
)  # fmt: skip

_PROVENANCE: Final = (
    Panel(
        "Which address serves each endpoint?",
        "Position of the base URL that served last: 0 is preferred, higher ones are reserves.",
        Kind.TABLE,
        (Query(f"max by (source, endpoint, position) (btchealth_base_url_active{_CHOSEN}) == 1"),),
        width=8, height=9,
        fields=(
            Field("source", label="Source"), Field("endpoint", label="Endpoint"),
            Field("position", label="Position", mappings={"0": ("Preferred", GOOD), "1": ("Reserve", WARNING)}),
        ),
        transformations=(hidden("Time", "Value"),),
        sort_column="Position", descending=True,
        links=(Link("What a reserve means", runbook("BtcHealthSourceFailoverActive")),),
    ),
    Panel(
        "How much of the error budget burns?",
        "Share of endpoints with data too old, over the share that the objective allows: above 1 the budget of 30 days "
        "does not last.",
        Kind.LINES,
        (
            Query(
                f"{recorded(f'job_source:btchealth_endpoints_stale_per_endpoint:ratio_avg1h{{{_SOURCE}}}')}"
                f" / {limits.limit('freshness_budget_ratio'):g}",
                "{{source}}",
            ),
        ),
        unit="suffix:times", decimals=1, width=8, height=9, minimum=0, shaded=True,
        steps=limits.band(limits.limit("burn_rate_1h"), low_is_bad=False, colour=BAD),
        colours=SOURCES_BY_COLOUR,
    ),
    Panel(
        "How many tips apart are the sources?",
        "Highest minus lowest height among sources read at about the same time. The line is the level of "
        "BtcHealthChainTipDisagreement.",
        Kind.LINES, (Query(value("btchealth_tip_height_disagreement_blocks"), "Blocks"),),
        unit="locale", decimals=0, width=8, height=9, minimum=0, shaded=True,
        steps=limits.band(limits.limit("tip_disagreement_blocks"), low_is_bad=False, colour=BAD),
    ),
    Panel(
        "How far are prices apart?", "Highest minus lowest price over their median. The line is where "
        "BtcHealthSourceDisagreement fires.",
        Kind.LINES, (Query(value("btchealth_price_disagreement_ratio"), "Price"),),
        unit="percentunit", decimals=2, width=8, minimum=0, shaded=True,
        steps=limits.band(limits.limit("price_disagreement_ratio"), low_is_bad=False, colour=BAD),
    ),
    Panel(
        "How far is difficulty apart?", "Highest minus lowest difficulty over their median; sources round it "
        "differently. The line is where BtcHealthSourceDisagreement fires.",
        Kind.LINES, (Query(value("btchealth_difficulty_disagreement_ratio"), "Difficulty"),),
        unit="percentunit", decimals=3, width=8, minimum=0, shaded=True,
        steps=limits.band(limits.limit("difficulty_disagreement_ratio"), low_is_bad=False, colour=BAD),
    ),
    Panel(
        "Are requests held back by limits?",
        "Requests that our own limit still allows. At 0 the source has to wait for its turn.",
        Kind.LINES, (Query(_kept("btchealth_rate_limit_remaining_requests"), "{{source}}"),),
        unit="locale", decimals=0, width=8, minimum=0, colours=SOURCES_BY_COLOUR,
    ),
)  # fmt: skip

SOURCES: Final = Board(
    "sources", "Bitcoin health: sources and freshness",
    "Can the numbers be trusted: where do they come from, how old are they, what was refused?",
    (
        Row("", (_STATE, _TABLE)),
        Row("What goes wrong?", _FAILURES),
        Row("How old are the data?", (_AGE, _ENDPOINTS)),
        Row("Where do the numbers come from, and do they agree?", _PROVENANCE),
    ),
    onward=("overview", ALL_PILLARS, OPERATIONS), annotations=PIPELINE, tag=OPERATIONS,
    variables=(Variable("source", "Source", 'label_values(btchealth_source_up{job=~"$job"}, source)'),),
)  # fmt: skip
