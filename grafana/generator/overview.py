"""The first dashboard to open: is Bitcoin healthy, and if not, what moved."""

from __future__ import annotations

from typing import Final

from grafana.generator import limits, names
from grafana.generator.annotations import NETWORK
from grafana.generator.board import ALL_PILLARS, OPERATIONS, Board, Row, link_to
from grafana.generator.colours import BAD, BLUE, GOOD, GREY, PILLARS, PURPLE, WARNING
from grafana.generator.panels import Field, Kind, Link, Panel, lines, stat
from grafana.generator.queries import RATE, Query, recorded, value
from grafana.generator.tables import COUNT, FIRING, TO_PILLAR, hidden, runbook

WITHHELD: Final = "Withheld: too little fresh data (see Sources)"
WITHHELD_IN_SHORT: Final = "Withheld"

# A score that is withheld has no series: its pillar would be missing instead of saying so.
_OR_WITHHELD: Final = f"({value('btchealth_pillar_score')} or {value('btchealth_pillar_coverage_ratio')} * NaN)"

_PILLAR_LINK: Final = link_to("${__field.labels.pillar}", "Look into ${__field.labels.pillar}")
# The bounds as a band around the score.
BAND: Final = (
    Field("At most", properties={"custom.fillBelowTo": "At least", "custom.fillOpacity": 15, "custom.lineWidth": 1}),
    Field("At least", properties={"custom.lineWidth": 1}),
)

_SCORE: Final = Panel(
    "Is Bitcoin healthy?",
    "Overall score of 100, the weighted mean of the five pillars. Orange below the level of BtcHealthOverallScoreLow, "
    "red below that of BtcHealthOverallScoreCritical. Withheld while too little of it rests on fresh data.",
    Kind.GAUGE, (Query(value("btchealth_overall_score")),),
    decimals=1, width=5, height=8, minimum=0, maximum=100, steps=limits.overall_steps(),
    no_value=WITHHELD_IN_SHORT,
    links=(Link("What to do when it is low", runbook("BtcHealthOverallScoreLow")),),
)  # fmt: skip
_SURE: Final = Panel(
    "How sure is the score?",
    "Lowest and highest score possible if every input that is not fresh were at its worst or at its best, and the "
    "share of all weight that rests on fresh data, beside the share that a score needs.",
    Kind.STAT,
    (
        Query(value("btchealth_overall_score_lower_bound"), "At least"),
        Query(value("btchealth_overall_score_upper_bound"), "At most"),
        Query(value("btchealth_overall_coverage_ratio"), "Coverage"),
        Query(value("btchealth_scorecard_minimum_coverage_ratio"), "Needed"),
    ),
    decimals=1, width=4, height=8,
    fields=(
        Field("Coverage", unit="percentunit", decimals=0, steps=limits.coverage_steps()),
        Field("Needed", unit="percentunit", decimals=0),
    ),
)  # fmt: skip
_PILLARS: Final = Panel(
    "Which pillar is weak?",
    "Score of each pillar of 100. Red below the level at which its alert fires. Click to see what is behind it. "
    "Withheld while too little of it rests on fresh data.",
    Kind.BARS, (Query(f"sort{_OR_WITHHELD}", "{{pillar}}"),),
    decimals=1, width=6, height=8, minimum=0, maximum=100, steps=limits.pillar_steps(),
    no_value=WITHHELD_IN_SHORT, data_links=(_PILLAR_LINK,), fields=names.pillars(),
)  # fmt: skip
_LOST: Final = Panel(
    "What lost the most points?",
    "Points that each indicator takes from the overall score; all of them sum to 100 minus that score.",
    Kind.BARS,
    (Query(f"sort_desc(topk(8, {value('btchealth_indicator_points_lost')}))", "{{indicator}}"),),
    decimals=1, width=6, height=8, minimum=0, data_links=(_PILLAR_LINK,), fields=names.indicators(),
)  # fmt: skip

_SECURITY: Final = link_to("security", "Look at blocks and miners")
_THROUGHPUT: Final = link_to("throughput", "Look at fees and the mempool")
_NOW: Final = (
    Panel(
        "How old is the last block?",
        "Time since the header of the newest block that any source knows. A block comes every ten minutes on average; "
        "an hour without one happens every three days by chance.",
        Kind.STAT, (Query(f"time() - {recorded('job:btchealth_tip_timestamp_seconds:max')}"),),
        unit="s", decimals=1, width=4, height=4, links=(_SECURITY,),
        steps=limits.above(limits.limit("no_block_seconds")),
    ),
    stat(
        "Next block's fee rate?", 'btchealth_fee_estimate_satoshis_per_vbyte{target="next_block"}',
        links=(_THROUGHPUT,),
    ),
    stat("How much is waiting?", "btchealth_mempool_backlog_blocks", decimals=1,
         steps=limits.above(limits.limit("backlog_blocks")), unit="suffix:blocks", links=(_THROUGHPUT,)),
    stat("How much is hashing?", 'btchealth_hashrate_hashes_per_second{window="7d"}', links=(_SECURITY,)),
    stat(
        "How many nodes answer?", "btchealth_nodes_reachable", decimals=0,
        links=(link_to("decentralization", "Look at the network"),),
    ),
    stat(
        "What is a bitcoin worth?", "btchealth_price_consensus_usd", links=(link_to("market", "Look at the market"),),
    ),
)  # fmt: skip

