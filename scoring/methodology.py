"""The published method: one versioned value, printable."""

from __future__ import annotations

from typing import Any, Final

from scoring.adoption import ADOPTION
from scoring.decentralization import DECENTRALIZATION
from scoring.fingerprint import fingerprint
from scoring.indicator import HOLD_DAILY_SECONDS, HOLD_SECONDS, Indicator, Pillar
from scoring.lightning import LIGHTNING
from scoring.method import MINIMUM_COVERAGE, Method
from scoring.security import SECURITY
from scoring.throughput import THROUGHPUT

METHOD: Final = Method(
    version="1.2",
    pillars=(SECURITY, DECENTRALIZATION, THROUGHPUT, ADOPTION, LIGHTNING),
    cap=30.0,
)

# Newest first. A version changes with whatever the fingerprint changes with.
CHANGES: Final = (
    (
        "1.2",
        (
            "A pillar counts in the overall score, and caps it, only while at least the minimum coverage of it is "
            "known, fresh or held; before, the worst value of one light indicator of an otherwise unknown pillar could "
            "take 50 points. For the bounds of the overall score such a pillar is unknown as a whole; a pillar of "
            "weight 0 bounds nothing. Anchors and weights are those of 1.1; every anchor now names its fact or says "
            "that it is a judgement, every indicator its fallback or why there is none. Backlog: the ordinary year has "
            "5 blocks, not 4 as was stated; the anchor stays at 6."
        ),
    ),
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


def as_json(method: Method = METHOD, minimum_coverage: float = MINIMUM_COVERAGE) -> dict[str, Any]:
    return {
        "version": method.version,
        "fingerprint": fingerprint(method),
        "aggregation": {
            "pillar": "weighted mean of its indicators",
            "overall": "weighted mean of the pillars that count, at most the worst of them plus the cap",
            "cap": method.cap,
            "minimum_coverage": minimum_coverage,
        },
        "hold_seconds": {"default": HOLD_SECONDS, "daily": HOLD_DAILY_SECONDS},
        "pillars": [_pillar_json(pillar) for pillar in method.pillars],
        "changes": [{"version": version, "text": text} for version, text in CHANGES],
    }


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
        "without_source": _without_source(indicator),
        "unit": indicator.unit,
        "axis": indicator.curve.axis.value,
        "anchors": [
            {"at": anchor.at, "score": anchor.score, "fact": anchor.fact, "judgement": anchor.judged}
            for anchor in indicator.curve.anchors
        ],
        "source": indicator.source,
        "why": indicator.why,
        "other_face": indicator.other_face,
        "hold_seconds": indicator.hold_seconds,
        "daily": indicator.daily,
    }


def markdown(method: Method = METHOD) -> str:
    """The method as a page; docs/methodology.md is this text."""
    anchors = [anchor for indicator in method.indicators() for anchor in indicator.curve.anchors]
    parts = [
        _INTRODUCTION.format(
            version=method.version,
            cap=f"{method.cap:g}",
            minimum=f"{MINIMUM_COVERAGE:g}",
            count=len(list(method.indicators())),
            anchors=len(anchors),
            judged=sum(anchor.judged for anchor in anchors),
            fingerprint=fingerprint(method),
        )
    ]
    parts += [_weights_table(method)]
    parts += [text for pillar in method.pillars for text in _pillar_markdown(pillar)]
    parts += ["## Changes of the method", *(f"- **{version}**: {text}" for version, text in CHANGES)]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION: Final = """\
# Methodology {version}

Printed by `btc-health methodology --format markdown`; a test compares this page with the program. Fingerprint of
anchors, weights, quantities, pool owners and the formulas in `scoring/`, but not of the code that reads and gathers
what sources answer:
`{fingerprint}`.

Each of {count} indicators turns one quantity into 0-100 by a fixed curve: straight lines between anchors, on a linear
or a logarithmic axis, constant outside. Every anchor says why it lies where it does: an extreme that happened, an
ordinary day or year, a limit set by the protocol or by arithmetic, or, for {judged} of the {anchors} anchors, a
judgement, which is named so and gives its reason. That an ordinary day is worth 75 is a convention, the same
everywhere.

What grows with the industry (hash rate, income, use, Lightning) is scored only against its own last year, never by its
level. Levels are scored where the protocol bounds them (shares, counts, room in blocks, minutes) or where a person
bears them: `fee_usd` is a level in money, with the reason stated there.

- A pillar is the weighted mean of its indicators that are known.
- A pillar counts in the overall score while at least {minimum} of its weight is known, fresh or held. One of which less
  is known neither averages nor caps, and its indicators lose no points.
- The overall score is the weighted mean of the pillars that count, but at most {cap} points above the worst of them:
  four good pillars do not hide a crisis in the fifth.
- Points lost: pillar weight x indicator weight x (100 - score), with weights over what counts. What the cap takes
  beyond that goes to the worst pillar's indicators in proportion to their loss, so that all points lost sum to 100
  minus the overall score.
- An input that expires is *held*: its last score counts on for 24 hours (7 days when its data are daily), but not as
  coverage. After that it is *missing*: a fallback takes over if there is one, otherwise the others take its weight.
- Coverage is the share of weight backed by fresh data. Below {minimum} a score is withheld.
- Bounds: the score if everything that is not fresh were at 0, and at 100, with the declared weights; for the overall
  score a pillar that does not count is unknown as a whole. So they contain the score, and one value more never lowers
  the lower bound, unless it takes the place of a fallback.
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


def _without_source(indicator: Indicator) -> str:
    """What happens when the quantity is gone."""
    hold = "7 days" if indicator.daily else "24 hours"
    if indicator.fallbacks:
        others = ", then ".join(f"`{quantity}`" for quantity in indicator.fallbacks)
        return f"held for {hold}, then {others}"
    return f"held for {hold}, then its weight goes to the others of the pillar; no public fallback: {indicator.alone}"


def _indicator_markdown(indicator: Indicator) -> str:
    anchors = [f"| {anchor.at:.6g} | {anchor.score:g} | {anchor.fact} |" for anchor in indicator.curve.anchors]
    face = [] if indicator.other_face is None else [f"- Other face: {indicator.other_face}"]
    return "\n".join(
        [
            f"### {indicator.title}",
            "",
            f"`{indicator.id}`, weight {indicator.weight:g}. {indicator.why}",
            "",
            f"- Quantity: `{indicator.quantity}` ({indicator.unit}, {indicator.curve.axis} axis)",
            f"- Source: {indicator.source}",
            f"- Without it: {_without_source(indicator)}",
            *face,
            "",
            "| at | score | because |",
            "| --- | --- | --- |",
            *anchors,
        ]
    )
