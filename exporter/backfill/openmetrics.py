"""Daily history as OpenMetrics with timestamps, raw metrics and scores.

The series are those of the live page, with the labels that Prometheus gives its target; a day has one sample, at its
end.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final

from exporter.catalogue import resolve
from exporter.exposition import families
from exporter.exposition.domain_families import unit_name
from exporter.exposition.page import END, Block, Family, Form, Kind, escape_label, number
from scoring import quantities
from scoring.backtest.columns import Recipe, of, same
from scoring.backtest.days import scorecards
from scoring.backtest.history import History
from scoring.method import MINIMUM_COVERAGE, Method
from scoring.methodology import METHOD
from scoring.reading import series
from scoring.scorecard import Scorecard

Progress = Callable[[int, int], None]
Span = tuple[date, date]
Labels = tuple[tuple[str, str], ...]

_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')


def _exahashes(value: float) -> float:
    return value * 1e18


def _revenue(fees: float, issuance: float, price: float) -> float:
    return (fees + issuance) * price


def subsidy(issuance: float, blocks: float) -> float | None:
    """What most blocks of the day earned: on the day of a halving the mean lies between two."""
    mean = quantities.quotient(issuance, blocks)
    if mean is None or mean <= 0:
        return None
    halvings = max(0, round(math.log2(quantities.subsidy_bitcoins(0) / mean)))
    return quantities.subsidy_bitcoins(halvings * quantities.HALVING_INTERVAL_BLOCKS)


# What no indicator reads, but a person who looks back wants to see beside the scores.
BESIDE: Final[Mapping[str, Recipe]] = {
    "btchealth_price_consensus_usd": of(same, "price_usd"),
    "btchealth_difficulty_consensus": of(same, "difficulty"),
    series("btchealth_hashrate_hashes_per_second", window="24h"): of(_exahashes, "hashrate_eh_s"),
    "btchealth_miner_revenue_chart_usd": of(_revenue, "fees_btc", "issuance_btc", "price_usd"),
    "btchealth_daily_fees_bitcoins": of(same, "fees_btc"),
    "btchealth_daily_transactions": of(same, "tx_count"),
    "btchealth_daily_addresses": of(same, "active_addresses"),
    "btchealth_utxos": of(same, "utxo_count"),
    "btchealth_subsidy_bitcoins": of(subsidy, "issuance_btc", "blocks"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Labels that a scrape of the live exporter attaches, so that old and new samples are one series."""

    job: str = "btc-health"
    instance: str = "127.0.0.1:9833"

    @property
    def labels(self) -> Labels:
        return (("instance", self.instance), ("job", self.job))


@dataclass(frozen=True, slots=True)
class Scoring:
    """As the live exporter scores: an operator's own weights and minimum too."""

    method: Method = METHOD
    minimum_coverage: float = MINIMUM_COVERAGE

    def cards(self, history: History) -> Iterator[Scorecard]:
        return scorecards(history, self.method, self.minimum_coverage)


@dataclass(slots=True)
class _Samples:
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class _Gathered:
    """By family, by series: OpenMetrics wants all samples of a series together."""

    heads: dict[str, bytes] = field(default_factory=dict)
    samples: dict[str, dict[Labels, _Samples]] = field(default_factory=dict)

    def add(self, family: Family, labels: Labels, time: float, value: float) -> None:
        if family.name not in self.heads:
            self.heads[family.name] = Block.of(family).heads[Form.OPENMETRICS]
            self.samples[family.name] = {}
        kept = self.samples[family.name].setdefault(labels, _Samples())
        kept.times.append(int(time))
        kept.values.append(value)


def write(
    stream: BinaryIO, history: History, target: Target, span: Span, progress: Progress, scoring: Scoring = Scoring()
) -> int:
    """First and last day of `span` belong to it; earlier days are scored too, for what they leave behind.

    Returns the number of samples.
    """
    table, gathered, domain = history.table, _Gathered(), _Domain(history)
    for day, card in enumerate(scoring.cards(history)):
        if span[0] <= table.date(day) <= span[1]:
            _add_scores(gathered, card)
            domain.add(gathered, day)
        progress(day + 1, table.days)
    return _render(stream, gathered, target)


def _add_scores(gathered: _Gathered, card: Scorecard) -> None:
    for family in families.scores(card):
        for one in family.series:
            gathered.add(family, one.labels, card.as_of, one.value)


class _Domain:
    """Raw series under the names and labels of the catalogue."""

    def __init__(self, history: History) -> None:
        self._history = history
        table = history.table
        self._beside = {
            selector: recipe.make(table) for selector, recipe in BESIDE.items() if not recipe.lacking(table)
        }
        self._families = {selector: _family(selector) for selector in (*history.series, *self._beside)}

    def add(self, gathered: _Gathered, day: int) -> None:
        time = self._history.table.end_of_day(day)
        known = {selector: reading.value for selector, reading in self._history.readings(day).items()}
        beside = {selector: column[day] for selector, column in self._beside.items()}
        for selector, value in (*known.items(), *beside.items()):
            if value is not None:
                family, labels = self._families[selector]
                gathered.add(family, labels, time, value)


def _family(selector: str) -> tuple[Family, Labels]:
    metric = resolve(selector)
    values = dict(_LABEL.findall(selector))
    labels = tuple((label, values[label]) for label in metric.labels)
    return Family(metric.name, Kind.GAUGE, metric.help, unit_name(metric), ()), labels


def _render(stream: BinaryIO, gathered: _Gathered, target: Target) -> int:
    written = 0
    for name in sorted(gathered.heads):
        stream.write(gathered.heads[name])
        for labels, samples in sorted(gathered.samples[name].items()):
            stream.writelines(_lines(name, sorted((*labels, *target.labels)), samples))
            written += len(samples.times)
    stream.write(END[Form.OPENMETRICS])
    return written


def _lines(name: str, labels: list[tuple[str, str]], samples: _Samples) -> Iterator[bytes]:
    pairs = ",".join(f'{label}="{escape_label(text)}"' for label, text in labels)
    for time, value in zip(samples.times, samples.values, strict=True):
        yield f"{name}{{{pairs}}} {number(value)} {time}\n".encode()
