"""Transactions that were replaced by ones that pay more: the newest 25 trees of replacements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from exporter.errors import BodyError, Reason
from exporter.payload import Flag, Number, Part, Payload, Satoshis, UnixSeconds
from exporter.sources.mempool_space.bounds import SHARES
from exporter.sources.mempool_space.units import share
from exporter.spec import MINUTE, Group, Metric, Sample, Unit, endpoint
from scoring.quantities import median

LISTED: Final = 25
_CAPPED: Final = "From a list of the newest 25 trees of replacements at most."

TREES = Metric(
    "btchealth_replacement_trees",
    "Trees of replaced transactions that the backend lists. The list ends at 25: 25 means 25 or more, and no rate "
    "follows from it.",
    bounds=(0.0, float(LISTED)),
    group=Group.ADOPTION,
)
FULL = Metric(
    "btchealth_replacement_full_ratio",
    "Part of the trees in which a transaction was replaced that had not signalled that it may be. " + _CAPPED,
    Unit.RATIO,
    bounds=SHARES,
    group=Group.ADOPTION,
)
MINED = Metric(
    "btchealth_replacement_mined_ratio",
    "Part of the trees of which a transaction is mined. " + _CAPPED,
    Unit.RATIO,
    bounds=SHARES,
    group=Group.ADOPTION,
    raw_only="the list is too short-lived for a trend",
)
INTERVAL = Metric(
    "btchealth_replacement_interval_seconds",
    "Median time from a transaction to the one that replaced it, by arrival at the backend. " + _CAPPED,
    Unit.SECONDS,
    bounds=(0.0, 1e7),
    group=Group.ADOPTION,
)
INCREASE = Metric(
    "btchealth_replacement_fee_increase_ratio",
    "Median over the trees of the newest fee over the fees it replaced, minus 1. " + _CAPPED,
    Unit.RATIO,
    bounds=(-1.0, 1e6),
    group=Group.ADOPTION,
)
DEPTH = Metric(
    "btchealth_replacement_depth_maximum",
    "Longest chain of replacements of one payment, 1 for a single replacement. " + _CAPPED,
    bounds=(0.0, 1e4),
    group=Group.ADOPTION,
)
SPAN = Metric(
    "btchealth_replacement_span_seconds",
    "Time from the oldest to the newest listed tree. With 25 trees, the shorter it is, the more fees are being raised.",
    Unit.SECONDS,
    bounds=(0.0, 1e8),
    group=Group.ADOPTION,
)
FULL_TREES = Metric(
    "btchealth_full_replacement_trees",
    "Trees with a replaced transaction that had not signalled that it may be. The list ends at 25.",
    bounds=(0.0, float(LISTED)),
    group=Group.ADOPTION,
)
FULL_INTERVAL = Metric(
    "btchealth_full_replacement_interval_seconds",
    "Median time from a transaction to the one that replaced it in trees with unsignalled replacements. " + _CAPPED,
    Unit.SECONDS,
    bounds=(0.0, 1e7),
    group=Group.ADOPTION,
    raw_only="a second look at btchealth_replacement_interval_seconds",
)
FULL_INCREASE = Metric(
    "btchealth_full_replacement_fee_increase_ratio",
    "Median over trees with unsignalled replacements of the newest fee over the fees it replaced, minus 1. " + _CAPPED,
    Unit.RATIO,
    bounds=(-1.0, 1e6),
    group=Group.ADOPTION,
    raw_only="a second look at btchealth_replacement_fee_increase_ratio",
)
FULL_SPAN = Metric(
    "btchealth_full_replacement_span_seconds",
    "Time from the oldest to the newest listed tree with unsignalled replacements. With 25 trees, the shorter, the "
    "more of them.",
    Unit.SECONDS,
    bounds=(0.0, 1e8),
    group=Group.ADOPTION,
)


class Replacement(Payload):
    UNUSED = frozenset({"txid", "vsize", "value", "rate", "time", "rbf", "fullRbf", "mined"})

    fee: Satoshis = None


class Tree(Payload):
    """`interval` in seconds, on replaced transactions only; `mined` where a transaction of the tree is."""

    tx: Annotated[Replacement | None, Part()] = None
    time: UnixSeconds = None
    fullRbf: Annotated[bool | None, Flag()] = None
    interval: Annotated[float | None, Number(0, 1e7, required=False)] = None
    mined: Annotated[bool | None, Flag(required=False)] = None
    replaces: Annotated[list[Annotated[Tree | None, Part()]] | None, Part()] = None

    def fee(self) -> float | None:
        return self.tx.fee if self.tx else None

    def replaced(self) -> list[Tree]:
        return [tree for tree in self.replaces or [] if tree]

    def depth(self) -> int | None:
        """None where a branch could not be read: it may be the deepest."""
        if self.replaces is None or None in self.replaces:
            return None
        depths = [tree.depth() for tree in self.replaced()]
        known = [depth for depth in depths if depth is not None]
        return None if len(known) < len(depths) else max((1 + depth for depth in known), default=0)

    def increase(self) -> float | None:
        """The fee over all fees it replaced, minus 1."""
        fees = [tree.fee() for tree in self.replaced()]
        known = [fee for fee in fees if fee is not None]
        times = share(self.fee(), sum(known)) if len(known) == len(fees) else None
        return None if times is None else times - 1


Trees = list[Annotated[Tree | None, Part()]]


def _listed(rows: list[Tree | None]) -> list[Tree]:
    if len(rows) > LISTED:
        raise BodyError(Reason.INCONSISTENT, f"{len(rows)} trees, expected at most {LISTED}")
    return [row for row in rows if row]


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _interval(trees: list[Tree]) -> float | None:
    return _median([replaced.interval for tree in trees for replaced in tree.replaced()])


def _increase(trees: list[Tree]) -> float | None:
    return _median([tree.increase() for tree in trees])


def _span(trees: list[Tree]) -> float | None:
    times = [tree.time for tree in trees if tree.time is not None]
    return max(times) - min(times) if times else None


@endpoint(
    "/api/v1/replacements",
    Trees,
    {
        TREES: "body",
        FULL: "fullRbf",
        MINED: "mined",
        INTERVAL: "interval",
        INCREASE: "fee",
        DEPTH: "replaces",
        SPAN: "time",
    },
    interval=5 * MINUTE,
    period=5 * MINUTE,
)
def replacements(rows: list[Tree | None]) -> Iterator[Sample | None]:
    """A backend that has just started has none."""
    trees = _listed(rows)
    yield TREES(len(rows))
    yield INTERVAL(_interval(trees))
    yield INCREASE(_increase(trees))
    yield SPAN(_span(trees))
    if len(trees) == len(rows):
        yield from _all_of(trees)


def _all_of(trees: list[Tree]) -> Iterator[Sample | None]:
    yield MINED(share(sum(tree.mined is True for tree in trees), len(trees)))
    if all(tree.fullRbf is not None for tree in trees):
        yield FULL(share(sum(tree.fullRbf is True for tree in trees), len(trees)))
    depths = [depth for tree in trees if (depth := tree.depth()) is not None]
    yield DEPTH(max(depths) if depths and len(depths) == len(trees) else None)


@endpoint(
    "/api/v1/fullrbf/replacements",
    Trees,
    {FULL_TREES: "body", FULL_INTERVAL: "interval", FULL_INCREASE: "fee", FULL_SPAN: "time"},
    interval=5 * MINUTE,
    period=5 * MINUTE,
)
def full_replacements(rows: list[Tree | None]) -> Iterator[Sample | None]:
    trees = _listed(rows)
    yield FULL_TREES(len(rows))
    yield FULL_INTERVAL(_interval(trees))
    yield FULL_INCREASE(_increase(trees))
    yield FULL_SPAN(_span(trees))
