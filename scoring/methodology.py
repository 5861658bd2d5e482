"""The published method: one versioned value, printable."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from scoring.adoption import ADOPTION
from scoring.decentralization import DECENTRALIZATION
from scoring.indicator import HOLD_DAILY_SECONDS, HOLD_SECONDS, Indicator, Pillar
from scoring.lightning import LIGHTNING
from scoring.method import Method
from scoring.security import SECURITY
from scoring.throughput import THROUGHPUT

METHOD: Final = Method(
    version="1.1",
    pillars=(SECURITY, DECENTRALIZATION, THROUGHPUT, ADOPTION, LIGHTNING),
    cap=30.0,
)

# Newest first. A version changes with any anchor, weight, quantity, hold time or the cap.
CHANGES: Final = (
    (
        "1.1",
        (
            "Backlog: only what pays at least 1 satoshi per virtual byte counts. In the years of the anchors nodes "
            "relayed nothing below it; what waits below it since would cost points for ever, although it stands in "
            "front of nobody. Its last fallback divided raw bytes by the virtual bytes of a block and so overstated "
            "the backlog, up to twofold; it divides by the raw bytes of a block now."
        ),
    ),
    (
        "1.0",
        "First published method. The cap of 30 points was chosen by the comparison in docs/backtest.md.",
    ),
)


def as_json(method: Method = METHOD) -> dict[str, Any]:
    return {
        "version": method.version,
        "fingerprint": fingerprint(method),
        "aggregation": {
            "pillar": "weighted mean of its indicators",
            "overall": "weighted mean of the pillars, at most the worst pillar plus the cap",
            "cap": method.cap,
        },
        "hold_seconds": {"default": HOLD_SECONDS, "daily": HOLD_DAILY_SECONDS},
        "pillars": [_pillar_json(pillar) for pillar in method.pillars],
        "changes": [{"version": version, "text": text} for version, text in CHANGES],
    }


def fingerprint(method: Method = METHOD) -> str:
    """Changes when, and only when, something changes that a score depends on; words and sources are left out."""
    told = {
        "cap": method.cap,
        "hold": [HOLD_SECONDS, HOLD_DAILY_SECONDS],
        "pillars": [
            [pillar.id, pillar.weight, [_scored(indicator) for indicator in pillar.indicators]]
            for pillar in method.pillars
        ],
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _scored(indicator: Indicator) -> list[Any]:
    anchors = [[anchor.at, anchor.score] for anchor in indicator.curve.anchors]
    quantities = [str(quantity) for quantity in indicator.alternatives]
    return [indicator.id, indicator.weight, indicator.daily, quantities, indicator.curve.axis.value, anchors]


def _pillar_json(pillar: Pillar) -> dict[str, Any]:
    return {
        "id": pillar.id,
        "title": pillar.title,
        "weight": pillar.weight,
        "question": pillar.question,
        "indicators": [_indicator_json(indicator) for indicator in pillar.indicators],
    }


def _indicator_json(indicator: Indicator) -> dict[str, Any]:
    return {
        "id": indicator.id,
        "title": indicator.title,
        "weight": indicator.weight,
        "quantity": str(indicator.quantity),
        "fallbacks": [str(quantity) for quantity in indicator.fallbacks],
        "unit": indicator.unit,
        "axis": indicator.curve.axis.value,
        "anchors": [
            {"at": anchor.at, "score": anchor.score, "fact": anchor.fact} for anchor in indicator.curve.anchors
        ],
        "source": indicator.source,
        "why": indicator.why,
        "other_face": indicator.other_face,
        "hold_seconds": indicator.hold_seconds,
        "daily": indicator.daily,
    }


def markdown(method: Method = METHOD) -> str:
    """The method as a page; docs/methodology.md is this text."""
    parts = [_INTRODUCTION.format(version=method.version, cap=f"{method.cap:g}", count=len(list(method.indicators())))]
    parts += [_weights_table(method)]
    parts += [text for pillar in method.pillars for text in _pillar_markdown(pillar)]
    parts += ["## Changes of the method", *(f"- **{version}**: {text}" for version, text in CHANGES)]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION: Final = """\
# Methodology {version}

Printed by `btc-health methodology --format markdown`; a test compares this page with the program.

Each of {count} indicators turns one quantity into 0-100 by a fixed curve: straight lines between anchors, on a linear
or a logarithmic axis, constant outside. Every anchor lies where it does because of a fact: an extreme that happened,
or a limit set by the protocol or by arithmetic. A quantity that grows with the industry is never scored by its level,
only against its own last year.

- A pillar is the weighted mean of its indicators.
- The overall score is the weighted mean of the pillars, but at most {cap} points above the worst pillar: four good
  pillars do not hide a crisis in the fifth.
- Points lost: pillar weight x indicator weight x (100 - score). What the cap takes beyond that goes to the worst
  pillar's indicators in proportion to their loss, so that all points lost sum to 100 minus the overall score.
- An input that expires is *held*: its last score counts on for 24 hours (7 days when its data are daily), but not as
  coverage. After that it is *missing*: a fallback takes over if there is one, otherwise the others take its weight.
- Coverage is the share of weight backed by fresh data. Below 0.6 the score is withheld.
- Bounds: the score if everything that is not fresh were at 0, and at 100, with the declared weights.
- The percentile of a value within its own last year is shown beside the score and never scored.

What the method cannot see: defects of code that nobody has used yet, stale blocks that nobody recorded, who owns the
nodes and pools that look independent, and coins lost or stolen."""


def _weights_table(method: Method) -> str:
    rows = [
        f"| [{one.title}](#{_anchor(one.title)}) | {one.weight:g} | {len(one.indicators)} | {one.question} |"
        for one in method.pillars
    ]
    return "\n".join(["| pillar | weight | indicators | question |", "| --- | --- | --- | --- |", *rows])


def _anchor(title: str) -> str:
    """As Markdown renderers make them: lower case, spaces to hyphens, signs dropped."""
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign == "-")


def _pillar_markdown(pillar: Pillar) -> list[str]:
    return [
        f"## {pillar.title}",
        f"`{pillar.id}`, weight {pillar.weight:g}. {pillar.question}",
        *(_indicator_markdown(indicator) for indicator in pillar.indicators),
    ]


def _indicator_markdown(indicator: Indicator) -> str:
    anchors = [f"| {anchor.at:.6g} | {anchor.score:g} | {anchor.fact} |" for anchor in indicator.curve.anchors]
    fallbacks = [f"- Fallback: `{quantity}`" for quantity in indicator.fallbacks]
    face = [] if indicator.other_face is None else [f"- Other face: {indicator.other_face}"]
    held = "7 days" if indicator.daily else "24 hours"
    return "\n".join(
        [
            f"### {indicator.title}",
            "",
            f"`{indicator.id}`, weight {indicator.weight:g}. {indicator.why}",
            "",
            f"- Quantity: `{indicator.quantity}` ({indicator.unit}, {indicator.curve.axis} axis)",
            *fallbacks,
            f"- Source: {indicator.source}",
            f"- Held for {held}",
            *face,
            "",
            "| at | score | because |",
            "| --- | --- | --- |",
            *anchors,
        ]
    )