_TREND: Final = Panel(
    "How has the score moved?",
    "Overall score with its bounds: the further they lie apart, the less of it rests on fresh data.",
    Kind.LINES,
    (
        Query(value("btchealth_overall_score_upper_bound", RATE), "At most"),
        Query(value("btchealth_overall_score_lower_bound", RATE), "At least"),
        # The last one is drawn over the others, which it meets while everything is fresh.
        Query(value("btchealth_overall_score", RATE), "Score"),
    ),
    decimals=1, width=12, height=8, minimum=0, maximum=100, no_value=WITHHELD,
    colours={"Score": BLUE, "At most": GREY, "At least": GREY}, fields=BAND,
)  # fmt: skip
_PILLAR_TREND: Final = Panel(
    "Which pillar moved?", "Score of each pillar of 100 over time.",
    Kind.LINES, (Query(value("btchealth_pillar_score", RATE), "{{pillar}}"),),
    decimals=1, width=12, height=8, minimum=0, maximum=100, colours=PILLARS, no_value=WITHHELD,
    data_links=(_PILLAR_LINK,), fields=names.pillars(),
)  # fmt: skip
_FALL: Final = limits.limit("score_fall_points")
_CHANGE: Final = Panel(
    "What changed since yesterday?",
    "Score of each pillar now, and the mean of the last hour minus that of the same hour a day ago, in points. Largest "
    f"fall first; orange where it fell, red from {-_FALL:g} points on, where BtcHealthScoreFell fires.",
    Kind.TABLE,
    (
        Query(_OR_WITHHELD),
        Query(f"max by (job, pillar) ({recorded('job_pillar:btchealth_pillar_score:delta1d')})"),
    ),
    width=6, height=7, no_value=WITHHELD, may_be_empty="a change needs more than a day of data",
    fields=(
        Field("pillar", label="Pillar", links=(TO_PILLAR,)),
        Field(
            "Value #A", label="Now", decimals=1, steps=limits.pillar_steps(), width=80, empty=WITHHELD_IN_SHORT,
        ),
        Field(
            "Value #B", label="Change", decimals=1, width=80,
            steps=(limits.Step(None, BAD), limits.Step(_FALL, WARNING), limits.Step(0, GOOD)),
        ),
    ),
    transformations=(("merge", {}), hidden("Time", "job")), sort_column="Change",
)  # fmt: skip
_FRESH: Final = Panel(
    "How fresh is each source?",
    "Share of each source's endpoints whose data are younger than their declared largest age; 100 % is all of them.",
    Kind.BARS,
    (Query(f"sort({recorded('job_source:btchealth_endpoints_fresh_per_endpoint:ratio')})", "{{source}}"),),
    unit="percentunit", decimals=0, width=6, height=7, minimum=0, maximum=1,
    steps=limits.below(limits.limit("freshness_objective_ratio")),
    data_links=(link_to("sources", "Look into ${__field.labels.source}", "&var-source=${__field.labels.source}"),),
)  # fmt: skip

OVERVIEW: Final = Board(
    "overview", "Bitcoin health: overview", "Is Bitcoin healthy, and if not, what moved?",
    (
        Row("", (_SCORE, COUNT, _SURE, _PILLARS, _LOST, FIRING, _CHANGE, _FRESH, _TREND, _PILLAR_TREND)),
        Row("What is it like right now?", _NOW),
        Row("Do the sources agree?", (
            lines("How high is the chain?", {"{{source}}": "btchealth_tip_height"}, decimals=0),
            lines("What is the price?", {"{{source}}": "btchealth_price_usd"}),
            Panel(
                "How far apart are they?",
                "Highest minus lowest value over their median, of sources read at about the same time. The line is "
                "the level of BtcHealthSourceDisagreement for prices.",
                Kind.LINES,
                (
                    Query(value("btchealth_price_disagreement_ratio"), "Price"),
                    Query(value("btchealth_difficulty_disagreement_ratio"), "Difficulty"),
                    Query(value("btchealth_circulating_supply_disagreement_ratio"), "Supply"),
                ),
                unit="percentunit", decimals=2, width=8, minimum=0, shaded=True,
                steps=limits.band(limits.limit("price_disagreement_ratio"), low_is_bad=False, colour=BAD),
                colours={"Price": BLUE, "Difficulty": PURPLE, "Supply": GREY},
            ),
        ), collapsed=True),
    ),
    onward=(ALL_PILLARS, OPERATIONS, "history", "market"),
    annotations=NETWORK,
)  # fmt: skip
