"""The dashboard of ten years: how healthy it was, and what happened."""

from __future__ import annotations

from typing import Any, Final

from grafana.generator import limits, names
from grafana.generator.annotations import LATER_HALVINGS, METHODOLOGY, known_times
from grafana.generator.board import ALL_PILLARS, Board, Row
from grafana.generator.colours import BAD, BLUE, EPISODE, GREY, METHOD, PILLARS, PROTOCOL
from grafana.generator.episodes import EPISODES, HALVINGS
from grafana.generator.families import family
from grafana.generator.overview import BAND
from grafana.generator.panels import FORMATS, Kind, Panel
from grafana.generator.queries import Query, chosen, name_of, value

# Data of the past come once a day: a line takes the last value of each step, and no step is shorter than a day.
_STEP: Final = "1d"
_OVER: Final = "$__interval"
EMPTY: Final = "Nothing on any midnight of this time: fill in the past (make backfill)"


def _past(selector: str, legend: str) -> Query:
    return Query(value(selector, _OVER), legend, interval=_STEP)


def _raw(title: str, selector: str, legend: str, **more: Any) -> Panel:
    declared = family(name_of(selector))
    unit, decimals = FORMATS[declared.unit]
    return Panel(
        title, declared.help, Kind.LINES, (_past(selector, legend),),
        **{"unit": unit, "decimals": decimals, "width": 8, "height": 7, "no_value": EMPTY, **more},
    )  # fmt: skip


HISTORY: Final = Board(
    "history", "Bitcoin health: history", "How healthy has Bitcoin been over ten years, and what happened then?",
    (
        Row("", (
            Panel(
                "How healthy has it been?",
                "Overall score with its bounds. Marks: halvings and the episodes that the method was studied with. "
                "Needs backfilled data for the time before the exporter ran.",
                Kind.LINES,
                (
                    _past("btchealth_overall_score_upper_bound", "At most"),
                    _past("btchealth_overall_score_lower_bound", "At least"),
                    _past("btchealth_overall_score", "Score"),
                ),
                decimals=1, width=24, height=9, minimum=0, maximum=100, no_value=EMPTY,
                colours={"Score": BLUE, "At most": GREY, "At least": GREY}, fields=BAND,
            ),
            Panel(
                "Which pillar was weak when?", "Score of each pillar of 100.",
                Kind.LINES, (_past("btchealth_pillar_score", "{{pillar}}"),),
                decimals=0, width=24, height=9, minimum=0, maximum=100, colours=PILLARS,
                fields=names.pillars(), no_value=EMPTY,
            ),
        )),
        Row("How much was known?", (
            Panel(
                "How much of the score rested on data?",
                "Share of weight backed by data. Some inputs have no public history, so early years stand on fewer.",
                Kind.LINES,
                (
                    _past("btchealth_overall_coverage_ratio", "Overall"),
                    _past("btchealth_pillar_coverage_ratio", "{{pillar}}"),
                ),
                unit="percentunit", decimals=0, width=16, height=8, no_value=EMPTY, minimum=0, maximum=1, shaded=True,
                steps=limits.band(limits.limit("coverage_low_ratio"), low_is_bad=True, colour=BAD),
                colours={"Overall": GREY, **PILLARS}, fields=names.pillars(),
            ),
            Panel(
                "By which method?", "Version of the scoring method: scores of different versions do not compare.",
                Kind.STATES, (Query(
                    f"max by (version) (last_over_time({chosen('btchealth_methodology_info')}[{_OVER}]))",
                    "{{version}}", interval=_STEP,
                ),),
                width=8, height=8, no_value=EMPTY, mappings={"1": ("In force", METHOD)},
            ),
        )),
        Row("What was behind it?", (
            _raw("What was a bitcoin worth?", "btchealth_price_consensus_usd", "Price", log_scale=True),
            _raw(
                "How much was hashing?", 'btchealth_hashrate_hashes_per_second{window="7d"}', "7-day mean",
                log_scale=True,
            ),
            _raw("What did a hash earn?", "btchealth_hashprice_usd_per_petahash_day", "Hashprice", log_scale=True),
            _raw("What did a transaction cost?", 'btchealth_fee_mean_usd{window="24h"}', "Mean fee", log_scale=True),
            _raw("How many transactions a day?", 'btchealth_daily_transactions_mean{window="7d"}', "7-day mean"),
            _raw("How much could Lightning route?", "btchealth_lightning_capacity_bitcoins", "Capacity", decimals=0),
        )),
    ),
    onward=("overview", ALL_PILLARS, "market"),
    annotations=(
        known_times("Halvings", HALVINGS, PROTOCOL, rare=True), LATER_HALVINGS,
        known_times("Episodes", EPISODES, EPISODE), METHODOLOGY,
    ),
    since="now-10y", refresh="1h",
)  # fmt: skip
